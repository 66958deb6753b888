from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from saleor_sms_plugin.domain import phone_numbers
from saleor_sms_plugin.management.base import SmsCommand
from saleor_sms_plugin.services import suppression


class Command(SmsCommand):
    help = (
        "Lists the numbers that are not texted because a network said that no text can reach "
        "them, or staff said so. --add and --remove change the list."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        change = parser.add_mutually_exclusive_group()
        change.add_argument("--add", metavar="NUMBER", help="in international form: +48512345678")
        change.add_argument("--remove", metavar="NUMBER", help="it may be texted again")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["add"] or options["remove"]:
            self._change(options)
            return
        rows = suppression.all_of(self.ports)
        lines = [f"{len(rows)} numbers are not texted"]
        lines += [
            f"{r.number or '(erased)'} {r.reason} since {r.since:%Y-%m-%d} {r.source}".rstrip()
            for r in rows
        ]
        self.show(rows, "\n".join(lines), as_json=options["json"])

    def _change(self, options: dict[str, Any]) -> None:
        number = self.number(options["add"] or options["remove"])
        shown = phone_numbers.mask(number)
        if options["add"]:
            changed = suppression.add(number, self.ports, source="sms_suppressions --add")
            words = f"{shown} is not texted any more." if changed else f"{shown} was on the list."
        else:
            changed = suppression.remove(number, self.ports)
            words = f"{shown} may be texted again." if changed else f"{shown} is not on the list."
        self.show({"number": number, "changed": changed}, words, as_json=options["json"])
