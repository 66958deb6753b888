from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from saleor_sms_plugin.domain import phone_numbers
from saleor_sms_plugin.exceptions import InvalidRecipient
from saleor_sms_plugin.management.base import SmsCommand
from saleor_sms_plugin.services.person import forget_number, replies_from, texts_to


class Command(SmsCommand):
    help = "Shows everything stored about one phone number, or erases it with --erase."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("number", help="the phone in international form: +48512345678")
        parser.add_argument("--erase", action="store_true", help="erase instead of showing")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            number = phone_numbers.parse(options["number"], "")
        except InvalidRecipient as error:
            raise CommandError(str(error)) from error
        shown = phone_numbers.mask(number)
        if options["erase"]:
            count = forget_number(number, self.ports)
            words = f"Erased: {count} texts no longer name {shown}."
            self.show({"number": shown, "erased": count}, words, as_json=options["json"])
            return
        texts = texts_to(number, self.ports)
        replies = replies_from(number, self.ports)
        lines = [f"{len(texts)} texts to {shown}"]
        lines += [
            f"{text.at:%Y-%m-%d %H:%M} {text.channel} order {text.order or '-'} {text.event}: "
            + " ".join(part for part in (text.status, text.why, text.body) if part)
            for text in texts
        ]
        lines.append(f"{len(replies)} replies from {shown}")
        lines += [f"{each.at:%Y-%m-%d %H:%M} to {each.recipient}: {each.body}" for each in replies]
        result = {"number": number, "texts": texts, "replies": replies}
        self.show(result, "\n".join(lines), as_json=options["json"])
