"""What is stored: the shop's events, the outbox, every call to a provider, and two small ledgers.

Rows hold ids of the shop, never foreign keys into it: its migrations and deletions stay its own.
"""

from .installation import Activation, Installation
from .message import Message, SendAttempt
from .shop_event import ShopEvent

__all__ = ["Activation", "Installation", "Message", "SendAttempt", "ShopEvent"]
