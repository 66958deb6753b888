from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import CommandError, CommandParser

from saleor_sms_plugin.domain import phone_numbers
from saleor_sms_plugin.management.base import SmsCommand
from saleor_sms_plugin.services.person import Known, forget_number, known_of, numbers_of


class Command(SmsCommand):
    help = (
        "export: prints everything stored about a phone number, or about the numbers of an "
        "e-mail address. erase: no stored row names them any more, and no text goes to them "
        "(sms_suppressions --remove NUMBER lets texts go again)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("action", choices=("export", "erase"))
        parser.add_argument(
            "person", metavar="NUMBER|EMAIL",
            help="a phone in international form, +48512345678, or an e-mail address: the phones "
            "of its account's, orders' and checkouts' addresses",
        )  # fmt: skip
        parser.add_argument("--yes", action="store_true", help="erase without asking")

    def handle(self, *args: Any, **options: Any) -> None:
        known = [known_of(number, self.ports) for number in self._numbers(options["person"])]
        if options["action"] == "export":
            words = "\n".join(line for each in known for line in _lines(each))
            self.show(known, words or "Nobody is known by that.", as_json=options["json"])
            return
        self._erase(known, options)

    def _numbers(self, person: str) -> list[str]:
        if "@" in person:
            return numbers_of(person.strip(), self.ports)
        return [self.number(person)]

    def _erase(self, known: list[Known], options: dict[str, Any]) -> None:
        if not known:
            raise CommandError(
                "No phone number is on an address of this e-mail's account, orders or "
                "checkouts. Nothing was erased."
            )
        if not options["yes"]:
            self._ask(known)
        done = {each.number: forget_number(each.number, self.ports) for each in known}
        lines = [
            f"Erased: {what.texts} texts no longer name {phone_numbers.mask(number)}."
            + (f" {what.left} are being sent right now: erase again." if what.left else "")
            for number, what in done.items()
        ]
        result = [
            {"number": phone_numbers.mask(number), "erased": what.texts, "left": what.left}
            for number, what in done.items()
        ]
        self.show(result, "\n".join(lines), as_json=options["json"])

    def _ask(self, known: list[Known]) -> None:
        """CommandError unless somebody at the terminal agrees."""
        if not sys.stdin.isatty():
            raise CommandError("Nobody is there to be asked: add --yes. Nothing was erased.")
        for each in known:
            self.stderr.write(
                f"{each.number}: {len(each.texts)} texts, {len(each.replies)} replies, "
                f"{len(each.acts)} acts of consent"
            )
        self.stderr.write("An address of a gift may hold its receiver's number.")
        if input("Erase all of this for good? [y/N] ").strip().lower() not in ("y", "yes"):
            raise CommandError("Nothing was erased.")


def _lines(known: Known) -> list[str]:
    """Everything, one line each, as people read it."""
    shown = phone_numbers.mask(known.number)
    return [
        f"{len(known.texts)} texts to {shown}",
        *(
            f"{text.at:%Y-%m-%d %H:%M} {text.channel} order {text.order or '-'} {text.event}: "
            + " ".join(part for part in (text.status, text.why, text.body) if part)
            for text in known.texts
        ),
        f"{len(known.links)} links",
        *(
            f"{link.at:%Y-%m-%d %H:%M} {link.kind} order {link.order or '-'}"
            + (f": opened {link.clicked_at:%Y-%m-%d %H:%M}" if link.clicked_at else "")
            for link in known.links
        ),
        f"{len(known.replies)} replies from {shown}",
        *(f"{each.at:%Y-%m-%d %H:%M} to {each.recipient}: {each.body}" for each in known.replies),
        f"{len(known.acts)} acts of consent",
        *(
            f"{act.at:%Y-%m-%d %H:%M} {act.channel or 'every channel'} {act.scope} {act.act} "
            f"({', '.join(filter(None, (act.source, act.basis, act.language, act.ip)))}): "
            f"{act.wording}".rstrip(": ")
            for act in known.acts
        ),
        f"{len(known.scores)} answers to surveys",
        *(
            f"{each.at:%Y-%m-%d %H:%M} order {each.order or '-'}: {each.score}"
            for each in known.scores
        ),
        f"{len(known.boxes)} boxes of a storefront",
        *(
            f"{box.at:%Y-%m-%d %H:%M} {box.source}: "
            + phone_numbers.conceal(
                ", ".join(f"{name} = {value}" for name, value in box.values.items()), known.number
            )
            for box in known.boxes
        ),
        f"{len(known.receipts)} reports of the provider",
        *(
            f"{each.at:%Y-%m-%d %H:%M} "
            + " ".join(filter(None, (each.status, each.code, each.network, each.detail)))
            for each in known.receipts
        ),
        f"{len(known.requests)} requests of the provider as they came",
        *(
            f"{each.at:%Y-%m-%d %H:%M} "
            + phone_numbers.conceal(f"{each.query} {each.body}".strip(), known.number)
            for each in known.requests
        ),
        *([f"Not texted: {known.not_texted}"] if known.not_texted else []),
    ]
