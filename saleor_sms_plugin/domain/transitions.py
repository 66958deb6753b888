"""The states of a message, and which may follow which: late news never moves one back."""

from __future__ import annotations

from enum import StrEnum


class MessageStatus(StrEnum):
    """Where a message stands."""

    #: It will be sent as soon as its time has come.
    QUEUED = "queued"
    #: It waits until something is put right: configuration, account, installation.
    HELD = "held"
    #: A worker has claimed it and may be talking to the provider.
    SENDING = "sending"
    #: The provider has accepted it; what became of it is not known yet.
    SENT = "sent"
    #: The provider says that the phone has it.
    DELIVERED = "delivered"
    #: The provider says that the phone did not get it.
    UNDELIVERED = "undelivered"
    #: It became too late, before sending or in the network.
    EXPIRED = "expired"
    #: The provider or the network refused it.
    REJECTED = "rejected"
    #: It could not be sent, and will not be tried again.
    FAILED = "failed"
    #: It was not sent, on purpose; the reason says why.
    SUPPRESSED = "suppressed"
    #: Somebody, or the shop's news, ended it before it was sent.
    CANCELLED = "cancelled"
    #: The provider may have accepted it; never sent again by itself.
    OUTCOME_UNKNOWN = "outcome_unknown"


_S = MessageStatus

#: what a worker may claim once its ``not_before`` has passed
WAITING = (_S.QUEUED, _S.HELD)
#: what can still be kept from going out, at the latest at the door
OPEN = (*WAITING, _S.SENDING)
#: what its reader has, or may have, or is about to get
TOLD = (_S.SENDING, _S.SENT, _S.DELIVERED, _S.OUTCOME_UNKNOWN)
#: what a worker has taken to the provider, and nobody refused there
WENT_OUT = (*TOLD, _S.UNDELIVERED)

#: what ends a message that was not sent
_UNSENT_ENDS = frozenset({_S.EXPIRED, _S.SUPPRESSED, _S.CANCELLED, _S.FAILED})
#: what a receipt may tell of an accepted message
_RECEIPTS = frozenset({_S.DELIVERED, _S.UNDELIVERED, _S.EXPIRED, _S.REJECTED})

#: status → the statuses that may follow it; staying where it is needs no transition
ALLOWED: dict[MessageStatus, frozenset[MessageStatus]] = {
    # A receipt for a text that waits to be tried again: the provider had taken it after all,
    # and sending it once more would be twice.
    _S.QUEUED: frozenset({_S.SENDING, _S.HELD, _S.SENT}) | _UNSENT_ENDS | _RECEIPTS,
    _S.HELD: frozenset({_S.QUEUED, _S.SENDING, _S.SENT}) | _UNSENT_ENDS | _RECEIPTS,
    # Back to the queue only where the provider is known not to have accepted it. A receipt
    # may overtake the answer.
    _S.SENDING: frozenset({_S.SENT, _S.OUTCOME_UNKNOWN, _S.QUEUED, _S.HELD})
    | _UNSENT_ENDS
    | _RECEIPTS,
    _S.SENT: _RECEIPTS,
    # A receipt, or an answer that came late, settles it.
    _S.OUTCOME_UNKNOWN: frozenset({_S.SENT, _S.FAILED}) | _RECEIPTS,
    **dict.fromkeys(
        (
            _S.DELIVERED,
            _S.UNDELIVERED,
            _S.EXPIRED,
            _S.REJECTED,
            _S.FAILED,
            _S.SUPPRESSED,
            _S.CANCELLED,
        ),
        frozenset[MessageStatus](),
    ),
}

#: the statuses that nothing follows
FINAL: frozenset[MessageStatus] = frozenset(
    status for status, following in ALLOWED.items() if not following
)


def may_follow(old: MessageStatus, new: MessageStatus) -> bool:
    """Whether a message may go from *old* to *new*; False where they are the same."""
    return new in ALLOWED[old]
