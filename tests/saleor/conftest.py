"""Saleor's own fixtures, and a running Saleor for the tests marked `live`."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

if importlib.util.find_spec("saleor"):
    from tests.saleor.live import LiveSaleor
    from tests.saleor.shop_databases import ShopDatabases

    # Saleor's root conftest, found through the import path; it names its fixture modules.
    pytest_plugins = ["conftest"]
else:
    collect_ignore_glob = ["*"]


def pytest_report_header() -> str:
    if "SALEOR_HOME" in os.environ:
        return f"Saleor: {os.environ['SALEOR_HOME']}"
    return "tests/saleor SKIPPED: no Saleor here. Run them by `make test-saleor`."


@pytest.fixture(scope="session")
def live_environment() -> Mapping[str, str]:
    """Further environment variables of the running Saleor; override it to set some."""
    return {}


@pytest.fixture(scope="session")
def live_saleor(
    live_environment: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveSaleor]:
    """Web, worker and beat on a fresh sample shop with this plugin, for the whole run."""
    environ = dict(os.environ)
    home = Path(environ["SALEOR_HOME"])
    live = LiveSaleor(
        home,
        ShopDatabases(home, environ["DATABASE_URL"], environ),
        {**environ, **live_environment},
        directory=tmp_path_factory.mktemp("live"),
    )
    try:
        live.start()
        yield live
    finally:
        live.stop()
