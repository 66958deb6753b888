from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from django.core.management.base import CommandParser

from saleor_sms_plugin.management.base import SmsCommand
from saleor_sms_plugin.services.metrics import Metrics, measure


class Command(SmsCommand):
    help = "Shows how the outbox and the provider accounts are doing."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--watch",
            type=float,
            metavar="SECONDS",
            help="show it again every so many seconds, until Ctrl-C",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        every = options["watch"]
        if not every:
            self._show(options)
            return
        with suppress(KeyboardInterrupt):
            while True:
                self._show(options)
                time.sleep(max(0.2, every))
                self.stdout.write("")

    def _show(self, options: Mapping[str, Any]) -> None:
        metrics = measure(self.ports)
        self.show(metrics, "\n".join(_lines(metrics)), as_json=options["json"])


def _lines(metrics: Metrics) -> list[str]:
    lines = [f"{metrics.at:%Y-%m-%d %H:%M:%S} UTC. {metrics.machinery}"]
    if not metrics.live:
        lines.append("Everything is held: this is a copied database. Save the plugin once.")
    lines += [
        f"to plan {metrics.to_plan}; due {metrics.due}, the oldest for "
        f"{metrics.oldest_due_seconds:.0f} s; waiting {metrics.waiting}; sending {metrics.sending}",
        f"sent {metrics.sent_last_minute} in the last minute, {metrics.sent_last_hour} in the last "
        f"hour{_prompt(metrics)}",
    ]
    if metrics.review_by is not None:
        one = metrics.to_review == 1
        lines.append(
            f"{metrics.to_review} {'reply waits' if one else 'replies wait'} for review, the first "
            f"until {metrics.review_by:%Y-%m-%d} (sms_replies --review)"
        )
    kept = [
        (metrics.webhooks_lost, "webhook requests that failed (sms_replay_webhook --failed)"),
        (metrics.webhooks_late, "webhook requests that wait for a worker"),
        (metrics.replies_late, "replies that could not be acted on yet"),
    ]
    lines += [f"{what}: {count}; each may be a stop" for count, what in kept if count]
    if metrics.box_faults:
        lines.append(metrics.box_faults.sentence)
    lines += [f"last day: {what} {count}" for what, count in metrics.ended_last_day.items()]
    lines += [line for account in metrics.accounts for line in _account(account)]
    return lines


def _prompt(metrics: Metrics) -> str:
    if metrics.prompt_share is None:
        return ""
    return f", {metrics.prompt_share:.1%} of them within 10 s of their time"


def _account(account: dict[str, Any]) -> list[str]:
    rate = "no limit" if account["rate"] is None else f"{account['rate']:g}/s"
    line = (
        f"account {account['account']} ({', '.join(account['channels'])}): {account['state']}, "
        f"{rate}, answers in {account['answer_seconds']} s"
    )
    if account["slowdown"] > 1:
        line += f", slowed down {account['slowdown']} times"
    return [line, f"  {account['why']} {account['detail']}".rstrip()] if account["why"] else [line]
