"""The dashboard form: names, types and words in an owner's order."""

from __future__ import annotations

import pytest

from saleor_sms_plugin.config import configuration_structure, default_configuration, fields
from saleor_sms_plugin.events.answers import ANSWERS, Answer
from saleor_sms_plugin.events.catalogue import CATALOGUE, EventSpec

SALEOR_TYPES = {"String", "Multiline", "Boolean", "Secret", "SecretMultiline", "OUTPUT"}


def test_the_form_is_in_an_owners_order() -> None:
    """Account first, then the shop, trying out, texts, rare things, and the boxes to tick."""
    names = [field.name for field in fields()]
    assert names[:19] == [
        "status", "provider", "api_key", "api_secret", "application_id", "private_key",
        "signature_secret", "webhook_url", "api", "sender_id", "shop_name", "contact",
        "default_country", "allowed_countries", "test_numbers", "send_test_to", "last_test",
        "staff_numbers", "storefront_url",
    ]  # fmt: skip
    assert names[19:] == [
        *(f"text_{spec.name}" for spec in CATALOGUE),
        *(f"text_{name}" for name in ANSWERS),
        "advanced",
        *(f"send_{spec.name}" for spec in CATALOGUE),
    ]


def test_the_structure_is_what_saleor_reads() -> None:
    """Each field has a type that Saleor knows, a label of its own and a help text."""
    structure = configuration_structure()
    assert list(structure) == [field.name for field in fields()]
    assert all(set(row) == {"type", "help_text", "label"} for row in structure.values())
    assert {row["type"] for row in structure.values()} == SALEOR_TYPES
    assert all(type(row["type"]) is str for row in structure.values())
    assert len({row["label"] for row in structure.values()}) == len(structure)
    assert all(
        row["help_text"].strip().endswith((".", "}}.", ".com")) for row in structure.values()
    )


def test_secrets_are_secret_and_computed_fields_are_read_only() -> None:
    """What the dashboard must hide or not let type into has the type that does so."""
    kinds = {name: row["type"] for name, row in configuration_structure().items()}
    assert [name for name, kind in kinds.items() if kind == "Secret"] == [
        "api_secret",
        "signature_secret",
    ]
    assert [name for name, kind in kinds.items() if kind == "SecretMultiline"] == ["private_key"]
    assert [name for name, kind in kinds.items() if kind == "OUTPUT"] == [
        "status",
        "webhook_url",
        "last_test",
    ]


def test_the_defaults_send_nothing_but_are_otherwise_usable() -> None:
    """A new channel has the console provider, built-in texts, and the usual events ticked."""
    default = {str(row["name"]): row["value"] for row in default_configuration()}
    assert default["provider"] == "console"
    assert default["api"] == "sms"
    assert {name for name, value in default.items() if value is True} == {
        "send_order_created",
        "send_order_fully_paid",
        "send_payment_failed",
        "send_order_cancelled",
        "send_order_refunded",
        "send_order_fully_refunded",
        "send_fulfillment_created",
        "send_tracking_updated",
        "send_staff_order_created",
        "send_staff_payment_problem",
    }
    assert {value for name, value in default.items() if name.startswith("text_")} == {""}


def test_the_defaults_are_a_new_list_each_time() -> None:
    """Saleor changes the list in place; nobody else's defaults change with it."""
    default_configuration()[0]["value"] = "changed"
    assert default_configuration()[0]["value"] == ""


@pytest.mark.parametrize("spec", CATALOGUE, ids=lambda spec: spec.name)
def test_a_texts_help_shows_the_built_in_text_and_every_variable(spec: EventSpec) -> None:
    """An owner need not look anywhere else to write a text."""
    help_text = configuration_structure()[f"text_{spec.name}"]["help_text"]
    assert "{{ shop.name }}: " in help_text
    for name in ("shop.name", "order.number", *spec.variables):
        assert f"{{{{ {name} }}}}" in help_text.partition("You may use:")[2]


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=lambda answer: answer.name)
def test_an_answers_help_says_when_it_is_sent(answer: Answer) -> None:
    """Then its built-in text and its variables; an order is none of its business."""
    help_text = configuration_structure()[f"text_{answer.name}"]["help_text"]
    assert help_text.startswith("Sent to ")
    assert "{{ shop.name }}: " in help_text
    variables = help_text.partition("You may use:")[2]
    for name in ("shop.name", *answer.variables):
        assert f"{{{{ {name} }}}}" in variables
    assert "order." not in variables
