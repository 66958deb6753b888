"""What delivery receipts together make of a message: any order, any repetition, any loss."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .transitions import FINAL, MessageStatus


@dataclass(frozen=True)
class PartNews:
    """What one receipt says."""

    part: str | None  #: the provider's id of the part; None: about the whole message
    status: MessageStatus | None  #: None: nothing


def outcome(news: Iterable[PartNews], part_count: int) -> MessageStatus | None:
    """Where receipts, in the order they came, leave a message of so many parts.

    The first final word on a part stands. A message is delivered when all its parts are, and
    has failed when one has; ``sent`` says that the provider has it; None: nothing is known.
    """
    known: dict[str | None, MessageStatus] = {}
    for each in news:
        if each.status is not None and known.get(each.part) not in FINAL:
            known[each.part] = each.status
    if known.get(None) in FINAL:
        return known[None]
    ended = [status for status in known.values() if status in FINAL]
    failed = next((status for status in ended if status is not MessageStatus.DELIVERED), None)
    if failed or len(ended) >= max(part_count, 1):
        return failed or MessageStatus.DELIVERED
    return MessageStatus.SENT if known else None
