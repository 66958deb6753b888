"""The channels' settings, read fresh per batch with one query and parsed once per content."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from zoneinfo import ZoneInfo

from ..config import SmsConfig, parse
from ..domain import quiet_hours
from ..models import Activation
from ..ports import ChannelConfiguration, Ports, Shop


@dataclass(frozen=True)
class Channel:
    """One channel: its stored row, its parsed settings, its countries."""

    stored: ChannelConfiguration
    config: SmsConfig
    shop: Shop

    @property
    def id(self) -> int:
        return self.stored.channel_id

    @property
    def slug(self) -> str:
        return self.stored.channel_slug

    def sends(self, event_name: str) -> bool:
        return self.stored.active and self.config.sends(event_name)

    @property
    def shop_name(self) -> str:
        """The setting, else the shop's own name."""
        return self.config.shop_name or self.stored.shop_name

    @property
    def default_country(self) -> str:
        return self.config.default_country or self.stored.default_country

    @cached_property
    def zone(self) -> ZoneInfo:
        """The shop's own time: the setting, else its country's where that has one, else UTC."""
        zones = quiet_hours.zones_of(self.default_country)
        return ZoneInfo(self.config.staff_timezone or (zones[0] if len(zones) == 1 else "UTC"))

    def midnight(self, now: dt.datetime) -> dt.datetime:
        """When the shop's day began."""
        return now.astimezone(self.zone).replace(hour=0, minute=0, second=0, microsecond=0)

    @property
    def staff_language(self) -> str:
        """The setting, else the main language of the channel's country, else English."""
        if self.config.staff_language:
            return self.config.staff_language
        from babel.core import get_global

        likely = str(get_global("likely_subtags").get(f"und_{self.default_country}", "en"))
        return likely.partition("_")[0]

    @cached_property
    def allowed_countries(self) -> frozenset[str]:
        """Never "all": the setting, else the channel's shipping zones."""
        if self.config.allowed_countries is not None:
            return self.config.allowed_countries
        return self.shop.shipping_countries(self.id)


def load(ports: Ports, channel_ids: Collection[int] | None = None) -> dict[int, Channel]:
    """The channels with a stored configuration, by id; all of them when None."""
    return {
        stored.channel_id: _channel(stored, ports.shop)
        for stored in ports.shop.configurations(channel_ids)
    }


def shared_country(channels: Iterable[Channel]) -> str:
    """The one country in which these channels read national numbers, "" where they differ."""
    countries = {each.default_country for each in channels} - {""}
    return countries.pop() if len(countries) == 1 else ""


def as_if_saved(channel: Channel, values: Mapping[str, object]) -> Channel:
    """The channel with these values of the form in the place of its own; nothing is stored."""
    stored = replace(channel.stored, values={**channel.stored.values, **values})
    return _channel(stored, channel.shop)


def _channel(stored: ChannelConfiguration, shop: Shop) -> Channel:
    config = parse(stored.values, environ=os.environ, channel_country=stored.default_country)
    return Channel(stored, config, shop)


def activations(channel_ids: Collection[int]) -> dict[tuple[int, str], Activation]:
    """Since when each event sends, by (channel id, event name)."""
    rows = Activation.objects.filter(channel_id__in=channel_ids)
    return {(row.channel_id, row.event_name): row for row in rows}
