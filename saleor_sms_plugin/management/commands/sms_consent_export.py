from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from typing import Any, TextIO

from django.core.management.base import CommandError, CommandParser

from saleor_sms_plugin.management.base import SmsCommand
from saleor_sms_plugin.services.consent_files import given_out, write_csv


class Command(SmsCommand):
    help = (
        "Writes the ledger of consents and opt-outs, or one number's part of it, as evidence: "
        "CSV that a spreadsheet does not run, and that sms_consent_import reads."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", metavar="FILE", nargs="?", default="-", help="default: -")
        parser.add_argument("--number", default="", help="of this phone alone: +48512345678")
        parser.add_argument("--bom", action="store_true", help="mark the file as UTF-8, for Excel")

    def handle(self, *args: Any, **options: Any) -> None:
        acts = given_out(self.ports, self._number(options["number"]))
        write = _write_json if options["json"] else write_csv
        if options["file"] == "-":
            if options["bom"]:
                self.stdout.write("\ufeff", ending="")
            write(acts, self.stdout)  # type: ignore[arg-type]
            return
        encoding = "utf-8-sig" if options["bom"] else "utf-8"
        try:
            with open(options["file"], "w", encoding=encoding, newline="", opener=_private) as file:
                count = write(acts, file)
        except OSError as error:
            raise CommandError(str(error)) from error
        self.stderr.write(f"{count} acts are in {options['file']}")

    def _number(self, text: str) -> str:
        try:
            return self.number(text) if text else ""
        except CommandError as error:
            raise CommandError(f"--number: {error}") from error


def _write_json(acts: Iterable[Mapping[str, str]], file: TextIO) -> int:
    """A JSON array, one act a line."""
    count = 0
    file.write("[\n")
    for count, act in enumerate(acts, start=1):
        file.write(f"{',' if count > 1 else ''}{json.dumps(act, ensure_ascii=False)}\n")
    file.write("]\n")
    return count


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, mode=0o600)
