"""The Django app: fields, signals, checks and the beat schedule are installed here."""

from __future__ import annotations

from django.apps import AppConfig


class SmsPluginConfig(AppConfig):
    name = "saleor_sms_plugin"
    verbose_name = "SMS"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from . import checks, schedule, wiring

        checks.register()
        schedule.install()
        wiring.listen()
