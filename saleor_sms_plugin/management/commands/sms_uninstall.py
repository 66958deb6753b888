from __future__ import annotations

from typing import Any

from django.apps import apps
from django.core.management import call_command
from django.core.management.base import CommandParser

from saleor_sms_plugin.management.base import SmsCommand
from saleor_sms_plugin.schedule import SCHEDULE


class Command(SmsCommand):
    help = (
        "Removes what the package left in the database: its rows in Celery beat's schedule and, "
        "with --drop-tables, its tables with everything in them. Stop beat first, then "
        "pip uninstall saleor-sms-plugin."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--drop-tables", action="store_true",
            help="also drop the outbox, the decisions and their history; cannot be undone",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        with self.ports.shop.writer():
            result = {
                "beat_rows": _remove_beat_rows(),
                "settings": self.ports.shop.forget_plugin(),
                "tables_dropped": bool(options["drop_tables"]),
            }
            if options["drop_tables"]:
                call_command("migrate", "saleor_sms_plugin", "zero", verbosity=0)
        words = (
            f"Removed {result['beat_rows']} rows of beat's schedule and the settings of "
            f"{result['settings']} channels. "
            + ("Tables dropped." if options["drop_tables"] else "Tables kept (--drop-tables).")
            + " Now: pip uninstall saleor-sms-plugin, then restart web, worker and beat."
        )
        self.show(result, words, as_json=options["json"])


def _remove_beat_rows() -> int:
    if not apps.is_installed("django_celery_beat"):
        return 0
    beat: Any = apps.get_app_config("django_celery_beat")
    rows = beat.get_model("PeriodicTask").objects.filter(name__in=SCHEDULE)
    count = int(rows.count())
    rows.delete()
    beat.get_model("PeriodicTasks").update_changed()
    return count
