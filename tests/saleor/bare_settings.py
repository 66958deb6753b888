"""Saleor's settings without this package: what a shop is before the plugin is installed."""

from __future__ import annotations

import tempfile

from saleor.settings import *  # noqa: F403
from saleor.settings import INSTALLED_APPS, PLUGINS

INSTALLED_APPS = [app for app in INSTALLED_APPS if app != "saleor_sms_plugin"]
PLUGINS = [path for path in PLUGINS if not path.startswith("saleor_sms_plugin.")]

# Sample pictures are no part of a test, and Saleor's own directory is not ours to fill.
MEDIA_ROOT = tempfile.mkdtemp(prefix="saleor-media-")
