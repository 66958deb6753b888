from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from saleor_sms_plugin.management.base import SmsCommand
from saleor_sms_plugin.services import recovery, surveys

MOST_WEEKS = 57  #: as long as decisions are kept


class Command(SmsCommand):
    help = (
        "Prints what the reminders about carts brought (sent, clicked, recovered, amount) and how "
        "surveys were answered (sent, answered, average score)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--weeks", type=int, default=8, help="how many, 8 without it")
        parser.add_argument("--channel", help="only this channel (its slug)")

    def handle(self, *args: Any, **options: Any) -> None:
        if not 1 <= options["weeks"] <= MOST_WEEKS:
            raise CommandError(f"--weeks {options['weeks']}: give a number from 1 to {MOST_WEEKS}.")
        weeks, channel = options["weeks"], options["channel"]
        reminders = [
            each for each in recovery.report(self.ports, weeks) if channel in (None, each.channel)
        ]
        asked = [
            each for each in surveys.report(self.ports, weeks) if channel in (None, each.channel)
        ]
        words = [_HEAD, *map(_reminder, reminders)] if reminders else [_NO_REMINDER]
        if asked:
            words += ["", _SURVEY_HEAD, *map(_survey, asked)]
        result = {"reminders": reminders, "surveys": asked}
        self.show(result, "\n".join(words), as_json=options["json"])


_COLUMNS = "{:<9} {:<20} {:>4} {:>6} {:>8} {:>10}  {}"
_HEAD = _COLUMNS.format("week", "channel", "step", "sent", "clicked", "recovered", "amount")
_NO_REMINDER = "No reminder about a cart was sent."
_SURVEY_COLUMNS = "{:<9} {:<20} {:>11} {:>8} {:>10}"
_SURVEY_HEAD = _SURVEY_COLUMNS.format("week", "channel", "surveys", "answered", "average")


def _reminder(line: recovery.Line) -> str:
    amounts = ", ".join(f"{amount:.2f} {code}" for code, amount in sorted(line.amount.items()))
    return _COLUMNS.format(
        line.week, line.channel, line.step, line.sent, line.clicked, line.recovered, amounts or "-"
    )


def _survey(line: surveys.Line) -> str:
    average = "-" if line.average is None else f"{line.average:.2f}"
    return _SURVEY_COLUMNS.format(line.week, line.channel, line.sent, line.answered, average)
