"""What is stored: the shop's events, the outbox, every call to a provider, what came back.

Rows hold ids of the shop, never foreign keys into it: its migrations and deletions stay its own.
"""

from .cart import CartSweep, Recovery
from .consent import ConsentBox, ConsentEntry, ErasedNumber, SurveyScore
from .daily_count import CountedDay, DailyCount
from .delivery_receipt import DeliveryReceipt
from .inbound_message import InboundMessage
from .installation import Activation, Installation
from .link import Link, WrongToken
from .message import Message, SendAttempt
from .opt_in_ask import OptInAsk
from .position import Position
from .provider_account import ProviderAccount
from .shop_event import ShopEvent
from .storm import BusyHour, Storm
from .suppressed_number import SuppressedNumber
from .throttle import Throttle
from .webhook_request import WebhookRequest

__all__ = [
    "Activation",
    "BusyHour",
    "CartSweep",
    "ConsentBox",
    "ConsentEntry",
    "CountedDay",
    "DailyCount",
    "DeliveryReceipt",
    "ErasedNumber",
    "InboundMessage",
    "Installation",
    "Link",
    "Message",
    "OptInAsk",
    "Position",
    "ProviderAccount",
    "Recovery",
    "SendAttempt",
    "ShopEvent",
    "Storm",
    "SuppressedNumber",
    "SurveyScore",
    "Throttle",
    "WebhookRequest",
    "WrongToken",
]
