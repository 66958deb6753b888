"""One row of a consent file, as acts of the ledger, or why it cannot be taken.

A consent counts with its proof only: when it was given, where, in which words, and to this shop.
An opt-out needs no proof.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from ..domain import csv_cells, keywords, phone_numbers
from ..domain.consent import EVERYTHING, MARKETING, STOPS, Act, Basis, Scope
from ..domain.law import StopScope, law_of
from ..domain.reasons import Reason
from ..exceptions import InvalidInput, InvalidRecipient
from ..models.keyed_hash import keyed_hash
from .channels import Channel
from .ledger import Deed, Source

#: column → the other words for it
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "phone": ("number", "phone_number", "mobile", "mobile_number", "telephone", "tel", "msisdn"),
    "scope": (),
    "act": ("status",),
    "basis": (),
    "given_at": ("date", "consented_at", "occurred_at"),
    "confirmed_at": (),
    "source": (),
    "wording": ("text",),
    "language": ("lang",),
    "shop": ("brand", "store"),
    "ip": ("ip_address",),
}
_SCOPES = {
    **{scope.value: (scope,) for scope in Scope},
    "marketing": MARKETING,
    "all": EVERYTHING,
}
_ACTS = {
    **{act.value: act for act in Act},
    "subscribed": Act.GIVEN, "opted_in": Act.GIVEN, "opt_in": Act.GIVEN,
    "unsubscribed": Act.WITHDRAWN, "opted_out": Act.WITHDRAWN, "opt_out": Act.WITHDRAWN,
    "stop": Act.WITHDRAWN,
}  # fmt: skip
_BASES = {basis.value: basis for basis in Basis}
#: What lists call somebody who opted out, however they write it: unsub, Optout, abgemeldet,
#: désinscrit, odwołana … Words as ``keywords.fold`` leaves them, with "_" between.
_OPTED_OUT = re.compile(
    r"^(?:no?|non|nie|nein|false|0)$|^not_|unsub|opt(?:ed)?_?out|stop|revo[ck]|withdr|remov|block|"
    r"do_not|dnc|cancel|ina[ck]tiv|inattiv|nieaktywn|wypis|rezygn|cof[na]|odwol|anulowan|"
    r"wyrejestr|disiscri|disab+on|disdett|annul|rifiut|refus|abgemeld|abbest|widerruf|abgelehnt|"
    r"gekundigt|desabon|desinscri|resili|baja|rechaz"
)
LONGEST = {"wording": 5000, "source": 150, "language": 35}  #: characters

_Value = TypeVar("_Value")


@dataclass(frozen=True, kw_only=True)
class Terms:
    """How the rows of one file are meant."""

    now: dt.datetime
    zone: dt.tzinfo  #: of instants that name none
    shops: Collection[str]  #: the names this shop goes by, where consents are taken
    opt_outs: bool = False  #: every row is one
    channel: Channel | None = None  #: None: every channel
    country: str = ""  #: of numbers without a country code
    by: str = ""  #: who brings the file


def deeds_of(cells: Mapping[str, str], terms: Terms) -> list[Deed]:
    """The acts of a row, column → cell. Raises ``InvalidInput`` with what is wrong with it."""
    number = _number(cells.get("phone", ""), terms.country)
    act = Act.WITHDRAWN if terms.opt_outs or is_opt_out(cells) else None
    act = act or _one_of("act", cells, _ACTS, Act.GIVEN)
    if act in STOPS:
        return [_opt_out(number, act, cells, terms)]
    for name, most in LONGEST.items():
        if len(cells.get(name, "")) > most:
            raise InvalidInput(f"{name}: longer than {most:,} characters")
    return _consent(number, act, cells, terms)


def is_opt_out(cells: Mapping[str, str]) -> bool:
    """The row says that its person wants no more texts, in whatever words."""
    said = keywords.fold(cells.get("act", "")).replace(" ", "_")
    return bool(_OPTED_OUT.search(said))


def _number(cell: str, country: str) -> str:
    """E.164; the first reading that is a number somebody can have."""
    first, *others = csv_cells.phones(cell)
    try:
        return phone_numbers.parse(first, country)
    except InvalidRecipient as error:
        if others and error.reason == Reason.INVALID_NUMBER:
            return _number(others[0], "")
        raise InvalidInput(f"phone: {error}") from error


def _opt_out(number: str, act: Act, cells: Mapping[str, str], terms: Terms) -> Deed:
    """Always taken: what it does not say, or not clearly, is read in the person's favour, and
    what is too long is cut. Without a day it is of today, whatever the file said before: its
    person may have opted in again since."""
    cells = {name: cell[: LONGEST.get(name)] for name, cell in cells.items()}
    at = _day_of(cells, terms)
    if at is None:
        at, cells["given_at"] = terms.now, terms.now.isoformat()
    everywhere = law_of(phone_numbers.country_of(number)).stop_scope is StopScope.EVERYTHING
    default = EVERYTHING if everywhere else MARKETING
    scopes = _SCOPES.get(_word(cells.get("scope", "")), default)
    deed = replace(_deed(number, act, cells, terms), scopes=scopes, at=at)
    return replace(deed, channel=None) if everywhere else deed


def _day_of(cells: Mapping[str, str], terms: Terms) -> dt.datetime | None:
    """When the row says that its person opted out; None where it does not, or not clearly."""
    try:
        return _past("given_at", cells, terms)
    except InvalidInput:
        return None


def is_undated(cells: Mapping[str, str], terms: Terms) -> bool:
    """The row is an opt-out that holds from now on, as it says no day that can be read."""
    return (terms.opt_outs or is_opt_out(cells)) and _day_of(cells, terms) is None


def _consent(number: str, act: Act, cells: Mapping[str, str], terms: Terms) -> list[Deed]:
    at = _past("given_at", cells, terms)
    if at is None:
        raise InvalidInput("given_at: a consent counts only with the day it was given")
    for name in ("source", "wording"):
        if not cells.get(name, "").strip():
            raise InvalidInput(f"{name}: a consent counts only with its {name}")
    _same_shop(cells, terms)
    deed = replace(
        _deed(number, act, cells, terms),
        scopes=_one_of("scope", cells, _SCOPES, (Scope.OFFERS,)),
        basis=_one_of("basis", cells, _BASES, Basis.EXPRESS_WRITTEN),
        ip=_address(cells),
        at=at,
    )
    confirmed_at = _past("confirmed_at", cells, terms)
    if confirmed_at is None:
        return [deed]
    if confirmed_at < at:
        raise InvalidInput("confirmed_at: before given_at")
    return [deed, replace(deed, act=Act.CONFIRMED, at=confirmed_at)]


def _deed(number: str, act: Act, cells: Mapping[str, str], terms: Terms) -> Deed:
    said = [number, str(terms.channel.id) if terms.channel else "", str(act)]
    said += [cells.get(name, "").strip() for name in COLUMNS if name not in ("phone", "act")]
    return Deed(
        number=number, scopes=(), act=act, source=Source.IMPORT, channel=terms.channel,
        key=f"import:{keyed_hash(chr(31).join(said))}",
        wording=cells.get("wording", "").strip(), language=cells.get("language", "").strip(),
        staff=": ".join(filter(None, (terms.by, cells.get("source", "").strip())))[:200],
    )  # fmt: skip


def _same_shop(cells: Mapping[str, str], terms: Terms) -> None:
    """The consent was given to this shop: the shop column says so, or the wording names it."""
    shops = [folded for name in terms.shops if (folded := _folded(name))]
    said, wording = _folded(cells.get("shop", "")), _folded(cells.get("wording", ""))
    if said in shops or (not said and any(name in wording for name in shops)):
        return
    named = " or ".join(f"“{name}”" for name in terms.shops)
    raise InvalidInput(
        f"shop: “{said[:40]}” is another shop than {named}"
        if said
        else f"shop: neither this column nor the wording names {named}"
    )


def _past(name: str, cells: Mapping[str, str], terms: Terms) -> dt.datetime | None:
    at = _instant(name, cells, terms)
    if at is not None and at > terms.now:
        raise InvalidInput(f"{name}: in the future")
    return at


def _instant(name: str, cells: Mapping[str, str], terms: Terms) -> dt.datetime | None:
    """ISO 8601, or day.month.year as spreadsheets write it; None where the cell is empty."""
    text = cells.get(name, "").strip()
    if not text:
        return None
    for read in (dt.datetime.fromisoformat, *map(_format, _DOTTED)):
        try:
            found = read(text)
            found = found if found.tzinfo else found.replace(tzinfo=terms.zone)
            return found.astimezone(dt.UTC)
        except (ValueError, OverflowError):
            continue
    raise InvalidInput(f"{name}: “{text[:40]}” is no date. Write it as 2024-05-31 or 31.05.2024")


_DOTTED = ("%d.%m.%Y", "%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M:%S")


def _format(form: str) -> Callable[[str], dt.datetime]:
    return lambda text: dt.datetime.strptime(text, form)  # noqa: DTZ007 (the zone is put in after)


def _address(cells: Mapping[str, str]) -> str | None:
    text = cells.get("ip", "").strip()
    try:
        return str(ipaddress.ip_address(text)) if text else None
    except ValueError as error:
        raise InvalidInput(f"ip: “{text[:40]}” is no IP address") from error


def _one_of(
    name: str, cells: Mapping[str, str], values: Mapping[str, _Value], default: _Value
) -> _Value:
    text = _word(cells.get(name, ""))
    if text and text not in values:
        raise InvalidInput(f"{name}: “{text[:40]}” will not do. Write {', '.join(values)}")
    return values[text] if text else default


def _word(text: str) -> str:
    return _folded(text).replace(" ", "_").replace("-", "_")


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())
