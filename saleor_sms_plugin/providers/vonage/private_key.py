"""An owner's private key, as pasted, made usable."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from ...exceptions import ConfigurationError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

_PEM = re.compile(
    r"\s*-----BEGIN ((?:RSA )?PRIVATE KEY)-----([A-Za-z0-9+/=\s]+)-----END \1-----\s*"
)
_SPELLED_BREAKS = re.compile(r"\\[nr]")
_ASK = "Private key (private_key)"


@lru_cache(maxsize=16)
def load_private_key(text: str) -> RSAPrivateKey:
    """The key of PEM text, PKCS#8 or PKCS#1, with its line breaks lost or spelled ``\\n``.

    Parsing costs some 40 ms of CPU and is done once per key and process. Raises
    ConfigurationError for everything else: a path is never opened.
    """
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    pem = _PEM.fullmatch(_SPELLED_BREAKS.sub("\n", text))
    if pem is None:
        raise ConfigurationError(
            f"{_ASK} must be the text of the key file itself, from “-----BEGIN PRIVATE KEY-----” "
            f"to “-----END PRIVATE KEY-----”, without a password; the name of a file is not read."
        )
    label, body = pem[1], "".join(pem[2].split())
    mended = f"-----BEGIN {label}-----\n{body}\n-----END {label}-----\n"
    try:
        key = load_pem_private_key(mended.encode(), password=None)
    except (ValueError, TypeError) as error:
        raise ConfigurationError(
            f"{_ASK} is damaged; copy the whole text of the key file again."
        ) from error
    if not isinstance(key, RSAPrivateKey):
        raise ConfigurationError(
            f"{_ASK} is not an RSA key; generate a new one for the application at Vonage."
        )
    return key
