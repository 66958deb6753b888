"""Every page and part, with what one must be allowed to see it.

What is searched for is sent as a form: no phone number stands in an address or an access log.
"""

from __future__ import annotations

from ...callers import Caller, Permission
from . import dry_runs, health, messages, orders, overview, persons, replies, start, storms, texts
from .visit import Room

ORDERS, PLUGINS, USERS = (
    Permission.MANAGE_ORDERS, Permission.MANAGE_PLUGINS, Permission.MANAGE_USERS,
)  # fmt: skip

ROOMS: tuple[Room, ...] = (
    Room(path="start", permission=PLUGINS, show=start.show, menu="start"),
    Room(path="start/test", permission=PLUGINS, act=start.send),
    Room(path="overview", permission=ORDERS, show=overview.show, menu="overview"),
    Room(
        path="messages", permission=ORDERS, show=messages.show, act=messages.show, menu="messages"
    ),
    Room(path=r"messages/(?P<key>\d{1,18})", permission=ORDERS, show=messages.one),
    Room(path=r"messages/(?P<key>\d{1,18})/retry", permission=ORDERS, act=messages.retry),
    Room(path=r"messages/(?P<key>\d{1,18})/cancel", permission=ORDERS, act=messages.cancel),
    Room(path=r"messages\.csv", permission=ORDERS, act=messages.export),
    Room(path="order", permission=ORDERS, show=orders.show, menu="order"),
    Room(path="replies", permission=ORDERS, show=replies.show, menu="replies"),
    Room(path=r"replies/(?P<key>\d{1,18})", permission=ORDERS, act=replies.resolve),
    Room(path="held", permission=ORDERS, show=storms.show, act=storms.decide, menu="held"),
    Room(path="person", permission=USERS, show=persons.show, act=persons.show, menu="person"),
    Room(path="person/say", permission=USERS, act=persons.say),
    Room(path="texts", permission=PLUGINS, show=texts.show, menu="texts"),
    Room(path=r"texts/(?P<name>[a-z_]{1,64})", permission=PLUGINS, show=texts.edit),
    Room(path=r"texts/(?P<name>[a-z_]{1,64})/preview", permission=PLUGINS, act=texts.preview),
    Room(path=r"texts/(?P<name>[a-z_]{1,64})/dry-run", permission=PLUGINS, act=dry_runs.show),
    Room(path="health", permission=PLUGINS, show=health.show, menu="health"),
)

#: The bare address: the first page of the menu that the caller may open.
HOME = Room(path="", permission=PLUGINS)


def menu(caller: Caller) -> list[str]:
    """The pages that the caller may open, by the words for them."""
    return [room.menu for room in ROOMS if room.menu and caller.may(room.permission)]
