"""The list of numbers that are not texted, and its command."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from saleor_sms_plugin import wiring
from saleor_sms_plugin.models import Message
from tests.integration.stage import BUYER, Stage, only


@pytest.fixture
def run(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> object:
    """Runs the command on the stage; its output."""
    monkeypatch.setattr(wiring, "ports", lambda: stage.ports)

    def command(*arguments: str) -> str:
        out = StringIO()
        call_command("sms_suppressions", *arguments, stdout=out)
        return out.getvalue()

    return command


def test_staff_put_a_number_on_the_list_and_take_it_off(stage: Stage, run: object) -> None:
    """While it is there no event texts it; the reason says since when; then it is texted again."""
    assert callable(run)
    stage.configure("order_created")
    assert json.loads(run("--add", "+48 512 345 678", "--json")) == {
        "number": BUYER.phone, "changed": True,
    }  # fmt: skip
    assert json.loads(run("--add", BUYER.phone, "--json"))["changed"] is False
    stage.happen("order_created", stage.order())
    stage.run()

    message = only("order_created")
    assert (message.status, message.reason) == ("suppressed", "number_suppressed")
    assert message.why.endswith("Since 2026-03-02 (sms_suppressions --add).")
    (row,) = json.loads(run("--json"))
    assert (row["number"], row["reason"]) == (BUYER.phone, "staff")

    assert "may be texted again" in run("--remove", BUYER.phone)
    assert "is not on the list" in run("--remove", BUYER.phone)
    assert run().strip() == "0 numbers are not texted"
    stage.happen("order_created", stage.order("o2"))
    stage.run()
    assert Message.objects.get(order_id="o2").status == "sent"


def test_what_is_no_number_is_refused(stage: Stage, run: object) -> None:
    """With a reason, and the list stays as it was."""
    assert callable(run)
    with pytest.raises(CommandError):
        run("--add", "12")
    assert run().strip() == "0 numbers are not texted"
