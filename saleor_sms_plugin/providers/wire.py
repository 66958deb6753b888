"""One POST per send, whatever happens on the line, and its raw answer kept.

``Wire`` stands under a vendor's SDK and has the last word on transport: where the request goes,
how long it may take, that it leaves once. A failure becomes an error of our own, which no SDK
catches, so no SDK can try again.

urllib3 connects, with certificates and, to https, through a proxy that the environment says, as
requests reads it; http.client speaks. What urllib3 does with each request and answer costs as
much as all of http.client, a fifth of a text's time. What requests does beside is not wanted: it
keeps cookies, follows redirects with the same POST, and prefers credentials of ~/.netrc to ours.

What a failure means hangs on one fact: whether the message's first byte could have left.
Python's exceptions do not tell (a TLS handshake that hangs is a *read* timeout, a broken
pipe is swallowed), but the order does: the connection stands and the headers are out before
the body is begun. A request without a body says all in its headers.

A keep-alive connection that the other side has closed meanwhile looks alive until something
is written. A close that has already arrived is seen, and the wire connects anew; a connection
idle for longer than ``IDLE_SECONDS`` is not used again, which leaves only a close that
crosses the request on its way. That one is ``OutcomeUnknown``.
"""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Mapping
from functools import partial
from http.client import HTTPConnection, HTTPException, HTTPResponse, IncompleteRead
from ssl import SSLSocket
from typing import cast
from urllib.parse import urlsplit, urlunsplit

from requests import PreparedRequest, RequestException, Session
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from requests.utils import requote_uri
from urllib3.exceptions import HTTPError
from urllib3.util import wait_for_read

from .. import __version__
from ..exceptions import ConfigurationError, OutcomeUnknown, ProviderUnavailable
from .answer import Answer

#: (connect, read) seconds; connect lets a lost SYN be repeated once, which takes 3 s.
TIMEOUT = (3.05, 10.0)
#: Shorter than the keep-alive of common servers and the memory of common firewalls.
IDLE_SECONDS = 20.0
#: No answer about one SMS is longer; reading stops here.
ANSWER_BYTES = 1_000_000
#: Who asks, where a provider says nothing else.
AGENT = f"saleor-sms-plugin/{__version__}"

#: The last three an answer can cause, too; above, they would be the SDK's opinion of the message
_FAILURES = (
    RequestException, HTTPError, HTTPException, OSError, ValueError, TypeError, LookupError,
)  # fmt: skip


class Wire:
    """Sends one request at a time, over one connection, for one thread.

    ``answer`` is what came back for the last request, None when nothing did. ``base_url``
    (of ``check_base_url``) replaces scheme and host of every request and is connected to
    directly, past any proxy.
    """

    _connection: HTTPConnection | None = None

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
        self._timeout = timeout
        self._base_url = base_url
        self._began = False  # something of the message may have left
        self._origin = ""
        self._used_at = 0.0

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        """The request has left once; returns the answer, which ``answer`` holds as well.

        Raises ProviderUnavailable when nothing of the message left, OutcomeUnknown when
        something may have.
        """
        self.answer, self._began = None, False
        try:
            origin, path = _split(url)
            answer = self._exchange(self._base_url or origin, method, path, headers, body)
        except BaseException as failure:
            # Whatever broke it off: what is still to come must not answer another message.
            self.close()
            if isinstance(failure, _FAILURES):
                raise self._failed(failure) from failure
            raise
        self._used_at = time.monotonic()
        self.answer = answer
        return answer

    def close(self) -> None:
        """No connection is open; a later ``send`` opens a new one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def __del__(self) -> None:
        self.close()  # a thread that ends says no goodbye to its wire

    def _exchange(
        self, origin: str, method: str, path: str, headers: Mapping[str, str], body: bytes | None
    ) -> Answer:
        connection = self._connected(origin)
        names = {name.lower() for name in headers}
        HTTPConnection.putrequest(
            connection, method, path,
            skip_host="host" in names, skip_accept_encoding="accept-encoding" in names,
        )  # fmt: skip
        put = partial(HTTPConnection.putheader, connection)
        if "user-agent" not in names:
            put("User-Agent", AGENT)
        for name, value in headers.items():
            if name.lower() != "content-length":
                put(name, value)
        if body is not None or method != "GET":
            put("Content-Length", str(len(body or b"")))
        self._began = not body  # what it says stands in its first line
        connection.endheaders()
        if body:
            self._began = True
            connection.send(body)
        with HTTPConnection.getresponse(connection) as response:
            said = CaseInsensitiveDict(response.getheaders())
            answer = Answer(response.status, said, self._read(response))
            is_whole = response.isclosed() or response.length == 0
        if response.will_close or not is_whole:
            self.close()
        return answer

    def _connected(self, origin: str) -> HTTPConnection:
        is_idle = time.monotonic() - self._used_at > IDLE_SECONDS
        is_another = origin != self._origin
        if self._connection and (is_idle or is_another or _has_news(self._connection)):
            self.close()
        if self._connection is None:
            self._origin = origin
            is_direct = bool(self._base_url)
            self._connection = _connect(origin, timeout=self._timeout, is_direct=is_direct)
        return self._connection

    def _read(self, response: HTTPResponse) -> bytes:
        """The answer, at most ``ANSWER_BYTES``, whole within one read timeout.

        The socket's own timeout counts from each piece anew: a server that drips would hold a
        worker, or somebody who saves a form, for ever.
        """
        if response.status < 200:
            # The last word is still to come; the connection must not give it to another message
            raise HTTPException("an answer before the answer")
        deadline = time.monotonic() + self._timeout[1]
        body = bytearray()
        while len(body) < ANSWER_BYTES:
            piece = response.read1(ANSWER_BYTES - len(body))
            if not piece:
                if response.length:
                    raise IncompleteRead(bytes(body), response.length)
                break
            body += piece
            if time.monotonic() > deadline:
                raise TimeoutError("the answer drips")
        return bytes(body)

    def _failed(self, failure: Exception) -> OutcomeUnknown | ProviderUnavailable:
        kind = type(failure).__name__
        if self._began:
            return OutcomeUnknown(
                f"{self._label} did not answer ({kind}) after the message had begun to leave; "
                f"it may have been accepted.",
                provider=self._provider,
            )
        return ProviderUnavailable(
            f"{self._label} could not be reached ({kind}); nothing was sent.",
            provider=self._provider,
        )


def _split(url: str) -> tuple[str, str]:
    """Scheme and host, and the path, in letters that a request can hold."""
    parts = urlsplit(url)
    path = urlunsplit(("", "", parts.path or "/", parts.query, ""))
    return f"{parts.scheme}://{parts.netloc}", requote_uri(path)


def _has_news(connection: HTTPConnection) -> bool:
    """It was closed, or says what nobody asked it."""
    sock = connection.sock
    left = isinstance(sock, SSLSocket) and sock.pending()
    return bool(left) or wait_for_read(sock, timeout=0.0)


def _connect(origin: str, *, timeout: tuple[float, float], is_direct: bool) -> HTTPConnection:
    """A connection that stands and is never opened again by itself; certificates are verified."""
    adapter = HTTPAdapter(pool_connections=1, pool_maxsize=1, max_retries=0)
    request = PreparedRequest()
    request.prepare("POST", f"{origin}/")
    found = Session().merge_environment_settings(f"{origin}/", {}, None, None, None)
    verify = True if found["verify"] is None else found["verify"]
    # Without TLS there is no tunnel, and a proxy would read along.
    proxies = {} if is_direct or not origin.startswith("https:") else found["proxies"]
    pool = adapter.get_connection_with_tls_context(request, verify, proxies=proxies)
    adapter.cert_verify(pool, request.url, verify, None)  # type: ignore[no-untyped-call]
    # urllib3 has no public way to a connection without a request; these two steps are its own.
    connection = pool._new_conn()  # type: ignore[attr-defined]
    connection.timeout, read_seconds = timeout
    if pool.proxy:  # type: ignore[attr-defined]
        pool._prepare_proxy(connection)  # type: ignore[attr-defined]
    else:
        connection.connect()
    connection.auto_open = 0
    connection.sock.settimeout(read_seconds)
    return cast(HTTPConnection, connection)


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
