"""Replies: stored once, parts joined, the channel known from the last text."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from saleor_sms_plugin.models import InboundMessage, WebhookRequest
from saleor_sms_plugin.services import person
from tests.integration.calling_back import SECRET, CalledBack
from tests.integration.stage import BUYER, CHANNEL

PHONE = BUYER.phone.removeprefix("+")
SHOP = "48700100200"


def _reply(stage: CalledBack, text: str, **fields: Any) -> int:
    answer = stage.knock(stage.caller.reply(PHONE, SHOP, text, **fields))
    stage.run()
    return answer.status_code


def _part(part: int, of: int = 3, reference: str = "17", **fields: Any) -> dict[str, Any]:
    return {"concat": "true", "concat-ref": reference, "concat-total": of, "concat-part": part,
            "messageId": f"0A{reference}{part}", **fields}  # fmt: skip


def test_a_reply_is_kept(called_back: CalledBack) -> None:
    """Who wrote what to which number, and to which channel: that of the last text between them."""
    called_back.account(signature_secret=SECRET, sender_id=f"+{SHOP}")
    called_back.send()

    assert _reply(called_back, "Dziękuję & pozdrawiam") == 200

    message = InboundMessage.objects.get()
    assert (message.sender, message.recipient) == (BUYER.phone, f"+{SHOP}")
    assert message.body == "Dziękuję & pozdrawiam"
    assert message.channel_id == CHANNEL
    assert message.completed_at == called_back.clock.now()


def test_a_reply_to_nothing_known_has_no_channel(called_back: CalledBack) -> None:
    """It is kept all the same."""
    _reply(called_back, "Hello?")

    assert InboundMessage.objects.get().channel_id is None


def test_a_reply_that_comes_twice_is_kept_once(called_back: CalledBack) -> None:
    """The provider sends again until it hears 2xx."""
    for _ in range(3):
        _reply(called_back, "STOP", messageId="0A01")

    assert InboundMessage.objects.count() == 1
    assert WebhookRequest.objects.count() == 3


@pytest.mark.parametrize("order", list(permutations([1, 2, 3])))
def test_parts_are_joined_in_any_order(called_back: CalledBack, order: tuple[int, ...]) -> None:
    """One message of three parts, whole only with the last of them."""
    words = {1: "please ", 2: "stop ", 3: "texting me"}
    for count, part in enumerate(order, start=1):
        _reply(called_back, words[part], **_part(part))
        assert (InboundMessage.objects.get().completed_at is not None) is (count == 3)

    assert InboundMessage.objects.get().body == "please stop texting me"


def test_a_part_that_comes_twice_changes_nothing(called_back: CalledBack) -> None:
    """Neither before nor after the message is whole."""
    for part in (1, 1, 2, 2, 1):
        _reply(called_back, f"{part};", **_part(part, of=2, nonce2=str(part)))

    assert InboundMessage.objects.get().body == "1;2;"


def test_parts_of_two_messages_are_kept_apart(called_back: CalledBack) -> None:
    """By the reference that the parts of one message share."""
    for part in (1, 2):
        _reply(called_back, f"a{part}", **_part(part, of=2, reference="17"))
        _reply(called_back, f"b{part}", **_part(part, of=2, reference="18"))

    assert sorted(InboundMessage.objects.values_list("body", flat=True)) == ["a1a2", "b1b2"]


def test_a_part_that_never_comes_is_given_up(called_back: CalledBack) -> None:
    """What is there counts as the message after five minutes."""
    _reply(called_back, "stop ", **_part(1))
    called_back.later(minutes=4)
    assert InboundMessage.objects.get().completed_at is None

    called_back.later(minutes=2)

    message = InboundMessage.objects.get()
    assert message.completed_at == called_back.clock.now()
    assert message.body == "stop "


def test_a_person_is_erased_from_replies(called_back: CalledBack) -> None:
    """Shown to their writer; then neither number nor words stay, in message and raw request."""
    _reply(called_back, "It is me")
    (known,) = person.replies_from(BUYER.phone, called_back.ports)
    assert (known.recipient, known.body) == (f"+{SHOP}", "It is me")

    person.forget_number(BUYER.phone, called_back.ports)

    message = InboundMessage.objects.get()
    assert (message.sender, message.body, message.parts) == ("", "", {})
    assert bytes(WebhookRequest.objects.get().body) == b""
