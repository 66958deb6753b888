from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from saleor_sms_plugin.management.base import SmsCommand, add_storm_arguments
from saleor_sms_plugin.services import storm


class Command(SmsCommand):
    help = (
        "Lets go what a storm holds: texts that are held because far more than usual happened "
        "at once. What became too late meanwhile still ends as expired."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        add_storm_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        done = storm.release(
            self.ports, channels=self.channels(options["channel"]), event=options["event"]
        )
        words = (
            f"{done.texts} texts go out now{done.listed}. "
            f"{done.undecided} events are decided as usual."
        )
        self.show(done, words, as_json=options["json"])
