"""A fault in one of many stops no other: that one is put off, the rest is done."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import TypeVar

from django.db import InterfaceError, OperationalError, transaction

AGAIN = dt.timedelta(minutes=5)  #: what was put off is tried again so much later
_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def isolate(
    items: Sequence[_Item],
    act: Callable[[Sequence[_Item]], _Result],
    put_off: Callable[[_Item], object],
) -> list[_Result]:
    """What ``act`` returned: for all items at once or, where it raised, for each by itself.

    Each call is a transaction. An item that it raises for alone has no result: ``put_off`` gets
    it, while the exception is being handled. Raises where the database is away.
    """
    try:
        with transaction.atomic():
            return [act(items)]
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        if len(items) == 1:
            put_off(items[0])
            return []
    return [result for item in items for result in isolate([item], act, put_off)]
