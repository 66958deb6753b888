"""What a channel does now, in the owner's words: the read-only fields of the form."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db.models import Count, Min

from ..config import fields, notices
from ..domain import phone_numbers
from ..domain.reasons import Reason
from ..domain.transitions import WAITING, MessageStatus
from ..events.catalogue import EVENTS
from ..exceptions import InvalidRecipient
from ..models import Activation, Installation, Message, Throttle
from ..ports import Ports
from ..providers import known_providers, provider_class
from . import box_faults, installation
from .accounts import key_of, unusable
from .channels import Channel, load
from .test_text import EVENT, outcome_of

LAST_ORDERS = 100
NOTICES = 3  #: more than this bury what the owner must read
SILENT = dt.timedelta(minutes=1)  #: longer without a periodic run is worth saying


def status_of(channel_id: int, ports: Ports) -> str:
    """A few sentences: live or not, what is missing, worker and beat, usable phones, notices."""
    with ports.shop.writer():
        channel = load(ports, [channel_id]).get(channel_id)
        if channel is None:
            return "Sends nothing yet. Next: provider, key, secret, sender, test, then tick Active."
        parts = [_live(channel, ports), _installation(ports), machinery(ports)]
        parts += [_account(channel, ports), _stuck(channel), _phones(channel, ports)]
        faults = box_faults.of(ports, channel_id)
        parts.append(faults.sentence if faults else "")
        told = notices(channel.config, channel.allowed_countries)
        parts += told[:NOTICES]
        if len(told) > NOTICES:
            parts.append(f"And {len(told) - NOTICES} more notes: python manage.py sms_check.")
    return "\n".join(part for part in parts if part)


def last_test_of(channel_id: int, ports: Ports) -> str:
    """What became of the channel's last test text."""
    with ports.shop.writer():
        tests = Message.objects.filter(channel_id=channel_id, event_name=EVENT)
        message = tests.order_by("-pk").first()
        return outcome_of(message) if message else "No test text was sent yet."


def missing_of(channel: Channel) -> list[str]:
    """The fields still to be filled in, by name."""
    config = channel.config
    names = [problem.field for problem in config.blocking]
    if config.provider in known_providers():
        names += provider_class(config.provider).missing(config.provider_settings)
    if not names and unusable(config):
        names = ["provider"]
    return list(dict.fromkeys(names))


def _labels(names: Sequence[str]) -> list[str]:
    """The fields as the form calls them."""
    labels = {field.name: field.label for field in fields()}
    return [labels.get(name, name) for name in names]


def machinery(ports: Ports) -> str:
    """Whether a worker and beat were seen, and when."""
    row = Installation.objects.filter(pk=Installation.ONLY).first()
    now = ports.clock.now()
    if row is None or row.worker_at is None:
        return "No Celery worker has run the plugin's tasks yet."
    if row.periodic_at is None:
        return "Worker alive. Celery beat has not been seen: texts that wait go out late."
    worker, beat = now - row.worker_at, now - row.periodic_at
    if beat > SILENT:
        return (
            f"Celery beat was last seen {ago(beat)} ago: texts that wait go out late. "
            f"Worker seen {ago(worker)} ago."
        )
    return f"Worker alive, beat {ago(beat)} ago."


def ago(span: dt.timedelta) -> str:
    """ "20 s", "5 min", "3 h", "2 days"."""
    seconds = max(0, int(span.total_seconds()))
    for size, name in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {name}"
    return f"{seconds} s"


def _live(channel: Channel, ports: Ports) -> str:
    missing = missing_of(channel)
    if not channel.stored.active:
        steps = [*_labels(missing), "test", "then tick Active"]
        return f"Sends nothing yet. Next: {', '.join(steps)}."
    if missing:
        why = unusable(channel.config) if missing == ["provider"] else ""
        return f"Sends nothing: {why or ', '.join(_labels(missing)) + ' must be filled in.'}"
    since = Activation.objects.filter(channel_id=channel.id).aggregate(at=Min("active_since"))["at"]
    now = ports.clock.now().astimezone(channel.zone)
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    texts = Message.objects.filter(
        channel_id=channel.id, sent_at__gte=today, event_name__in=EVENTS
    ).count()
    start = f" since {since.astimezone(channel.zone):%Y-%m-%d %H:%M %Z}" if since else ""
    provider = channel.config.provider
    real = provider not in known_providers() or provider_class(provider).is_real
    where = "" if real else f" (provider {provider}: no phone gets anything)"
    return f"Live{start}{where}; today {texts} text{'s' * (texts != 1)}."


def _installation(ports: Ports) -> str:
    if installation.is_same(ports):
        return ""
    return "Everything is held. " + Reason.OTHER_INSTALLATION.sentence


def _account(channel: Channel, ports: Ports) -> str:
    """Why the provider account is closed, "" while it is open."""
    row = Throttle.objects.filter(key=key_of(channel)).first()
    if channel.config.rate == 0:
        return Reason.STOPPED.sentence
    if row is None or row.closed_since is None:
        return ""
    since = ago(ports.clock.now() - row.closed_since)
    return f"The provider account has been failing for {since}: {Reason(row.closed_for).sentence}"


def _stuck(channel: Channel) -> str:
    """What waits for somebody, by reason."""
    mendable = (Reason.CONFIGURATION, Reason.TEMPLATE, Reason.STORM)
    rows = (
        Message.objects.filter(channel_id=channel.id, status__in=WAITING, reason__in=mendable)
        .values("reason")
        .annotate(count=Count("pk"))
        .order_by("reason")
    )
    unknown = Message.objects.filter(
        channel_id=channel.id, status=MessageStatus.OUTCOME_UNKNOWN
    ).count()
    parts = [f"{row['count']} held: {Reason(row['reason']).sentence}" for row in rows]
    if unknown:
        parts.append(f"{unknown} with unknown outcome, never sent again by itself.")
    return " ".join(parts)


def _phones(channel: Channel, ports: Ports) -> str:
    phones = ports.shop.recent_phones(channel.id, LAST_ORDERS)
    if not phones:
        return ""
    usable = sum(_usable(raw, country or channel.default_country) for raw, country in phones)
    return f"{usable} of the last {len(phones)} orders have a usable mobile."


def _usable(raw: str, region: str) -> bool:
    try:
        phone_numbers.parse(raw, region)
    except InvalidRecipient:
        return False
    return True
