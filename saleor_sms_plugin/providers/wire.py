"""One POST per send, whatever happens on the line, and its raw answer kept.

``Wire`` stands under a vendor's SDK and has the last word on transport: where the request goes,
how long it may take, that it leaves once. A failure becomes an error of our own, which no SDK
catches, so no SDK can try again.

Proxies and certificates are what the environment says when the connection is made, as requests
reads it; the rest is urllib3's. What else requests does with a request costs a quarter of a
text's time and is not wanted: it keeps cookies, follows redirects with the same POST, and prefers
credentials of ~/.netrc to ours.

What a failure means hangs on one fact: whether the message's first byte could have left.
Python's exceptions do not tell (a TLS handshake that hangs is a *read* timeout, a broken
pipe is swallowed), therefore the body itself tells: it is handed over as an iterator, and
the connection takes its first piece only after it stands and the headers are out.

A keep-alive connection that the other side has closed meanwhile looks alive until something
is written. urllib3 sees a close that has already arrived and connects anew; a connection
idle for longer than ``IDLE_SECONDS`` is not used again, which leaves only a close that
crosses the request on its way. That one is ``OutcomeUnknown``.
"""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from http.client import HTTPException
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from requests import PreparedRequest, RequestException, Session
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, Timeout
from urllib3.exceptions import HTTPError

from ..exceptions import ConfigurationError, OutcomeUnknown, ProviderUnavailable
from .answer import Answer

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

#: (connect, read) seconds; connect lets a lost SYN be repeated once, which takes 3 s.
TIMEOUT = (3.05, 10.0)
#: Shorter than the keep-alive of common servers and the memory of common firewalls.
IDLE_SECONDS = 20.0
#: No answer about one SMS is longer; reading stops here.
ANSWER_BYTES = 1_000_000

#: The last three an answer can cause, too; above, they would be the SDK's opinion of the message
_FAILURES = (
    RequestException, HTTPError, HTTPException, OSError, ValueError, TypeError, LookupError,
)  # fmt: skip


class Wire:
    """Sends one request at a time, to one host, for one thread.

    ``answer`` is what came back for the last request, None when nothing did. ``base_url``
    (of ``check_base_url``) replaces scheme and host of every request and is connected to
    directly, past any proxy.
    """

    def __init__(
        self,
        *,
        provider: str,
        label: str,
        timeout: tuple[float, float] = TIMEOUT,
        base_url: str = "",
    ) -> None:
        self.answer: Answer | None = None
        self._provider = provider
        self._label = label
        self._timeout = Timeout(connect=timeout[0], read=timeout[1])
        self._read_seconds = timeout[1]
        self._base_url = base_url
        self._pool: HTTPConnectionPool | None = None
        self._body_began = False
        self._used_at = 0.0

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        """The request has left once; returns the answer, which ``answer`` holds as well.

        Raises ProviderUnavailable when nothing of the message left, OutcomeUnknown when
        something may have.
        """
        self.answer, self._body_began = None, False
        if body is not None:
            headers = {**headers, "Content-Length": str(len(body))}
        host, path = _split(url)
        try:
            response = self._pool_to(host).urlopen(
                method,
                path,
                body=None if body is None else self._watched(body),
                headers=headers,
                retries=False,
                redirect=False,
                assert_same_host=False,
                timeout=self._timeout,
                preload_content=False,
            )
            with closing(response):
                answer = Answer(response.status, response.headers, self._read(response))
        except _FAILURES as failure:
            raise self._failed(failure) from failure
        self._used_at = time.monotonic()
        self.answer = answer
        return answer

    def close(self) -> None:
        """No connection is open; a later ``send`` opens a new one."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.close()

    def _pool_to(self, host: str) -> HTTPConnectionPool:
        if time.monotonic() - self._used_at > IDLE_SECONDS:
            self.close()
        pool = self._pool
        if pool is None:
            pool = self._pool = _pool(self._base_url or host, is_direct=bool(self._base_url))
        return pool

    def _read(self, response: BaseHTTPResponse) -> bytes:
        """The answer, at most ``ANSWER_BYTES``, whole within one read timeout.

        The socket's own timeout counts from each piece anew: a server that drips would hold a
        worker, or somebody who saves a form, for ever.
        """
        if response.status < 200:
            # The last word is still to come; the connection must not give it to another message
            raise HTTPException("an answer before the answer")
        deadline = time.monotonic() + self._read_seconds
        body = bytearray()
        while len(body) < ANSWER_BYTES:
            piece = _piece(response, ANSWER_BYTES - len(body))
            if not piece:
                break
            body += piece
            if time.monotonic() > deadline:
                raise TimeoutError("the answer drips")
        return bytes(body)

    def _watched(self, body: bytes) -> Iterator[bytes]:
        self._body_began = True
        yield body

    def _failed(self, failure: Exception) -> OutcomeUnknown | ProviderUnavailable:
        kind = type(failure).__name__
        if self._body_began:
            return OutcomeUnknown(
                f"{self._label} did not answer ({kind}) after the message had begun to leave; "
                f"it may have been accepted.",
                provider=self._provider,
            )
        return ProviderUnavailable(
            f"{self._label} could not be reached ({kind}); nothing was sent.",
            provider=self._provider,
        )


def _piece(response: BaseHTTPResponse, most: int) -> bytes:
    """What has come of the answer, at most so many bytes; nothing at its end."""
    if hasattr(response, "read1"):
        return response.read1(most, decode_content=True)
    # Before 2.2 (Saleor 3.21 has 1.26) urllib3 waits until all that is asked for has come
    return response.read(1, decode_content=False)


def _split(url: str) -> tuple[str, str]:
    """Scheme and host, and the path."""
    at = url.index("/", url.index("//") + 2)
    return url[:at], url[at:]


def _pool(origin: str, *, is_direct: bool) -> HTTPConnectionPool:
    """Room for one connection, which verifies certificates."""
    adapter = HTTPAdapter(pool_connections=1, pool_maxsize=1, max_retries=0)
    request = PreparedRequest()
    request.prepare("POST", f"{origin}/")
    found = Session().merge_environment_settings(f"{origin}/", {}, None, None, None)
    verify = True if found["verify"] is None else found["verify"]
    proxies = {} if is_direct else found["proxies"]
    pool = adapter.get_connection_with_tls_context(request, verify, proxies=proxies)
    adapter.cert_verify(pool, request.url, verify, None)  # type: ignore[no-untyped-call]
    return cast(HTTPConnectionPool, pool)


def check_base_url(base_url: str) -> str:
    """The URL without a trailing slash; "" stays "" and means the vendor's own hosts.

    Raises ConfigurationError for anything but ``https://host[:port]``, or ``http://`` to
    this machine: messages and credentials must not cross a network in the clear.
    """
    if not base_url:
        return ""
    try:
        url = urlsplit(base_url)
        host, _ = url.hostname or "", url.port
    except ValueError:
        url, host = urlsplit(""), ""
    plain = not (url.username or url.password or url.query or url.fragment or url.path.strip("/"))
    allowed = url.scheme == "https" or (url.scheme == "http" and _is_this_machine(host))
    if host and plain and allowed:
        return base_url.rstrip("/")
    raise ConfigurationError(
        "The provider's base URL (SALEOR_SMS_VONAGE_BASE_URL) must be https://host[:port] without "
        "a path, user or query; http:// is allowed to 127.0.0.0/8, ::1 and localhost only."
    )


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
