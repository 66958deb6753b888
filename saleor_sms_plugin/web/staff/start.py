"""The first page: what is still missing until texts arrive, and the forms that mend it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ...domain import sender_ids
from ...providers import known_providers, provider_class
from ...services import addresses
from ...services.first_steps import State, Step, first_steps
from ...services.test_text import try_test
from ..graphql.ids import global_id
from .visit import Part, Visit

_SIGNS = {State.DONE: "✓", State.OPEN: "!", State.WAITS: "…", State.NONE: "-"}


@dataclass(frozen=True, kw_only=True)
class Line:
    """One step as it is shown."""

    step: Step
    title: str
    state: str  #: in words
    help: str  #: what to do, "" where it is done

    @property
    def sign(self) -> str:
        return _SIGNS[self.step.state]


def show(visit: Visit) -> Part:
    """The channel's checklist."""
    channel, words = visit.channel, visit.words
    steps = first_steps(channel, visit.ports)
    stored = channel.stored.values
    real = [name for name in known_providers() if provider_class(name).is_real]
    webhook = addresses.path_of(channel.id, visit.ports)
    open_steps = {step.name for step in steps if step.state is State.OPEN}
    return Part(
        template="start.html",
        context={
            "channel": channel.slug,
            "channel_id": global_id("Channel", channel.id),
            "channels": [each.slug for each in visit.channels.values()],
            "lines": [_line(step, words) for step in steps],
            "done": sum(step.state in (State.DONE, State.NONE) for step in steps),
            "steps": len(steps),
            "open": open_steps,
            "providers": real,
            "provider": str(stored.get("provider") or ""),
            "api_key": str(stored.get("api_key") or ""),
            "sender_id": str(stored.get("sender_id") or ""),
            "suggested": sender_ids.suggestion(channel.shop_name),
            "active": channel.stored.active,
            "webhook": visit.ports.shop.absolute(webhook) if webhook else "",
        },
    )


def _line(step: Step, words: Mapping[str, str]) -> Line:
    settled = step.state in (State.DONE, State.NONE)
    return Line(
        step=step,
        title=words[f"step_{step.name}"],
        state=words[f"state_{step.state}"],
        help="" if settled else words[f"help_{step.name}"],
    )


def send(visit: Visit) -> Part:
    """A test text was tried; the page says what became of it."""
    try_test(visit.text("number"), visit.channel.id, visit.ports)
    return show(visit)
