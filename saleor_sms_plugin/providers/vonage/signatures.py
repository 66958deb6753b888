"""Whether a webhook is Vonage's: SMS API parameter signatures and Messages API JWTs.

The SDK's own checks do not do: it knows no plain MD5 signature, which is an account's default,
no age, and of a JWT neither the body's hash nor the issuer.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta

from ...exceptions import InvalidSignature, MalformedPayload, StaleTimestamp, Unsigned
from ..base import WebhookData
from .payload import Fields, fields, text

ISSUER = "Vonage"

#: Vonage tries again for a day; what comes twice is caught by nonce, not by age.
OLDEST = timedelta(hours=25)
#: how far ahead of ours its clock may be
LEEWAY = timedelta(minutes=5)

_MOST_NONCE = 128
#: The signed line does not tell "&" and "=" in a name from those between fields: a name with
#: them would swallow its neighbour, and what was signed is not what is read.
_NAME = re.compile(r"[A-Za-z0-9_.-]+")


def verify(request: WebhookData, settings: Mapping[str, str]) -> str:
    """See ``Provider.verify_webhook``."""
    secret = settings.get("signature_secret", "").strip()
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if not secret:
        _same_account(fields(request).get("api-key"), settings.get("api_key"))
        return ""
    if scheme.lower() == "bearer":
        return _verify_token(token.strip(), request, secret, settings)
    return _verify_fields(fields(request), request, secret, settings)


# SMS API: https://developer.vonage.com/en/getting-started/concepts/signing-messages


def _md5_hash(canonical: bytes, secret: bytes) -> str:
    return hashlib.md5(canonical + secret, usedforsecurity=False).hexdigest()


def _hmac(name: str) -> Callable[[bytes, bytes], str]:
    return lambda canonical, secret: hmac.new(secret, canonical, name).hexdigest()


#: What an account may be set to. The length of the signature tells all but two apart.
ALGORITHMS: dict[str, Callable[[bytes, bytes], str]] = {
    "md5hash": _md5_hash,
    "md5": _hmac("md5"),
    "sha1": _hmac("sha1"),
    "sha256": _hmac("sha256"),
    "sha512": _hmac("sha512"),
}


def sign(values: Mapping[str, str], secret: str, algorithm: str) -> str:
    """The lower-case hex signature of these fields, ``sig`` left out."""
    canonical = "".join(
        f"&{name}={_as_signed(value)}" for name, value in sorted(values.items()) if name != "sig"
    )
    return ALGORITHMS[algorithm](canonical.encode("utf-8", "surrogatepass"), secret.encode())


def _as_signed(value: str) -> str:
    return value.replace("&", "_").replace("=", "_")


def _verify_fields(
    found: Fields, request: WebhookData, secret: str, settings: Mapping[str, str]
) -> str:
    if "sig" not in found:
        raise Unsigned
    if not all(map(_NAME.fullmatch, found)):
        raise InvalidSignature("The name of a field holds what is in no name of Vonage's.")
    values = {name: text(value) for name, value in found.items()}
    given = values["sig"].lower().encode("utf-8", "surrogatepass")
    signed = [sign(values, secret, algorithm).encode() for algorithm in ALGORITHMS]
    if not _any([hmac.compare_digest(given, each) for each in signed]):
        raise InvalidSignature
    _in_time(values.get("timestamp"), request.received_at)
    _same_account(values.get("api-key"), settings.get("api_key"))
    # As it was signed: it must not be new when spelt in another way. Without a nonce the
    # signature itself is unlike every other one.
    return (_as_signed(values.get("nonce", "")) or given.decode())[:_MOST_NONCE]


# Messages API: https://developer.vonage.com/en/getting-started/concepts/webhooks


def _verify_token(
    token: str, request: WebhookData, secret: str, settings: Mapping[str, str]
) -> str:
    signed, _, signature = token.rpartition(".")
    digest = hmac.new(secret.encode(), signed.encode("utf-8", "replace"), hashlib.sha256).digest()
    expected = base64.urlsafe_b64encode(digest).rstrip(b"=")
    # The texts are compared: of the last character two bits are never decoded.
    if not hmac.compare_digest(signature.encode("utf-8", "replace"), expected):
        raise InvalidSignature
    head, _, body = signed.partition(".")
    header, claims = _decoded(head), _decoded(body)
    if header.get("alg") != "HS256" or claims.get("iss") != ISSUER:
        raise InvalidSignature("The token is not one of Vonage's for webhooks.")
    content = hashlib.sha256(request.body).hexdigest().encode()
    if not hmac.compare_digest(str(claims.get("payload_hash", "")).lower().encode(), content):
        raise InvalidSignature("The token is for another content.")
    _in_time(claims.get("iat"), request.received_at)
    _same_account(claims.get("api_key"), settings.get("api_key"))
    _same_account(claims.get("application_id"), settings.get("application_id"))
    nonce = claims.get("jti")
    if not isinstance(nonce, str) or not 0 < len(nonce) <= _MOST_NONCE:
        raise InvalidSignature("The token has no id (jti).")
    return nonce


def _decoded(part: str) -> dict[str, object]:
    try:
        found = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, RecursionError, binascii.Error):
        found = None
    if not isinstance(found, dict):
        raise MalformedPayload("The token cannot be read.")
    return found


def _any(results: Iterable[bool]) -> bool:
    """Whether one is true; a list is looked at whole, so time says nothing."""
    return sum(results) > 0


def _in_time(stamp: object, now: datetime) -> None:
    """Raises StaleTimestamp unless Unix seconds *stamp* lie within the window before *now*."""
    said = str(stamp)
    if isinstance(stamp, bool) or not (said.isascii() and said.isdigit() and len(said) <= 12):
        raise StaleTimestamp("The request does not say when it was signed.")
    age = now.timestamp() - int(said)
    if age > OLDEST.total_seconds():
        raise StaleTimestamp(f"The request was signed more than {OLDEST} ago.")
    if -age > LEEWAY.total_seconds():
        raise StaleTimestamp("The request was signed in the future; check the server's clock.")


def _same_account(said: object, ours: str | None) -> None:
    if said and ours and said != ours.strip():
        raise InvalidSignature("The request is about another account.")
