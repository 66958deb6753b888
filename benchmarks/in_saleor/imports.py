"""What loading the plugin adds to a Saleor that is set up without it, in a fresh process.

Runs with settings that lack the app. Then does for this app what ``django.setup()`` does, and
imports the plugin as Saleor's manager does. With the argument ``traced`` the memory is counted by
tracemalloc, because resident memory hardly grows: Saleor's own start leaves room in its arenas.
"""

from __future__ import annotations

import gc
import importlib
import json
import sys
import tracemalloc
from time import perf_counter

import django
from django.apps import AppConfig, apps
from django.conf import settings
from django.utils.module_loading import import_string

from benchmarks.machine import resident_mb

SDKS = ("vonage", "vonage_sms", "vonage_messages", "vonage_http_client", "vonage_jwt")


def main(traced: bool) -> dict[str, object]:
    """Milliseconds and MB that the plugin adds, the SDKs it loaded, and Saleor's own start.

    ``held_mb`` is None unless *traced*.
    """
    started = perf_counter()
    django.setup()
    for plugin in settings.PLUGINS:  # type: ignore[misc] # Saleor's setting
        import_string(plugin)
    importlib.import_module("saleor.urls")  # what a web process has loaded when it serves
    saleor_ms = (perf_counter() - started) * 1000
    if loaded := [name for name in sys.modules if name.startswith("saleor_sms_plugin")]:
        raise RuntimeError(f"Saleor was set up with the plugin: {loaded}")

    gc.collect()
    if traced:
        tracemalloc.start()
    memory, started, modules = resident_mb(), perf_counter(), set(sys.modules)
    config = AppConfig.create("saleor_sms_plugin")
    apps.app_configs[config.label], config.apps = config, apps
    apps.ready = False  # as while Django fills it: no caches of models to renew
    config.import_models()
    apps.ready = True
    config.ready()
    importlib.import_module("saleor_sms_plugin.plugin")
    milliseconds, grown = (perf_counter() - started) * 1000, resident_mb() - memory
    new = set(sys.modules) - modules
    return {
        "milliseconds": milliseconds,
        "resident_mb": grown,
        "held_mb": tracemalloc.get_traced_memory()[0] / 2**20 if traced else None,
        "modules": len(new),
        "foreign": sorted({name.partition(".")[0] for name in new} - {"saleor_sms_plugin"}),
        "sdks": [name for name in SDKS if name in sys.modules],
        "saleor_milliseconds": saleor_ms,
    }


if __name__ == "__main__":
    print(json.dumps(main("traced" in sys.argv)))
