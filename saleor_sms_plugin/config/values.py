"""Single values of the form: text in, parsed value out.

Each function raises ``ValueError`` or ``InvalidInput`` whose message continues
“Label (field): …” and says how to mend the value.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ..domain.languages import language_code
from ..domain.phone_numbers import is_valid_region

#: environment variables a form may read all start so, hence never SECRET_KEY (law 11)
ENV_PREFIX = "SALEOR_SMS_"

_ENV_NAME = re.compile(rf"{ENV_PREFIX}[A-Z0-9_]+")
_HOST = re.compile(
    r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]"
)
#: codes that people write for a country, and the ISO 3166-1 code that stands for it
_COUNTRY_ALIASES = {"UK": "GB", "EL": "GR"}


def excerpt(text: str) -> str:
    """The text in quotation marks, cut at 40 characters, safe to show in a message."""
    seen = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return f"“{seen}”" if len(seen) <= 40 else f"“{seen[:39]}…”"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`` Did you mean “…”?`` with the nearest known word, "" where none is near."""
    near = difflib.get_close_matches(word.lower()[:60], list(known), n=1)
    return f" Did you mean “{near[0]}”?" if near else ""


def word(text: str) -> str:
    """One word in lower case."""
    return text.strip().lower()


def one_of(*choices: str) -> Callable[[str], str]:
    """A parser that takes one of these words."""

    def parse(text: str) -> str:
        if (choice := word(text)) in choices:
            return choice
        raise ValueError(f"{excerpt(text)} is not known. Write {' or '.join(choices)}.")

    return parse


def line_of(longest: int) -> Callable[[str], str]:
    """A parser that takes one line of at most ``longest`` characters."""

    def parse(text: str) -> str:
        line = " ".join(text.split())
        if len(line) > longest:
            raise ValueError(f"is {len(line)} characters long. Shorten it to at most {longest}.")
        return line

    return parse


def items(text: str) -> Iterator[str]:
    """The entries of a list written with commas, semicolons or line breaks between."""
    return (item for part in re.split(r"[,;\n]", text) if (item := part.strip()))


def country(text: str) -> str:
    """An ISO 3166-1 alpha-2 code, upper case; "" for an empty text."""
    code = text.strip().upper()
    code = _COUNTRY_ALIASES.get(code, code)
    if code and not is_valid_region(code):
        raise ValueError(
            f"{excerpt(text)} is not a country code. Write the two letters of the country, "
            "such as PL or IT."
        )
    return code


def https_url(text: str) -> str:
    """An https address with a public host name, without a slash at its end; "" when empty."""
    url = text.strip()
    if not url:
        return ""
    mend = "Write the address of your shop as https://shop.example.com"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError(f"{excerpt(text)} is not an address. {mend}") from None
    if parts.scheme != "https":
        raise ValueError(f"{excerpt(text)} does not start with https://. {mend}")
    if not url.isprintable() or re.search(r"[\s\\\"'<>{}]", url):
        raise ValueError(f"{excerpt(text)} has a character that no address has. {mend}")
    host = parts.hostname or ""
    try:
        ascii_host = host.encode("idna").decode("ascii") if host else ""
    except UnicodeError:
        ascii_host = ""
    if not _HOST.fullmatch(ascii_host) or "@" in parts.netloc or port == 0:
        raise ValueError(f"{excerpt(text)} has no valid host name. {mend}")
    if parts.query or parts.fragment:
        raise ValueError(f"{excerpt(text)} has a part after ? or #. {mend}")
    return url.rstrip("/")


def _says_env(text: str) -> bool:
    return text.strip()[:4].lower() == "env:"


def env_name(text: str) -> str:
    """The environment variable that ``env:NAME`` may read, "" for anything else."""
    name = text.strip()[4:].strip()
    return name if _says_env(text) and _ENV_NAME.fullmatch(name) else ""


def from_environment(environ: Mapping[str, str]) -> Callable[[str], str]:
    """A parser that takes the text itself, or reads it where it says ``env:NAME``."""

    def parse(text: str) -> str:
        if not _says_env(text):
            return text.strip()
        if not (name := env_name(text)):
            raise ValueError(
                f"only environment variables whose names start with {ENV_PREFIX} can be read "
                f"(capital letters, digits and _). Name the variable so, or write the value itself."
            )
        if not (found := environ.get(name, "").strip()):
            raise ValueError(
                f"the server has no environment variable {name}, or it is empty. Set it and "
                "restart the server and its workers, or write the value itself."
            )
        return found

    return parse


def on_off(text: str) -> bool:
    """True for on."""
    return one_of("on", "off")(text) == "on"


def whole(lowest: int, highest: int, unit: str) -> Callable[[str], int]:
    """A parser that takes a whole number of *unit* within these bounds."""

    def parse(text: str) -> int:
        number = int(text) if re.fullmatch(r"[0-9]{1,9}", text) else -1
        if not lowest <= number <= highest:
            raise ValueError(
                f"{excerpt(text)} will not do. Write a whole number of {unit} from {lowest} "
                f"to {highest}."
            )
        return number

    return parse


def time_zone(text: str) -> str:
    """A name of the IANA database; "" for an empty text."""
    try:
        if text:
            ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(
            f"{excerpt(text)} is not a time zone. Write one such as Europe/Warsaw."
        ) from None
    return text


def language(text: str) -> str:
    """A language code as ``domain.languages`` writes it; "" for an empty text."""
    if text and not re.fullmatch(r"[A-Za-z]{2,3}([-_][A-Za-z]{2})?", text):
        raise ValueError(f"{excerpt(text)} is not a language. Write a code such as pl or pt-br.")
    return language_code(text)


def country_code(text: str) -> str:
    """As ``country``, which must be there."""
    if code := country(text):
        return code
    raise ValueError("a country is missing. Write for example sender.US = +12125552368")
