"""What a person says about consent in the storefront: put down, and asked for from the phone.

Nobody's phone is flooded through the forms of a shop: requests are counted by account, by visitor
and by number, and whoever asks learns nothing about the number.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import uuid4

from django.db import transaction
from django.utils.crypto import salted_hmac

from ..domain import ip_addresses
from ..domain.consent import Act, Basis, Scope
from ..domain.spans import A_DAY, AN_HOUR
from ..models import ConsentEntry, OptInAsk
from ..models.counting import count_one, span_of
from ..ports import Ports
from . import double_opt_in, ledger, opting, recipients
from .channels import Channel
from .ledger import Deed, Source

MOST_OF_VISITOR = 10  #: requests, or acts, within an hour: of an account, and of an address
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
    source: Source = Source.STOREFRONT
    staff: str = ""  #: who entered it; "": the person themselves
    account: str = ""  #: of the customer whose token it came with: it proves no number

    def deed(self, act: Act, now: dt.datetime) -> Deed:
        # What a customer's own client calls the wording proves nothing: the confirmation does.
        proved = self.wording and not self.account
        return Deed(
            number=self.number, scopes=self.scopes, act=act,
            source=self.source, at=now,
            basis=Basis.EXPRESS_WRITTEN if proved else Basis.EXPRESS,
            key=f"{acts_of(self.account)}{uuid4()}" if self.account else "",
            channel=self.channel, wording=self.wording, language=self.language[:35],
            ip=ip_of(self.address), staff=self.staff[:200],
        )  # fmt: skip


def acts_of(account: str) -> str:
    """How the keys of this customer's own acts begin."""
    return f"account:{account}:"


def put(saying: Saying, act: Act, ports: Ports) -> bool:
    """The act is in the ledger; what it refuses and waits has ended. Of a customer what is said
    already is not put down again; False where they said too much within the hour."""
    now = ports.clock.now()
    with ports.shop.writer(), transaction.atomic():
        if saying.account:
            if not _take(f"acts:{saying.account}", AN_HOUR, MOST_OF_VISITOR, now):
                return False
            saying = replace(saying, scopes=[s for s in saying.scopes if _is_new(s, act, saying)])
        deed = saying.deed(act, now)
        if act is Act.WITHDRAWN:
            opting.opt_out([deed], ports)
        else:
            ledger.put([deed], ports)
    return True


def _is_new(scope: Scope, act: Act, saying: Saying) -> bool:
    """Whether it is not what the newest act about these texts says."""
    rows = ConsentEntry.objects.filter(number=saying.number, scope=scope)
    last = rows.order_by("-occurred_at", "-pk").values_list("act", "channel_id").first()
    return last != (act, saying.channel.id if saying.channel else None)


def request(saying: Saying, ports: Ports) -> bool:
    """The person is asked from the phone itself, where what they said needs it; False where the
    visitor asked too often.

    True says nothing about the number: not whether it can be texted, was asked before or agreed.
    """
    now, channel = ports.clock.now(), saying.channel
    if channel is None:
        raise ValueError("A request is made in one channel.")
    with ports.shop.writer(), transaction.atomic():
        if not all(_take(each, AN_HOUR, MOST_OF_VISITOR, now) for each in _visitors(saying)):
            return False
        if not _take(saying.number, A_DAY, MOST_FOR_NUMBER, now):
            return True
        given = replace(saying.deed(Act.GIVEN, now), source=Source.STOREFRONT)
        ledger.put([given], ports)
        person = recipients.of_number(saying.number, channel)
        if person.number:
            double_opt_in.ask([given], person, saying.language, channel, ports)
        transaction.on_commit(ports.wake.nudge)
    return True


def forget_asks(ports: Ports) -> None:
    """Requests of spans that are over leave no trace."""
    OptInAsk.objects.filter(since__lt=span_of(ports.clock.now(), A_DAY)).delete()


def _visitors(saying: Saying) -> Sequence[str]:
    """What a customer's requests are counted by; nothing where a shop's server or staff ask.
    Visitors without an address are one."""
    if not saying.account:
        return ()
    return f"account:{saying.account}", f"from:{ip_addresses.network(saying.address)}"


def _take(whose: str, span: dt.timedelta, most: int, now: dt.datetime) -> bool:
    """One request more is counted; False where there were as many as may be."""
    key = salted_hmac("saleor_sms_plugin.opt_in", whose, algorithm="sha256").hexdigest()
    return count_one(OptInAsk, most, key=key, since=span_of(now, span))


def ip_of(text: str) -> str | None:
    """The address as the ledger keeps it, None where it is none."""
    ip = ip_addresses.parse(text)
    return str(ip) if ip else None
