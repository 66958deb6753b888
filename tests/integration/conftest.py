"""The stage of an integration test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from saleor_sms_plugin.providers.memory import MemoryProvider
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
