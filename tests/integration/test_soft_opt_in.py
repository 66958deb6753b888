"""Who may be texted without having asked: the law cases of soft opt-in, and of order texts."""

from __future__ import annotations

import pytest

from saleor_sms_plugin.domain import phone_numbers
from saleor_sms_plugin.domain.consent import Act
from saleor_sms_plugin.domain.places import Place
from saleor_sms_plugin.events.catalogue import Purpose
from saleor_sms_plugin.services import channels, consent, ledger

from .stage import CHANNEL, Stage
from .test_consent import AMERICAN, CART, GERMAN, ITALIAN, POLE, SIGNED, give, refusal

pytestmark = pytest.mark.django_db
SIGNABLE = {
    "DE": GERMAN, "AT": "+436641234567", "GB": "+447400123456", "IE": "+353850123456",
    "FR": "+33612345678", "ES": "+34612345678", "BE": "+32470123456", "CA": "+14165550123",
}  # fmt: skip


@pytest.mark.parametrize("country", SIGNABLE)
def test_a_soft_opt_in_needs_a_signature_a_customer_and_no_stop(stage: Stage, country: str) -> None:
    """ePrivacy Art. 13, PECR reg. 22, CASL: off by default, for offers to who has bought."""
    number = SIGNABLE[country]
    stage.configure(CART)
    assert refusal(stage, number, is_customer=True) == "no_consent"
    stage.configure(CART, advanced=SIGNED.format(country))
    assert refusal(stage, number, is_customer=True) == ""
    assert refusal(stage, number) == "no_consent"
    assert refusal(stage, number, CART, is_customer=True) == "no_consent"
    give(stage, number, act=Act.WITHDRAWN)
    assert refusal(stage, number, is_customer=True) == "opted_out"


@pytest.mark.parametrize("number", [AMERICAN, "+61412345678", "+60123456789", "+819012345678"])
def test_no_soft_opt_in_where_nobody_read_of_one(stage: Stage, number: str) -> None:
    """USA, Australia, Malaysia, and a country without a row: a signature changes nothing."""
    country = phone_numbers.country_of(number)
    stage.configure(CART, advanced=SIGNED.format(country))
    assert refusal(stage, number, is_customer=True) == "no_consent"


@pytest.mark.parametrize("number", [POLE, GERMAN, ITALIAN, AMERICAN])
def test_an_order_text_needs_no_consent_but_the_number_given_for_it(
    stage: Stage, number: str
) -> None:
    """A service text: nothing is on record, and it may go."""
    stage.configure("order_created")
    channel = channels.load(stage.ports)[CHANNEL]
    rule = channel.config.law_at(Place(number=number))
    asked = (number, Purpose.TRANSACTIONAL, "order_created", channel)
    assert consent.may_send(*asked, ledger.read([number]), rule, is_customer=True) is None
    give(stage, number, act=Act.WITHDRAWN)
    assert consent.may_send(*asked, ledger.read([number]), rule, is_customer=True) is None
