from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from saleor_sms_plugin.domain import segments
from saleor_sms_plugin.exceptions import InvalidInput
from saleor_sms_plugin.management.base import SmsCommand
from saleor_sms_plugin.services import reviews
from saleor_sms_plugin.services.reviews import Reply, Resolution

LATEST = 20


class Command(SmsCommand):
    help = (
        "Lists what customers wrote to the shop's numbers. --review lists what staff should read: "
        "texts that sound like an opt-out and are none of the keywords. Their writers get no more "
        "such texts until resolve says what was meant."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--review", action="store_true", help="only what waits for staff")
        actions = parser.add_subparsers(dest="action", metavar="resolve")
        resolve = actions.add_parser("resolve", help="decide about a text that waits for staff")
        resolve.add_argument("id", type=int, help="as --review shows it")
        resolve.add_argument(
            "resolution", choices=list(Resolution),
            help="opt-out: no more such texts; keep: it was no opt-out, texts go on",
        )  # fmt: skip
        resolve.add_argument("--by", required=True, metavar="NAME", help="who decided")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["action"]:
            self._resolve(options)
            return
        if options["review"]:
            rows = reviews.to_review(self.ports)
            one = len(rows) == 1
            head = f"{len(rows)} {'reply waits' if one else 'replies wait'} for review"
        else:
            rows = reviews.latest(self.ports, LATEST)
            head = f"The last {len(rows)} replies"
        words = "\n".join([head, *(_line(row) for row in rows)])
        self.show(rows, words, as_json=options["json"])

    def _resolve(self, options: dict[str, Any]) -> None:
        resolution = Resolution(options["resolution"])
        try:
            row = reviews.resolve(options["id"], resolution, options["by"], self.ports)
        except InvalidInput as error:
            raise CommandError(str(error)) from error
        words = {
            Resolution.OPT_OUT: f"Reply {row.id} was an opt-out: no more such texts.",
            Resolution.KEEP: f"Reply {row.id} was no opt-out: what it held goes on.",
        }
        self.show(row, words[resolution], as_json=options["json"])


def _line(row: Reply) -> str:
    until = f", until {row.review_by:%Y-%m-%d}" if row.review_by and not row.resolution else ""
    what = f"{row.meaning or 'not read yet'}{until}{row.resolution and f', {row.resolution}'}"
    # Somebody else's words: nothing in them reaches the terminal but letters.
    return (
        f"{row.id} {row.at:%Y-%m-%d %H:%M} {row.number or 'erased'} ({what}): "
        f"{segments.clean(row.body)}"
    )
