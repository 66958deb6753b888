"""The one function that names an event of the shop (law 2)."""

from __future__ import annotations

import hashlib

LONGEST = 255  #: as the column


def event_key(name: str, subject_id: str, transition: str = "") -> str:
    """The unique key of (event, subject, transition), at most 255 characters.

    The transition is "" where the event can happen once to its subject; for a refund it is the
    order's cumulative refunded amount, for tracking the tracking number.
    """
    key = ":".join(part for part in (name, subject_id, transition) if part)
    if len(key) <= LONGEST:
        return key
    return f"{name}:{subject_id}:{hashlib.sha256(transition.encode()).hexdigest()}"[:LONGEST]
