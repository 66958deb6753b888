"""What a person says about consent in the storefront: put down, and asked for from the phone.

Nobody's phone is flooded through the forms of a shop: requests are counted by visitor and by
number, and whoever asks learns nothing about the number.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.db import transaction
from django.db.models import F
from django.utils.crypto import salted_hmac

from ..domain.consent import Act, Basis, Scope
from ..models import OptInAsk
from ..models.once import insert_once
from ..ports import Ports
from . import double_opt_in, ledger, opting, recipients
from .channels import Channel
from .ledger import Deed, Source

A_DAY = dt.timedelta(days=1)
AN_HOUR = dt.timedelta(hours=1)
MOST_OF_VISITOR = 10  #: requests within an hour
MOST_FOR_NUMBER = 3  #: within a day, in all channels together


@dataclass(frozen=True, kw_only=True)
class Saying:
    """What one person said, or staff for them."""

    number: str  #: E.164
    scopes: Sequence[Scope]
    channel: Channel | None = None  #: None: every channel
    wording: str = ""
    language: str = ""
    address: str = ""  #: of the visitor; "" where somebody else's server asks
    staff: str = ""  #: who entered it; "": the person themselves

    def deed(self, act: Act) -> Deed:
        return Deed(
            number=self.number, scopes=self.scopes, act=act,
            source=Source.STAFF if self.staff else Source.STOREFRONT,
            basis=Basis.EXPRESS_WRITTEN if self.wording else Basis.EXPRESS,
            channel=self.channel, wording=self.wording, language=self.language[:35],
            ip=ip_of(self.address), staff=self.staff[:200],
        )  # fmt: skip


def put(saying: Saying, act: Act, ports: Ports) -> None:
    """The act is in the ledger; what it refuses and waits has ended."""
    deed = saying.deed(act)
    with ports.shop.writer(), transaction.atomic():
        if act is Act.WITHDRAWN:
            opting.opt_out([deed], ports)
        else:
            ledger.put([deed], ports)


def request(saying: Saying, ports: Ports) -> bool:
    """The person is asked from the phone itself, where what they said needs it; False where the
    visitor asked too often.

    True says nothing about the number: not whether it can be texted, was asked before or agreed.
    """
    now, channel = ports.clock.now(), saying.channel
    if channel is None:
        raise ValueError("A request is made in one channel.")
    with ports.shop.writer(), transaction.atomic():
        if saying.address and not _take(saying.address, AN_HOUR, MOST_OF_VISITOR, now):
            return False
        if not _take(saying.number, A_DAY, MOST_FOR_NUMBER, now):
            return True
        given = replace(saying.deed(Act.GIVEN), at=now, source=Source.STOREFRONT)
        ledger.put([given], ports)
        person = recipients.of_number(saying.number, channel)
        if person.number:
            double_opt_in.ask([given], person, saying.language, channel, ports)
        transaction.on_commit(ports.wake.nudge)
    return True


def forget_asks(ports: Ports) -> None:
    """Requests of spans that are over leave no trace."""
    OptInAsk.objects.filter(since__lt=_span(ports.clock.now(), A_DAY)).delete()


def _take(whose: str, span: dt.timedelta, most: int, now: dt.datetime) -> bool:
    """One request more is counted; False where there were as many as may be."""
    key = salted_hmac("saleor_sms_plugin.opt_in", whose, algorithm="sha256").hexdigest()
    row = {"key": key, "since": _span(now, span)}
    room = OptInAsk.objects.filter(**row, count__lt=most)
    more = {"count": F("count") + 1}
    return bool(room.update(**more)) or insert_once(OptInAsk(**row)) or bool(room.update(**more))


def _span(now: dt.datetime, span: dt.timedelta) -> dt.datetime:
    seconds = span.total_seconds()
    return dt.datetime.fromtimestamp(now.timestamp() // seconds * seconds, dt.UTC)


def ip_of(text: str) -> str | None:
    """The address as the ledger keeps it, None where it is none."""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None
