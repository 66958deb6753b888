from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from saleor_sms_plugin.management.base import SmsCommand
from saleor_sms_plugin.services.recovery import Line, report

MOST_WEEKS = 57  #: as long as decisions are kept


class Command(SmsCommand):
    help = "Prints what the reminders about carts brought: sent, clicked, recovered, amount."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--weeks", type=int, default=8, help="how many, 8 without it")
        parser.add_argument("--channel", help="only this channel (its slug)")

    def handle(self, *args: Any, **options: Any) -> None:
        if not 1 <= options["weeks"] <= MOST_WEEKS:
            raise CommandError(f"--weeks {options['weeks']}: give a number from 1 to {MOST_WEEKS}.")
        found = report(self.ports, options["weeks"])
        lines = [line for line in found if options["channel"] in (None, line.channel)]
        words = [_HEAD, *map(_words, lines)] if lines else ["No reminder about a cart was sent."]
        self.show(lines, "\n".join(words), as_json=options["json"])


_COLUMNS = "{:<9} {:<20} {:>4} {:>6} {:>8} {:>10}  {}"
_HEAD = _COLUMNS.format("week", "channel", "step", "sent", "clicked", "recovered", "amount")


def _words(line: Line) -> str:
    amounts = ", ".join(f"{amount:.2f} {code}" for code, amount in sorted(line.amount.items()))
    return _COLUMNS.format(
        line.week, line.channel, line.step, line.sent, line.clicked, line.recovered, amounts or "-"
    )
