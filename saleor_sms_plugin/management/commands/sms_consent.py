from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from saleor_sms_plugin.domain import phone_numbers
from saleor_sms_plugin.domain.consent import EVERYTHING, MARKETING, Act, Basis, Scope
from saleor_sms_plugin.management.base import SmsCommand
from saleor_sms_plugin.services import ledger, opting, standing, suppression
from saleor_sms_plugin.services.channels import Channel, load
from saleor_sms_plugin.services.consent import when
from saleor_sms_plugin.services.ledger import Deed, Source

_ACTIONS = ("show", "give", "withdraw")
#: where no --scope is named
_SCOPES = {"give": MARKETING, "withdraw": EVERYTHING}


class Command(SmsCommand):
    help = (
        "Shows what one phone number agreed to, and puts down what its owner said to staff: give "
        "for a consent that can be proved, withdraw for a wish to get no more texts. The ledger is "
        "only added to."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("action", choices=_ACTIONS)
        parser.add_argument(
            "number", metavar="NUMBER",
            help="+48512345678, or without country code, of the channel's default country",
        )  # fmt: skip
        parser.add_argument("--channel", default="", help="in this channel alone, by its slug")
        parser.add_argument(
            "--scope", action="append", choices=[str(scope) for scope in Scope], default=None,
            help="may be given several times; without it give is for offers and cart reminders, "
            "withdraw for every text",
        )  # fmt: skip
        parser.add_argument("--wording", default="", help="give: what the person read or heard")
        parser.add_argument("--language", default="", help="of the wording, such as pl")
        parser.add_argument("--by", default="", metavar="NAME", help="who enters it; needed")

    def handle(self, *args: Any, **options: Any) -> None:
        number = self.number(options["number"], options["channel"])
        channel = self._channel(options["channel"])
        if options["action"] == "show":
            known = standing.of(number, self.ports, channel.id if channel else None)
            self.show(known, _words(number, known), as_json=options["json"])
            return
        if not options["by"]:
            raise CommandError("Say who enters it: --by NAME.")
        deed = Deed(
            number=number,
            scopes=[Scope(each) for each in options["scope"] or _SCOPES[options["action"]]],
            act=Act.GIVEN if options["action"] == "give" else Act.WITHDRAWN,
            basis=Basis.EXPRESS_WRITTEN if options["wording"] else Basis.EXPRESS,
            source=Source.STAFF, channel=channel, wording=options["wording"],
            language=options["language"][:35], staff=options["by"][:200],
        )  # fmt: skip
        with self.ports.shop.writer():
            if suppression.is_erased(number):
                raise CommandError(
                    f"{phone_numbers.mask(number)}: its owner asked to be forgotten, and it is "
                    "texted no more. Where they ask for texts again, first run: sms_suppressions "
                    "--remove NUMBER"
                )
            if deed.act is Act.GIVEN:
                ledger.put([deed], self.ports)
            else:
                opting.opt_out([deed], self.ports)
        result = {"number": number, "act": str(deed.act), "scopes": [str(s) for s in deed.scopes]}
        words = [f"{phone_numbers.mask(number)}: {deed.act} {', '.join(deed.scopes)}."]
        if deed.act is Act.GIVEN:
            words += self._missing(deed)
        self.show(result, "\n".join(words), as_json=options["json"])

    def _missing(self, deed: Deed) -> list[str]:
        """What is given now and still may not be sent, and why."""
        known = standing.of(deed.number, self.ports, deed.channel.id if deed.channel else None)
        return [
            f"{each.channel}, {each.scope}: {each.words}"
            for each in known.standings
            if each.scope in deed.scopes and not each.may
        ]

    def _channel(self, slug: str) -> Channel | None:
        if not (ids := self.channels(slug)):
            return None
        with self.ports.shop.writer():
            return load(self.ports, ids)[ids[0]]


def _words(number: str, known: standing.Known) -> str:
    lines = [phone_numbers.mask(number)]
    lines += [f"{each.channel}, {each.scope}: {each.words}" for each in known.standings]
    lines += [
        f"  {when(act.at, act.seen_at)} {act.act} {act.scope} in {act.channel or 'every channel'} "
        f"({act.source}{', by ' + act.staff if act.staff else ''})"
        + (f": {act.wording}" if act.wording else "")
        for act in known.acts
    ]
    return "\n".join(lines if known.acts else [*lines, "Nothing is on record."])
