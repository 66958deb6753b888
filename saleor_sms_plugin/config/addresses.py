"""Addresses of rare settings: what texts link to, who may show our pages, where people write."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from ..domain import sender_ids, storefront_patterns
from .values import country_code, did_you_mean, excerpt, https_url, items, word


def tracking_page(text: str) -> str:
    """A carrier's page, with ``{number}`` where the tracking number goes."""
    if text.count("{number}") != 1:
        raise ValueError(
            f"{excerpt(text)} does not say where the tracking number goes. Write {{number}} "
            "there, once, such as https://carrier.example.com/parcel/{number}"
        )
    if re.search(r"\s", text):
        raise ValueError(f"{excerpt(text)} has a space in it. Take the space out.")
    # The host must end before the number, or whoever types numbers could choose the host.
    if not re.match(r"[^/]*//[^/?#{]+[/?#]", text):
        raise ValueError(
            f"{excerpt(text)} must have the number after the host name. Write it such as "
            "https://carrier.example.com/parcel/{number}"
        )
    https_url(re.split(r"[?#]", text.replace("{number}", "0"))[0])
    return text


def shop_page(*allowed: str) -> Callable[[str], str]:
    """A parser of a storefront's page with these variables behind its host."""

    def parse(text: str) -> str:
        unknown = sorted(storefront_patterns.variables_of(text) - set(allowed))
        if unknown:
            raise ValueError(
                f"there is no variable {excerpt(unknown[0])} in this address."
                f"{did_you_mean(unknown[0], allowed)} There are {', '.join(allowed)}."
            )
        filled = storefront_patterns.fill(text, dict.fromkeys(allowed, "0"))
        if re.search(r"\s", filled):
            raise ValueError(f"{excerpt(text)} has a space in it. Take the space out.")
        https_url(re.split(r"[?#]", filled)[0])
        if text and not storefront_patterns.has_fixed_host(text):
            raise ValueError(
                f"{excerpt(text)} must have its variables after the host name. Write it such as "
                f"https://shop.example.com/?cart={{{{ {allowed[0]} }}}}"
            )
        return text

    return parse


def link(text: str) -> str:
    """An https address; what stands behind its host may be anything."""
    base, mark, rest = re.match(r"([^?#]*)([?#]?)(.*)", text.strip(), re.DOTALL).groups()  # type: ignore[union-attr]
    if re.search(r"[^!-~]", rest):
        raise ValueError(f"{excerpt(text)} has a character that no address has. Take it out.")
    return https_url(base) + mark + rest


def origins(text: str) -> tuple[str, ...]:
    """What browsers call a page's origin, of each address; every one is safe in a header."""
    return tuple(dict.fromkeys(_origin(item) for item in items(text)))


def _origin(text: str) -> str:
    if found := re.fullmatch(r"(http://(?:localhost|127\.0\.0\.1)(?::[0-9]{1,5})?)/?", text):
        return found[1]
    url = urlsplit(https_url(re.split(r"[?#]", text)[0]))
    host = (url.hostname or "").encode("idna").decode("ascii")
    return f"https://{host}:{url.port}" if url.port not in (None, 443) else f"https://{host}"


def staff_or_email(text: str) -> str:
    """ "staff", an e-mail address, or "" for nobody."""
    said = word(text)
    if said in ("off", "staff"):
        return "" if said == "off" else said
    if not re.fullmatch(r"[^@\s,;:<>()\"\\]{1,64}@([a-z0-9-]{1,63}\.)+[a-z]{2,63}", said):
        raise ValueError(
            f"{excerpt(text)} is not an e-mail address. Write one such as help@example.com, or "
            "staff, or off."
        )
    return said


def opt_out_numbers(text: str) -> dict[str, str]:
    """Where STOP is written, by country, "" for the number of all others."""
    found: dict[str, str] = {}
    for item in items(text):
        prefix = re.match(r"[A-Za-z]{2}(?=[\s:=])", item)
        code = country_code(prefix[0]) if prefix else ""
        written = item[2:].lstrip(" :=") if prefix else item
        number = sender_ids.check(written)
        if sender_ids.is_name(number):
            raise ValueError(f"{excerpt(item)} is not a number. Write one such as +48512345678.")
        short = len(number) <= sender_ids.MAX_SHORT_CODE and not written.startswith("+")
        if short and not code:
            raise ValueError(
                f"{excerpt(item)} is a short code, which works in one country only. Write the "
                f"country before it, such as FR {number}."
            )
        if code in found:
            raise ValueError(f"{excerpt(item)} is the second number there. Keep one of the two.")
        found[code] = number if short else f"+{number}"
    return found
