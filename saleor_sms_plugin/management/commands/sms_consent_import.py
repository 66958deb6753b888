from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from saleor_sms_plugin.domain import phone_numbers
from saleor_sms_plugin.exceptions import InvalidInput
from saleor_sms_plugin.management.base import SmsCommand
from saleor_sms_plugin.management.progress import progress
from saleor_sms_plugin.services.channels import load
from saleor_sms_plugin.services.consent_files import TakenIn, take_in, terms_of
from saleor_sms_plugin.services.consent_rows import COLUMNS


class Command(SmsCommand):
    help = (
        "Takes consents or opt-outs from a CSV file into the ledger, each once however often "
        f"the file is brought. Columns: {', '.join(COLUMNS)}. A consent needs given_at, source, "
        "wording and this shop's name, in shop or in the wording; an opt-out needs its phone "
        "only. Lines that cannot be taken are written to FILE.rejected.csv with the reason, and "
        "the command ends with 1. Imported people are never asked to confirm."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", metavar="FILE", type=Path)
        parser.add_argument(
            "--opt-outs", action="store_true",
            help="every line is an opt-out; a list of numbers is enough",
        )  # fmt: skip
        parser.add_argument(
            "--channel", default="", help="for this channel (its slug); default: every channel"
        )
        parser.add_argument(
            "--country", default="", type=str.upper,
            help="of numbers without a country code, such as PL; default: the channel's",
        )  # fmt: skip
        parser.add_argument("--by", default="", metavar="NAME", help="who brings the file")
        parser.add_argument("--encoding", default="", help="such as cp1250; default: found out")
        parser.add_argument("--check", action="store_true", help="only look; store no consent")

    def handle(self, *args: Any, **options: Any) -> None:
        country, path = options["country"], options["file"]
        if country and not phone_numbers.is_valid_region(country):
            raise CommandError(f"--country {country!r} is no country. Write two letters: PL.")
        try:
            terms = terms_of(
                self.ports, channel=self._channel(options["channel"]),
                opt_outs=options["opt_outs"], country=country, by=options["by"],
            )  # fmt: skip
            with progress(path.name, path.stat().st_size, self.stderr) as watch:
                taken = take_in(
                    path, terms, self.ports, encoding=options["encoding"],
                    store=not options["check"], watch=watch,
                )  # fmt: skip
        except (InvalidInput, OSError) as error:
            raise CommandError(str(error)) from error
        self.show(taken, _words(taken, stored=not options["check"]), as_json=options["json"])
        if taken.refused:
            raise CommandError(
                f"{taken.refused} of {taken.lines} lines were refused: see {taken.refused_file}",
                returncode=1,
            )

    def _channel(self, slug: str) -> Any:
        if not (ids := self.channels(slug)):
            return None
        with self.ports.shop.writer():
            return load(self.ports, ids)[ids[0]]


def _words(taken: TakenIn, *, stored: bool) -> str:
    kept = "are in the ledger" if stored else "would be in the ledger"
    words = (
        f"{taken.lines} lines: {taken.lines - taken.refused} taken, {taken.refused} refused. "
        f"{taken.acts} acts {kept}, {taken.new} of them new."
    )
    if taken.undated:
        words += (
            f"\n{taken.undated} opt-outs name no day: they hold from now on, also where the person "
            "opted in again since the list was made."
        )
    if taken.ignored:
        words += f"\nColumns that were not read: {', '.join(taken.ignored)}."
    return words
