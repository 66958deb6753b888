"""How a provider signs in: keys as owners paste them, one token for many sends."""

from __future__ import annotations

import builtins
import io
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, PrivateFormat

from saleor_sms_plugin.exceptions import ConfigurationError
from saleor_sms_plugin.providers import OutboundMessage
from saleor_sms_plugin.providers.vonage import VonageProvider, sdk
from saleor_sms_plugin.providers.vonage.private_key import load_private_key
from saleor_sms_plugin.testing.vonage_server import VonageServer
from tests.wire.conftest import APPLICATION, KEY, SECRET, Connect
from tests.wire.keys import pem

FORMS: dict[str, Callable[[rsa.RSAPrivateKey], str]] = {
    "pkcs8": pem,
    "pkcs1": lambda key: pem(key, PrivateFormat.TraditionalOpenSSL),
    "literal line breaks": lambda key: pem(key).replace("\n", "\\n"),
    "windows": lambda key: pem(key).replace("\n", "\r\n"),
    "one line": lambda key: pem(key).replace("\n", " "),
    "indented": lambda key: "\n\n  " + pem(key).replace("\n", "\n  ") + "\n",
}


@pytest.mark.parametrize("form", FORMS)
def test_a_private_key_is_taken_as_it_was_pasted(
    form: str,
    rsa_key: rsa.RSAPrivateKey,
    vonage: VonageServer,
    connect: Connect,
    message: OutboundMessage,
) -> None:
    """Both PEM forms, and line breaks lost on the way, sign with the same key."""
    provider = connect("messages", application_id=APPLICATION, private_key=FORMS[form](rsa_key))

    provider.send(message)

    scheme, token = vonage.requests[0].headers["Authorization"].split()
    claims = jwt.decode(token, rsa_key.public_key(), algorithms=["RS256"])
    assert scheme == "Bearer"
    assert claims["application_id"] == APPLICATION
    assert claims["exp"] - claims["iat"] == 15 * 60


@pytest.mark.parametrize(
    "path",
    ["/etc/passwd", "private.key", "~/private.key", "C:\\keys\\private.key", "./key.pem", "x"],
)
def test_a_path_is_never_opened(
    path: str, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The SDK would open what looks like a path; a dashboard user must not read files."""

    def no_file(*args: Any, **kwargs: Any) -> None:
        raise AssertionError(f"opened {args}")

    monkeypatch.setattr(builtins, "open", no_file)
    monkeypatch.setattr(io, "open", no_file)

    with pytest.raises(ConfigurationError, match=r"private_key.*BEGIN PRIVATE KEY"):
        connect("messages", application_id=APPLICATION, private_key=path)


def test_the_path_of_a_true_key_is_refused_too(
    private_key: str, connect: Connect, tmp_path: Path
) -> None:
    """Even a file that holds a key is not read."""
    file = tmp_path / "private.key"
    file.write_text(private_key)

    with pytest.raises(ConfigurationError, match="not read"):
        connect("messages", application_id=APPLICATION, private_key=str(file))


def _damaged(key: rsa.RSAPrivateKey) -> str:
    return pem(key).replace("MII", "AAA", 1)


@pytest.mark.parametrize(
    ("make", "fix"),
    [
        pytest.param(lambda key: pem(key)[:400], "must be the text", id="cut"),
        pytest.param(_damaged, "copy the whole text", id="damaged"),
        pytest.param(
            lambda key: pem(key, encryption=BestAvailableEncryption(b"x")),
            "without a password",
            id="encrypted",
        ),
        pytest.param(
            lambda key: pem(key, PrivateFormat.TraditionalOpenSSL, BestAvailableEncryption(b"x")),
            "without a password",
            id="encrypted pkcs1",
        ),
        pytest.param(
            lambda _: pem(ec.generate_private_key(ec.SECP256R1())), "not an RSA key", id="ec"
        ),
    ],
)
def test_a_key_that_cannot_sign_is_refused_with_the_fix(
    make: Callable[[rsa.RSAPrivateKey], str],
    fix: str,
    rsa_key: rsa.RSAPrivateKey,
    connect: Connect,
) -> None:
    """The error names the field and what to do, and holds nothing of the key."""
    with pytest.raises(ConfigurationError) as raised:
        connect("messages", application_id=APPLICATION, private_key=make(rsa_key))

    assert "Private key (private_key)" in str(raised.value)
    assert fix in str(raised.value)
    assert pem(rsa_key)[40:80] not in str(raised.value)


def test_the_key_is_parsed_once_for_all_sends_threads_and_providers(
    private_key: str,
    vonage: VonageServer,
    connect: Connect,
    message: OutboundMessage,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Parsing costs 40 ms of CPU, so it is done once per key and process."""
    parsed: list[str] = []
    parse = serialization.load_pem_private_key

    def counted(*args: Any, **kwargs: Any) -> Any:
        parsed.append("once")
        return parse(*args, **kwargs)

    monkeypatch.setattr(serialization, "load_pem_private_key", counted)
    monkeypatch.setattr(jwt.algorithms, "load_pem_private_key", counted)
    load_private_key.cache_clear()

    for _ in range(2):
        provider = connect("messages", application_id=APPLICATION, private_key=private_key)
        for _ in range(3):
            provider.send(message)
        thread = threading.Thread(target=provider.send, args=(message,))
        thread.start()
        thread.join()

    assert len(vonage.accepted) == 8
    assert parsed == ["once"]


def test_one_token_serves_until_shortly_before_its_end(
    private_key: str,
    vonage: VonageServer,
    connect: Connect,
    message: OutboundMessage,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The token is kept for 12 of its 15 minutes, and replaced when the clock was set back."""
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr(sdk, "time", SimpleNamespace(time=lambda: clock.now))
    provider = connect("messages", application_id=APPLICATION, private_key=private_key)

    for clock.now in (5_000.0, 5_719.0, 5_720.0, 4_000.0):
        provider.send(message)

    first, same, later, set_back = (request.headers["Authorization"] for request in vonage.requests)
    assert same == first
    assert len({first, later, set_back}) == 3


def test_the_messages_api_without_an_application_signs_in_with_the_key(
    vonage: VonageServer, connect: Connect, message: OutboundMessage
) -> None:
    """Key and secret do where no application is given."""
    connect("messages").send(message)

    assert vonage.requests[0].headers["Authorization"].startswith("Basic ")


def test_the_sms_api_never_signs_its_requests(
    vonage: VonageServer, connect: Connect, message: OutboundMessage, private_key: str
) -> None:
    """A signature secret, an application and its key change nothing for the SMS API."""
    connect(signature_secret="s" * 32, application_id=APPLICATION, private_key=private_key).send(
        message
    )

    assert vonage.requests[0].headers["Authorization"].startswith("Basic ")
    assert not {"sig", "api_key", "api_secret", "timestamp"} & set(vonage.requests[0].body)


@pytest.mark.parametrize(
    ("settings", "missing"),
    [
        ({}, ("api_key", "api_secret")),
        ({"api_key": "  "}, ("api_key", "api_secret")),
        ({"api_key": KEY}, ("api_secret",)),
        ({"api_secret": SECRET}, ("api_key",)),
        ({"api_key": KEY, "api_secret": SECRET}, ()),
        ({"api": "sms", "application_id": "a", "private_key": "p"}, ("api_key", "api_secret")),
        ({"api": "messages"}, ("api_key", "api_secret")),
        ({"api": "messages", "api_key": KEY, "api_secret": SECRET}, ()),
        ({"api": "messages", "application_id": "a"}, ("private_key",)),
        ({"api": "messages", "private_key": "p"}, ("application_id",)),
        ({"api": "messages", "application_id": "a", "private_key": "p"}, ()),
        (
            {"api": "messages", "api_key": KEY, "api_secret": SECRET, "application_id": "a"},
            ("private_key",),
        ),
    ],
)
def test_missing_settings_are_named_for_the_chosen_api(
    settings: dict[str, str], missing: tuple[str, ...]
) -> None:
    """The SMS API needs key and secret; the Messages API an application, or those two."""
    assert VonageProvider.missing(settings) == missing


def test_blanks_around_a_pasted_value_do_no_harm(
    vonage: VonageServer, connect: Connect, message: OutboundMessage
) -> None:
    """What is copied from a web page often brings a blank or a line break along."""
    connect(api_key=f" {KEY}\n", api_secret=f"{SECRET} ", api=" sms ").send(message)

    assert len(vonage.accepted) == 1


def test_an_unknown_api_is_refused(connect: Connect) -> None:
    """The error names the field and the choices."""
    with pytest.raises(ConfigurationError, match=r"API \(api\) must be one of sms, messages"):
        connect("whatsapp")
