"""What an account holds, asked for in one GET."""

from __future__ import annotations

from decimal import Decimal

import pytest

from saleor_sms_plugin.exceptions import ProviderAccountError, ProviderUnavailable
from saleor_sms_plugin.providers.base import Balance
from saleor_sms_plugin.providers.memory import MemoryProvider
from saleor_sms_plugin.testing.vonage_server import VonageServer
from tests.wire.conftest import APPLICATION, Connect


@pytest.mark.parametrize("api", ["sms", "messages"])
def test_key_and_secret_read_the_balance(vonage: VonageServer, connect: Connect, api: str) -> None:
    """In euro, and no text is sent."""
    vonage.balance = Decimal("12.34")
    assert connect(api).balance() == Balance(Decimal("12.34"), "EUR")
    assert (vonage.requests, vonage.connections) == ([], 1)


def test_an_application_has_no_way_to_ask(
    vonage: VonageServer, connect: Connect, private_key: str
) -> None:
    """Nothing is asked."""
    provider = connect(
        "messages", api_key="", api_secret="", application_id=APPLICATION, private_key=private_key
    )
    assert provider.balance() is None
    assert vonage.connections == 0


def test_a_wrong_secret_is_an_error_of_the_account(connect: Connect) -> None:
    """As it is when sending."""
    with pytest.raises(ProviderAccountError):
        connect(api_secret="wrong").balance()


def test_no_answer_is_an_outage(vonage: VonageServer, connect: Connect) -> None:
    """A hanging server holds nobody for longer than the timeout."""
    vonage.delay = 30
    with pytest.raises(ProviderUnavailable):
        connect(timeout=(0.2, 0.2)).balance()


def test_a_provider_without_accounts_has_none() -> None:
    """Memory and console cost nothing."""
    assert MemoryProvider().balance() is None
