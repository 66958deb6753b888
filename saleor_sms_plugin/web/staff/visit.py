"""Who asks for which part of which page, and what such a part is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.http import HttpResponse

from ...callers import Caller, Permission
from ...exceptions import InvalidInput
from ...ports import Ports
from ...services.channels import Channel, load
from .words import WORDS


@dataclass(frozen=True, kw_only=True)
class Visit:
    """One request for a part of a page."""

    caller: Caller
    ports: Ports
    language: str  #: of ``WORDS``
    asked: Mapping[str, str]  #: the address's fields, or the form's

    @property
    def words(self) -> Mapping[str, str]:
        return WORDS[self.language]

    @cached_property
    def channels(self) -> dict[int, Channel]:
        """The caller's, by id, in the order of their slugs."""
        found = load(self.ports)
        seen = [channel for channel in found.values() if self.caller.sees(channel.id)]
        return {channel.id: channel for channel in sorted(seen, key=lambda each: each.slug)}

    def text(self, name: str) -> str:
        """What was asked, "" where nothing was."""
        return self.asked.get(name, "").strip()

    @property
    def channel(self) -> Channel:
        """The one asked for, else the first that is active, else the first.

        Raises InvalidInput where the caller has none, or not that one.
        """
        slug = self.text("channel")
        found = [each for each in self.channels.values() if slug in ("", each.slug)]
        if not found:
            raise InvalidInput(self.words["no_channel"])
        return next((each for each in found if each.stored.active), found[0])


@dataclass(frozen=True, kw_only=True)
class Part:
    """What is shown: a template and what it is filled with."""

    template: str
    context: Mapping[str, Any] = field(default_factory=dict)
    status: int = 200


Answer = Part | HttpResponse
Show = Callable[..., Answer]  #: of the visit and what its path names


@dataclass(frozen=True, kw_only=True)
class Room:
    """What answers under one path."""

    path: str  #: a regular expression of what follows the plugin's path
    permission: Permission
    show: Show | None = None  #: GET
    act: Show | None = None  #: POST
    menu: str = ""  #: its word in the menu, where it stands there; that is its path, too
