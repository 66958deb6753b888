from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from saleor_sms_plugin.management.base import SmsCommand
from saleor_sms_plugin.services import webhooks


class Command(SmsCommand):
    help = (
        "Verifies and processes stored webhook requests anew: these ids, or with --failed all "
        "that were refused or failed. Use it after mending the signature secret. Requests are "
        "kept for 14 days, those that failed until they are processed or given up: each may hold "
        "a stop."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("ids", nargs="*", type=int, metavar="ID", help="a request's number")
        parser.add_argument("--failed", action="store_true", help="all refused and failed ones")
        parser.add_argument(
            "--give-up", action="store_true", help="delete these refused or failed requests"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        ids, failed = options["ids"], options["failed"]
        if bool(ids) == failed:
            raise CommandError("Give the numbers of the requests, or --failed.")
        if options["give_up"]:
            if failed:
                raise CommandError("Give up by number: --give-up ID …")
            self._give_up(ids, as_json=options["json"])
            return
        rows = webhooks.replay(None if failed else ids, self.ports)
        if missing := sorted(set(ids) - {row.pk for row in rows}):
            raise CommandError(f"No webhook request {', '.join(map(str, missing))} is stored.")
        result = [{"id": row.pk, "status": row.status, "error": row.error} for row in rows]
        lines = [f"{row.pk}: {row.status} {row.error}".rstrip() for row in rows]
        words = "\n".join(lines) or "No webhook request was refused or failed."
        self.show(result, words, as_json=options["json"])

    def _give_up(self, ids: list[int], *, as_json: bool) -> None:
        gone = webhooks.give_up(ids, self.ports)
        if missing := sorted(set(ids) - set(gone)):
            raise CommandError(
                f"No request {', '.join(map(str, missing))} was refused or failed; others are not "
                "given up."
            )
        self.show({"given_up": gone}, f"Given up: {', '.join(map(str, gone))}.", as_json=as_json)
