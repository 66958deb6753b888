"""The effective configuration of every channel, and what is missing: ``sms_check``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..config import mask, notices
from ..events.catalogue import CATALOGUE
from ..ports import Ports
from . import installation, status
from .channels import Channel, activations, load


@dataclass(frozen=True, kw_only=True)
class ChannelOverview:
    """One channel as it works now; secrets are masked."""

    channel: str
    active: bool
    ready: bool
    missing: tuple[str, ...]
    problems: tuple[str, ...]
    notices: tuple[str, ...]
    values: dict[str, Any]  #: what was stored and is not empty, beside texts and checkboxes
    allowed_countries: tuple[str, ...]
    events: dict[str, str]  #: event → "off", or since when it sends


@dataclass(frozen=True, kw_only=True)
class Overview:
    """The installation and its channels."""

    live: bool  #: False: a copied database, everything is held
    machinery: str
    channels: tuple[ChannelOverview, ...]

    @property
    def ok(self) -> bool:
        """Every active channel can send."""
        return self.live and all(c.ready for c in self.channels if c.active)


def overview(ports: Ports) -> Overview:
    """What is configured, read only."""
    with ports.shop.writer():
        channels = load(ports)
        active = activations(channels.keys())
        return Overview(
            live=installation.is_same(ports),
            machinery=status.machinery(ports),
            channels=tuple(_channel(channel, active) for channel in channels.values()),
        )


def _channel(channel: Channel, active: Any) -> ChannelOverview:
    config = channel.config
    missing = status.missing_of(channel)
    values = mask(channel.stored.values)
    plain = {
        name: value
        for name, value in values.items()
        if value not in ("", None) and not name.startswith("send_")
    }
    since = {
        spec.name: row.active_since if (row := active.get((channel.id, spec.name))) else None
        for spec in CATALOGUE
    }
    return ChannelOverview(
        channel=channel.slug,
        active=channel.stored.active,
        ready=not missing,
        missing=tuple(missing),
        problems=tuple(problem.message for problem in config.problems),
        notices=notices(config, channel.allowed_countries),
        values=plain,
        allowed_countries=tuple(sorted(channel.allowed_countries)),
        events={
            name: f"on since {at:%Y-%m-%d %H:%M} UTC" if at else "off" for name, at in since.items()
        },
    )
