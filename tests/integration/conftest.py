"""The stage of an integration test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from saleor_sms_plugin.providers.memory import MemoryProvider
from saleor_sms_plugin.testing.vonage_server import VonageServer
from tests.integration.calling_back import CalledBack
from tests.integration.stage import Stage


@pytest.fixture(autouse=True)
def empty_provider() -> Iterator[None]:
    """The memory provider starts and ends without texts and without a script."""
    MemoryProvider.reset()
    yield
    MemoryProvider.reset()


@pytest.fixture
def stage(db: None) -> Stage:
    """A shop in a transaction that is rolled back."""
    return Stage()


@pytest.fixture
def committed_stage(transactional_db: None) -> Stage:
    """A shop whose rows other connections see."""
    return Stage()


@pytest.fixture
def vonage(settings: Any) -> Iterator[VonageServer]:
    """A Vonage of our own, to which this process sends."""
    with VonageServer(key="key", secret="secret") as server:
        settings.SALEOR_SMS_VONAGE_BASE_URL = server.url
        yield server


@pytest.fixture
def called_back(db: None, vonage: VonageServer) -> CalledBack:
    """A shop whose provider calls back, signed."""
    return CalledBack(vonage)
