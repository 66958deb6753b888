from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from saleor_sms_plugin.management.base import SmsCommand, add_storm_arguments
from saleor_sms_plugin.services import storm


class Command(SmsCommand):
    help = (
        "Ends what a storm holds: texts that are held because far more than usual happened at "
        "once. With --order, ends every text about one order that was not sent yet."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        add_storm_arguments(parser)
        parser.add_argument("--order", default="", help="the order's number, or its id")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["order"]:
            if options["channel"] or options["event"]:
                raise CommandError("--order says which texts; leave out --channel and --event.")
            done = storm.cancel_order(self.order(options["order"]).id, self.ports)
        else:
            done = storm.cancel(
                self.ports, channels=self.channels(options["channel"]), event=options["event"]
            )
        words = (
            f"{done.texts} texts are cancelled{done.listed}, and {done.undecided} events that "
            "were not decided yet."
        )
        self.show(done, words, as_json=options["json"])
