"""What `pip install` beside Saleor must do, and what it must leave alone."""

from __future__ import annotations

import os
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.utils.module_loading import import_string
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

pytestmark = pytest.mark.saleor

DISTRIBUTION = "saleor-sms-plugin"
PLUGIN = "saleor_sms_plugin.plugin.SmsPlugin"


def test_saleor_discovers_the_plugin() -> None:
    """The entry point adds the app and the plugin to Saleor's settings, once each."""
    from saleor import settings as production

    assert production.EXTERNAL_PLUGINS.count(PLUGIN) == 1
    assert production.PLUGINS.count(PLUGIN) == 1
    assert settings.INSTALLED_APPS.count("saleor_sms_plugin") == 1
    assert apps.get_app_config("saleor_sms_plugin").name == "saleor_sms_plugin"


def test_saleor_can_load_the_plugin_class() -> None:
    """The class behind the entry point is a Saleor plugin under its permanent id."""
    from saleor.plugins.base_plugin import BasePlugin

    plugin = import_string(PLUGIN)

    assert issubclass(plugin, BasePlugin)
    assert plugin.PLUGIN_ID == "saleor_sms_plugin"
    assert plugin.CONFIGURATION_PER_CHANNEL is True


@pytest.mark.django_db
def test_the_migrations_are_applied() -> None:
    """Saleor's `migrate` applies every migration of the package, and they need no other app."""
    loader = MigrationLoader(connection)
    ours = {key for key in loader.disk_migrations if key[0] == "saleor_sms_plugin"}

    assert ours
    assert ours <= set(loader.applied_migrations)
    foreign = {
        dependency
        for key in ours
        for dependency in loader.disk_migrations[key].dependencies
        if dependency[0] != "saleor_sms_plugin"
    }
    assert foreign == set()


def test_every_requirement_is_met() -> None:
    """What the package requires is installed at an admitted version, as `pip check` would say."""
    required = [Requirement(text) for text in metadata.requires(DISTRIBUTION) or []]
    needed = [each for each in required if each.marker is None]

    unmet = [
        f"{each} but {metadata.version(each.name)} is installed"
        for each in needed
        if not each.specifier.contains(metadata.version(each.name), prereleases=True)
    ]

    assert needed
    assert unmet == []


def test_no_pin_of_saleor_has_changed() -> None:
    """Every distribution that Saleor's lock file pins is installed at exactly that version."""
    lock = tomllib.loads((Path(os.environ["SALEOR_HOME"]) / "uv.lock").read_text())
    installed = {
        canonicalize_name(each.metadata["Name"]): each.version for each in metadata.distributions()
    }
    pinned = {each["name"]: each["version"] for each in lock["package"] if "version" in each}
    common = installed.keys() & pinned.keys()

    assert len(common) > 100
    assert {name: installed[name] for name in common if installed[name] != pinned[name]} == {}


def test_the_lite_phone_library_is_the_only_one() -> None:
    """`phonenumbers` would overwrite the `phonenumberslite` that Saleor pins, silently."""
    names = {canonicalize_name(each.metadata["Name"]) for each in metadata.distributions()}

    assert "phonenumberslite" in names
    assert "phonenumbers" not in names
