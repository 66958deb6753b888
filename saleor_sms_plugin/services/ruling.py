"""What the law, and the owner's night, say about texting somebody now."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from zoneinfo import ZoneInfo

from ..domain import law, phone_numbers, quiet_hours, sender_ids
from ..domain.consent import MARKETING, Scope
from ..domain.law.hours import LOOK_AHEAD
from ..domain.opt_outs import OptOut
from ..domain.places import Place
from ..ports import Ports
from . import consent, door
from .channels import Channel


@dataclass(frozen=True)
class Ruling:
    """The rule of one place in one channel, at one instant."""

    place: Place
    channel: Channel
    now: dt.datetime

    @property
    def country(self) -> str:
        """ISO alpha-2: the address's, else the number's."""
        return self.place.country or phone_numbers.country_of(self.place.number)

    @cached_property
    def rule(self) -> law.Rule:
        return self.channel.config.law_at(self.place)

    @cached_property
    def zones(self) -> tuple[str, ...]:
        """Where the person may be; it must be day in all of them."""
        place = self.place
        return quiet_hours.zones_of(place.country, place.number, place.area, place.postal_code)

    @cached_property
    def next_offer(self) -> dt.datetime | None:
        """When an offer may go out, now or later; None where it may not at any time soon."""
        found = door.next_offer(self.now, self.rule, self.zones, self.channel.config.night)
        return found if found < self.now + LOOK_AHEAD else None

    @property
    def next_service_text(self) -> dt.datetime:
        """When a text that waits at night may go out, now or later."""
        return quiet_hours.next_allowed(self.now, self.zones, self.channel.config.night)

    @property
    def is_holiday(self) -> bool:
        """Somewhere where the person may be, offers rest today."""
        days = {self.now.astimezone(ZoneInfo(zone)).date() for zone in self.zones}
        return any(law.is_holiday(day, self.rule) for day in days)

    @property
    def needs(self) -> list[tuple[Scope, str, bool]]:
        """Per kind of offers: the least that a consent must rest on, and whether it counts only
        once it was confirmed."""
        return [
            (
                scope,
                consent.basis_needed(scope, self.rule),
                consent.needs_confirmation(scope, self.channel, self.rule),
            )
            for scope in MARKETING
        ]

    @property
    def is_allowed(self) -> bool:
        """The channel texts this country."""
        return self.country in self.channel.allowed_countries

    @property
    def sender(self) -> str:
        return self.channel.config.sender_for(self.country)

    @property
    def sender_problem(self) -> str:
        """Why a text from this sender does not arrive there, or what to do first; else ""."""
        if not self.sender:
            return ""
        refused = sender_ids.refusal(self.sender, self.country)
        return refused or sender_ids.notice(self.sender, self.country) or ""

    @property
    def opt_out(self) -> OptOut | None:
        """How an offer's reader can end them, None where there is no way, and so no offer."""
        return self.channel.config.opt_out(self.country)


def ruling(place: Place, channel: Channel, ports: Ports) -> Ruling:
    """The rule that applies to somebody at this place now."""
    return Ruling(place, channel, ports.clock.now())
