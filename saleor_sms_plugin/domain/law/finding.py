"""Which rule holds for a person: their state's, their number's, and what the shop changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

from ..phone_numbers import country_of
from ..places import Place, area_of
from .overrides import Override, with_overrides
from .rule import Rule, strictest
from .table import DEFAULT, ROWS, UNDER

NO_OVERRIDES: Mapping[str, Override] = {}


def law_of(country: str, area: str = "", overrides: Mapping[str, Override] = NO_OVERRIDES) -> Rule:
    """The rule of a country (ISO alpha-2) and its state, as an address says it: "Texas", "tx".

    A state without a row has its country's rule; where the state is not known, the strictest
    of them all holds. A country without a row has the cautious default.
    """
    if country in UNDER:
        return _found(UNDER[country], country, overrides)
    return _found(country, area_of(country, area), overrides)


def law_at(place: Place, overrides: Mapping[str, Override] = NO_OVERRIDES) -> Rule:
    """The rule for a person: the stricter one where address and number name two countries."""
    areas = {place.country: area_of(place.country, place.area, place.postal_code)}
    areas.setdefault(country_of(place.number) if place.number else "", "")
    rules = [law_of(country, area, overrides) for country, area in areas.items() if country]
    return strictest(*rules) if rules else law_of("", "", overrides)


def _found(country: str, area: str, overrides: Mapping[str, Override]) -> Rule:
    return _law(country, area, overrides) if overrides else _unchanged(country, area)


@lru_cache(maxsize=1024)
def _unchanged(country: str, area: str) -> Rule:
    return _law(country, area, NO_OVERRIDES)


def _law(country: str, area: str, overrides: Mapping[str, Override]) -> Rule:
    if area:
        return row_of(f"{country}-{area}", overrides)
    own = row_of(country or DEFAULT.place, overrides)
    states = [row_of(place, overrides) for place in states_of(country, overrides)]
    if not states:
        return own
    note = f"{own.note} The state is not known, so the strictest of all states' rules holds."
    return replace(strictest(own, *states), place=own.place, name=own.name, note=note)


def states_of(country: str, overrides: Mapping[str, Override] = NO_OVERRIDES) -> tuple[str, ...]:
    """The places of the country that have a row, or an override, of their own: "US-TX"."""
    named = {*ROWS, *(key.partition(".")[0] for key in overrides)}
    return tuple(sorted(place for place in named if country and place.startswith(f"{country}-")))


def chain_of(place: str) -> tuple[Rule, ...]:
    """The rows that make up a place's rule ("US-TX"), from its country's, or the default, on."""
    country, _, area = place.partition("-")
    chain = [ROWS.get(country, DEFAULT)]
    if country not in ROWS and country != DEFAULT.place:
        chain.append(replace(DEFAULT, place=country, name=country))
    if area:
        chain.append(ROWS.get(place) or replace(chain[-1], place=place))
    return tuple(chain)


def row_of(place: str, overrides: Mapping[str, Override] = NO_OVERRIDES) -> Rule:
    """The place's own rule ("US", "US-TX", "default"), its states left aside."""
    return with_overrides(chain_of(place), overrides)
