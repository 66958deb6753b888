"""What one person wants, told apart from the ledger: every stop, and what each still stops."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from saleor_sms_plugin.domain.consent import Act, Scope


@dataclass(frozen=True)
class Stop:
    """One act that ended texts, in the order of acts."""

    number: int
    act: Act
    by: str  #: "reply", "page" or "staff"
    reply_id: int = 0


class Wishes:
    """Acts one after another, each seconds after the one before."""

    def __init__(self) -> None:
        self.stops: list[Stop] = []
        self.holding: dict[Scope, list[Stop]] = {scope: [] for scope in Scope}

    @property
    def stopped(self) -> set[Scope]:
        """The kinds of texts that the person gets none of."""
        return {scope for scope, stops in self.holding.items() if stops}

    def is_for_good(self, scope: Scope) -> bool:
        return any(stop.act is Act.WITHDRAWN for stop in self.holding[scope])

    def stop(self, scopes: Iterable[Scope], act: Act, by: str, reply_id: int = 0) -> None:
        stop = Stop(len(self.stops), act, by, reply_id)
        self.stops.append(stop)
        for scope in scopes:
            self.holding[scope].append(stop)

    def agree(self, scopes: Iterable[Scope]) -> None:
        """The person asks for these texts anew."""
        for scope in scopes:
            self.holding[scope].clear()

    def start(self) -> None:
        """What the last stop ended holds again, and every hold."""
        self._undo({*self.stops[-1:], *(each for each in self.stops if each.act is Act.HELD)})

    def undo_page(self) -> None:
        """What the buttons of the page ended holds again."""
        self._undo({each for each in self.stops if each.by == "page"})

    def keep(self, reply_ids: Collection[int]) -> None:
        """Staff found that these replies were no wish to stop."""
        self._undo({e for e in self.stops if e.reply_id in reply_ids and e.act is Act.HELD})

    def _undo(self, these: set[Stop]) -> None:
        """A kind of texts comes back where nothing else stops it."""
        for stops in self.holding.values():
            if stops and these.issuperset(stops):
                stops.clear()
