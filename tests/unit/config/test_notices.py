"""What the Status field tells although nothing is wrong."""

from __future__ import annotations

from saleor_sms_plugin.config import notices, parse
from saleor_sms_plugin.domain import sender_ids

BASE: dict[str, object] = {"sender_id": "MyShop", "shop_name": "Example"}


def _notices(shipping: str = "", **values: object) -> tuple[str, ...]:
    return notices(parse({**BASE, **values}, environ={}), frozenset(shipping.split()))


def test_nothing_to_tell() -> None:
    """The defaults need no notice where the sender needs no registration."""
    assert sender_ids.notice("MyShop", "AT") is None
    assert _notices("AT") == ()


def test_registration_and_refusals_are_told_by_country() -> None:
    """Italy registers names; the USA in the shipping zones refuses them."""
    assert _notices("US IT") == (
        sender_ids.notice("MyShop", "IT"),
        sender_ids.refusal("MyShop", "US"),
    )


def test_listed_countries_stand_instead_of_the_shipping_zones() -> None:
    """Only where texts go matters."""
    assert _notices("US", allowed_countries="AT") == ()


def test_a_sender_of_its_own_counts() -> None:
    """With a number for the USA there is no refusal to tell."""
    refusal = sender_ids.refusal("MyShop", "US")
    assert refusal not in _notices("US", advanced="sender.US = +12125552368")


def test_prices_of_the_owners_texts() -> None:
    """A letter outside GSM-7 is told with both prices; one segment is not worth a word."""
    text = "Hello\n[pl]\n" + "a" * 70 + "ł\n[it]\n" + "a" * 161
    assert _notices(text_order_created=text) == (
        "text_order_created [pl]: up to 2 segments because of \u2018ł\u2019; "
        "without such letters 1.",
        "text_order_created [it]: up to 2 segments.",
    )


def test_a_text_that_cannot_be_rendered_has_no_price() -> None:
    """A stored text of an older version may be wrong; the form must still open."""
    assert _notices(text_order_created="{{ order.number") == ()


def test_a_shop_name_that_shortens_every_text_is_told() -> None:
    """Values are folded, but not every letter has a GSM-7 neighbour."""
    assert _notices(shop_name="Łódź") == ()
    assert _notices(shop_name="店") == (
        "Shop name (shop_name): because of \u2018店\u2019 a segment of every text holds "
        "70 characters instead of 160.",
    )


def test_test_mode_is_told() -> None:
    """Nobody forgets that only a few numbers get texts."""
    assert _notices(test_numbers="+48512345678") == (
        "Test mode: only 1 number(s) in “Only text these numbers” get texts.",
    )


def test_an_account_that_does_not_sign_is_told() -> None:
    """Without a signature secret the webhook address is all that keeps forgers out."""
    account = {"provider": "vonage", "api_key": "key", "api_secret": "secret"}
    (said,) = _notices("AT", **account)

    assert said.startswith("Signature secret (signature_secret) is empty")
    assert _notices("AT", **account, signature_secret="signing") == ()
    assert _notices("AT", provider="vonage") == ()


def test_an_offer_too_long_for_its_link_is_told() -> None:
    """In Poland a link passes in one segment only; its other links are given up first."""
    link = "{% if checkout.recovery_url %} {{ checkout.recovery_url }}{% endif %}"
    short = {"text_checkout_abandoned": "x" * 60 + link}
    said = (
        "text_checkout_abandoned: networks of PL take a link only in a text of one segment, so a "
        "longer one is not sent there. Shorten it, or set opt_out_number (Advanced)."
    )
    assert _notices("PL DE", **short) == ("text_checkout_abandoned: up to 2 segments.",)
    long = {"text_checkout_abandoned": "x" * 90 + link}
    assert _notices("PL DE", **long) == ("text_checkout_abandoned: up to 2 segments.", said)
    assert said not in _notices("DE AT", **long)
    assert said not in _notices("PL", **long, advanced="opt_out_number = +48512345678")


def test_a_stored_memory_that_is_too_short_is_told() -> None:
    """Of a version that took it: the longer one holds."""
    assert _notices(advanced="retention_days = 30") == ()
    assert _notices(advanced="retention_days = 5") == (
        "Advanced (advanced): retention_days: 5 days are too few: offers_cap counts the texts of "
        "a number for 30 days. Numbers and texts are kept for as long.",
    )
