"""What the commands share: ``--json`` for programs, words for people."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from decimal import Decimal
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import ProgrammingError

from .. import wiring
from ..domain import phone_numbers
from ..events.catalogue import EVENTS
from ..exceptions import InvalidRecipient
from ..ports import Order, Ports
from ..services import channels


class SmsCommand(BaseCommand):
    """A command that prints one result, as words or as JSON."""

    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print JSON for programs")

    def execute(self, *args: Any, **options: Any) -> Any:
        try:
            return super().execute(*args, **options)
        except ProgrammingError as error:
            raise CommandError(
                "The plugin's tables are missing or old. Run: "
                "python manage.py migrate saleor_sms_plugin"
            ) from error

    @property
    def ports(self) -> Ports:
        return wiring.ports()

    def show(self, result: Any, words: str, *, as_json: bool) -> None:
        """The result is printed, as the caller asked."""
        self.stdout.write(
            json.dumps(plain(result), indent=2, ensure_ascii=False) if as_json else words
        )

    def order(self, number_or_id: str) -> Order:
        with self.ports.shop.writer():
            found = self.ports.shop.find_orders(number_or_id)
        if not found:
            raise CommandError(
                f"No order {number_or_id!r}. Give the order's number as the dashboard shows it, "
                "or its id."
            )
        return found[0]

    def channels(self, slug: str) -> list[int] | None:
        """The channel's id, None where no slug is given; CommandError where it has no settings."""
        if not slug:
            return None
        with self.ports.shop.writer():
            known = {row.channel_slug: row.channel_id for row in self.ports.shop.configurations()}
        if slug not in known:
            raise CommandError(
                f"Channel {slug!r} has no settings. Channels that have: "
                f"{', '.join(known) or 'none yet'}."
            )
        return [known[slug]]

    def number(self, text: str, slug: str = "") -> str:
        """The E.164 form; a national number is read in the default country of the channel, of
        all channels where no slug is given. CommandError where it cannot be read, or where the
        channels have several."""
        ids = self.channels(slug)
        with self.ports.shop.writer():
            known = channels.load(self.ports, ids).values()
        countries = sorted({each.default_country for each in known} - {""})
        try:
            return phone_numbers.parse(text, countries[0] if len(countries) == 1 else "")
        except InvalidRecipient as error:
            several = f" Channels have several default countries ({', '.join(countries)})."
            raise CommandError(f"{error}{several if len(countries) > 1 else ''}") from error


def add_storm_arguments(parser: CommandParser) -> None:
    """``--channel`` and ``--event``, of what a storm holds."""
    parser.add_argument("--channel", default="", help="of this channel alone, by its slug")
    parser.add_argument(
        "--event", default="", choices=["", *EVENTS], metavar="EVENT",
        help="of this event alone, such as order_cancelled",
    )  # fmt: skip


def plain(value: Any) -> Any:
    """The value as JSON can hold it: dataclasses as objects, instants in ISO 8601."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(each) for each in value]
    if isinstance(value, dt.datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value
