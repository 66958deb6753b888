from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from saleor_sms_plugin.management.base import SmsCommand
from saleor_sms_plugin.services.overview import ChannelOverview, overview


class Command(SmsCommand):
    help = (
        "Prints the effective configuration of every channel, secrets masked, and what is "
        "missing. Ends with 1 where an active channel cannot send."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--channel", help="only this channel (its slug)")

    def handle(self, *args: Any, **options: Any) -> None:
        result = overview(self.ports)
        chosen = [c for c in result.channels if options["channel"] in (None, c.channel)]
        lines = [result.machinery]
        if not result.live:
            lines.append("Everything is held: this is a copied database. Save the plugin once.")
        if not chosen:
            lines.append("No channel has stored settings. Save the plugin in the dashboard first.")
        lines += [line for channel in chosen for line in _lines(channel)]
        shown = {
            "ok": result.ok, "live": result.live, "machinery": result.machinery, "channels": chosen
        }  # fmt: skip
        self.show(shown, "\n".join(lines), as_json=options["json"])
        if not result.ok:
            raise CommandError("An active channel cannot send; see above.", returncode=1)


def _lines(channel: ChannelOverview) -> list[str]:
    state = "active" if channel.active else "not active"
    ready = "ready" if channel.ready else f"missing: {', '.join(channel.missing)}"
    lines = ["", f"Channel {channel.channel}: {state}, {ready}"]
    lines += [f"  {name} = {value}" for name, value in channel.values.items()]
    lines.append(f"  texts go to: {', '.join(channel.allowed_countries) or 'no country'}")
    lines += [f"  {name}: {state}" for name, state in channel.events.items()]
    lines += [f"  problem: {problem}" for problem in channel.problems]
    lines += [f"  note: {notice}" for notice in channel.notices]
    return lines
