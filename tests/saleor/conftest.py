"""Saleor's own fixtures, and a running Saleor for the tests marked `live`."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from pytest_django.plugin import DjangoDbBlocker

from saleor_sms_plugin.testing.vonage_server import VonageServer

if importlib.util.find_spec("saleor"):
    from tests.saleor.dashboard import Dashboard
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


@pytest.fixture(scope="session")
def django_db_setup(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
) -> None:
    """Empty tables, as Saleor's fixtures expect: its migrations wrote some sample rows."""
    with django_db_blocker.unblock():
        call_command("flush", interactive=False, verbosity=0)


@pytest.fixture
def vonage(settings: Any) -> Iterator[VonageServer]:
    """A Vonage of our own, to which this process sends what it would send to Vonage."""
    with VonageServer(key="key", secret="secret-1234") as server:
        settings.SALEOR_SMS_VONAGE_BASE_URL = server.url
        yield server


@pytest.fixture
def dashboard(
    settings: Any,
    site_settings: Any,
    channel_USD: Any,
    staff_api_client: Any,
    permission_manage_plugins: Any,
) -> Dashboard:
    """The plugin is installed and was never saved."""
    settings.PLUGINS = ["saleor_sms_plugin.plugin.SmsPlugin"]
    staff_api_client.user.user_permissions.add(permission_manage_plugins)
    return Dashboard(staff_api_client, channel_USD)


@pytest.fixture
def switched_on(dashboard: Dashboard) -> Dashboard:
    """The plugin is active and complete; every event is on that is on by default."""
    refused = dashboard.save(
        active=True,
        provider="vonage",
        api_key="key",
        api_secret="secret-1234",
        sender_id="Example",
        shop_name="Example",
        allowed_countries="PL, GB",
        advanced="night = off",
    )
    assert refused == []
    return dashboard
