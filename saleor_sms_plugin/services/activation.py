"""Nothing for the past (law 7): since when each event sends in each channel."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction

from ..events.catalogue import CATALOGUE
from ..models import Activation
from ..ports import Ports
from .channels import load


def stamp(ports: Ports, channel_ids: Collection[int] | None = None) -> None:
    """Every event that is on has an instant, now where it had none; what is off has none.

    Call it in the transaction that changes the configuration; the periodic run calls it for
    what was changed past the dashboard.
    """
    now = ports.clock.now()
    channels = load(ports, channel_ids)
    on = {
        (channel.id, spec.name)
        for channel in channels.values()
        for spec in CATALOGUE
        if channel.sends(spec.name)
    }
    with transaction.atomic():
        rows = Activation.objects.all()
        if channel_ids is not None:
            rows = rows.filter(channel_id__in=channel_ids)
        known = {(row.channel_id, row.event_name): row.pk for row in rows}
        Activation.objects.filter(pk__in=[known[key] for key in known.keys() - on]).delete()
        Activation.objects.bulk_create(
            [
                Activation(channel_id=c, event_name=e, active_since=now)
                for c, e in on - known.keys()
            ],
            ignore_conflicts=True,
        )
