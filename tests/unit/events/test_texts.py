"""The built-in texts keep their rules in every language and for every order."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

import pytest

from saleor_sms_plugin.config import sample_context
from saleor_sms_plugin.domain import rendering
from saleor_sms_plugin.domain.segments import Encoding, measure
from saleor_sms_plugin.events.catalogue import CATALOGUE, EVENTS, EventSpec, Purpose
from saleor_sms_plugin.events.texts import BUILT_IN, built_in
from saleor_sms_plugin.events.variables import names_of, optional_names

ALL = [(language, spec) for language in BUILT_IN for spec in CATALOGUE]
IDS = [f"{language}-{spec.name}" for language, spec in ALL]

#: nothing urgent, nothing that operators take for a fraud, nothing that sells
FORBIDDEN = re.compile(
    r"niedoplat|doplac|zablokowan|natychmiast|not charged|urgent|immediately|click|offer|"
    r"discount|code|rabat|sconto|offerta|remise|oferta|angebot|sofort|subito|urgente",
    re.IGNORECASE,
)


def _absences(spec: EventSpec, source: str) -> Iterator[frozenset[str]]:
    optional = [name for name in optional_names(spec) if name in source]
    for size in range(len(optional) + 1):
        yield from (frozenset(names) for names in itertools.combinations(optional, size))


def _render(language: str, spec: EventSpec, *, long: bool, absent: frozenset[str]) -> str:
    context = sample_context(spec, long=long, absent=absent)
    return rendering.compile(BUILT_IN[language][spec.name]).render(context, locale=language)


def test_every_language_has_every_event_in_the_catalogue_order() -> None:
    """A language says everything that can happen, and nothing else."""
    assert list(BUILT_IN) == ["en", "pl", "it", "de", "fr", "es"]
    for texts in BUILT_IN.values():
        assert list(texts) == list(EVENTS)


@pytest.mark.parametrize(("language", "spec"), ALL, ids=IDS)
def test_uses_only_the_variables_of_its_event(language: str, spec: EventSpec) -> None:
    """A built-in text is valid for its event."""
    rendering.validate(BUILT_IN[language][spec.name], names_of(spec))


@pytest.mark.parametrize(("language", "spec"), ALL, ids=IDS)
def test_is_one_gsm7_segment_whatever_is_absent(language: str, spec: EventSpec) -> None:
    """Every outcome with long values is one segment of GSM-7."""
    for absent in _absences(spec, BUILT_IN[language][spec.name]):
        text = _render(language, spec, long=True, absent=absent)
        found = measure(text)
        assert (found.encoding, found.segment_count) == (Encoding.GSM7, 1), (found.units, text)


@pytest.mark.parametrize(("language", "spec"), ALL, ids=IDS)
def test_reads_well_whatever_is_absent(language: str, spec: EventSpec) -> None:
    """No double space, no label without its value, an end that is a full stop or a value."""
    for absent in _absences(spec, BUILT_IN[language][spec.name]):
        text = _render(language, spec, long=False, absent=absent)
        assert text.startswith("Example Store : " if language == "fr" else "Example Store: ")
        assert "  " not in text
        assert "()" not in text
        assert not re.search(r"[:?,] ?([.,]|$)|\s\.", text), text
        ends = (".", "!", "opt out", "help@example.com", "/12345678", "00340434292135100186")
        links = ("/4tZ9kMxQ2b", "/9dRk2VbT5m", "/6mVw2Lf4Hn")
        assert text.endswith((*ends, *links))


@pytest.mark.parametrize(("language", "spec"), ALL, ids=IDS)
def test_says_nothing_that_is_not_its_business(language: str, spec: EventSpec) -> None:
    """No first name, no threat, no bare link; no offer but the voucher that marketing may carry."""
    source = BUILT_IN[language][spec.name]
    assert "customer." not in source
    assert "http" not in source
    words = source.replace("voucher.code", "")
    marketing = spec.purpose is Purpose.MARKETING
    assert not FORBIDDEN.search(words.replace(" Code ", "") if marketing else words)


@pytest.mark.parametrize("language", list(BUILT_IN))
def test_a_cancelled_order_names_its_refund_where_there_is_one(language: str) -> None:
    """One text says cancelled and refunded; without a refund it promises none."""
    spec = EVENTS["order_cancelled"]
    with_refund = _render(language, spec, long=False, absent=frozenset())
    without = _render(language, spec, long=False, absent=frozenset({"refund.amount"}))
    assert with_refund.count("29.90 EUR") == 1
    assert "EUR" not in without
    assert len(without) < len(with_refund)


def test_a_cancelled_order_in_english() -> None:
    """The whole sentence, with and without refund and contact."""
    spec = EVENTS["order_cancelled"]
    assert _render("en", spec, long=False, absent=frozenset()) == (
        "Example Store: your order 123456 has been cancelled and 29.90 EUR refunded. "
        "Questions? help@example.com"
    )
    absent = frozenset({"refund.amount", "shop.contact"})
    assert _render("en", spec, long=False, absent=absent) == (
        "Example Store: your order 123456 has been cancelled."
    )


@pytest.mark.parametrize("language", list(BUILT_IN))
@pytest.mark.parametrize("event", ["fulfillment_created", "order_fulfilled"])
def test_click_and_collect_names_the_place(event: str, language: str) -> None:
    """An order that is collected is ready at a place; it is not on its way, and has no parcel."""
    spec = EVENTS[event]
    collected = _render(language, spec, long=False, absent=frozenset())
    shipped = _render(language, spec, long=False, absent=frozenset({"order.pickup_point"}))
    assert "Example Store Centre" in collected
    assert "12345678" not in collected
    assert "Example Store Centre" not in shipped
    assert ("https://example.com/t/12345678" in shipped) == (event == "fulfillment_created")


def test_a_parcel_without_an_address_shows_its_number() -> None:
    """The carrier's page where it is known, else the number, else neither."""
    spec = EVENTS["fulfillment_created"]
    shipped = frozenset({"order.pickup_point"})
    url = shipped | {"fulfillment.tracking_url"}
    assert _render("en", spec, long=False, absent=shipped) == (
        "Example Store: order 123456 is on its way. Parcel: https://example.com/t/12345678"
    )
    assert _render("en", spec, long=False, absent=url) == (
        "Example Store: order 123456 is on its way. Parcel: 00340434292135100186"
    )
    assert _render("en", spec, long=False, absent=url | {"fulfillment.tracking_number"}) == (
        "Example Store: order 123456 is on its way."
    )


def test_staff_get_one_order_or_the_night() -> None:
    """A digest says how many orders and their total; a single order says its own."""
    spec = EVENTS["staff_order_created"]
    assert _render("en", spec, long=False, absent=frozenset()) == (
        "Example Store: new orders overnight: 4, total 412.00 EUR."
    )
    assert _render("en", spec, long=False, absent=frozenset({"digest.total"})) == (
        "Example Store: new orders overnight: 4."
    )
    assert _render("en", spec, long=False, absent=frozenset({"digest.count", "digest.total"})) == (
        "Example Store: new order 123456, 129.90 EUR, items: 3."
    )


@pytest.mark.parametrize(
    ("wanted", "found"),
    [("pl", "pl"), ("de-at", "de"), ("fr_CA", "fr"), ("EN", "en"), ("pt-br", "en"), ("", "en")],
)
def test_falls_back_from_exact_to_base_to_english(wanted: str, found: str) -> None:
    """Every reader gets a text: the language itself, its base, or English."""
    assert built_in("order_created", wanted) == (found, BUILT_IN[found]["order_created"])


def test_an_unknown_event_has_no_text() -> None:
    """A wrong event name is a programming error, not an empty text."""
    with pytest.raises(KeyError):
        built_in("order_lost", "en")
