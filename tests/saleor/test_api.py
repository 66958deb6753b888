"""The API inside Saleor, over HTTP: its own tokens, permissions and channels decide."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from django.test import Client
from saleor.account.models import Group, User
from saleor.app.models import App

from saleor_sms_plugin.models import ConsentEntry, Message
from tests.saleor.dashboard import Dashboard

pytestmark = [pytest.mark.saleor, pytest.mark.django_db]

MESSAGES = "{ messages(first: 9) { edges { node { channel recipient status } } } }"
CONSENT = "query ($n: String) { consent(number: $n) { numbers acts(first: 9) { totalCount } } }"
NUMBER = "+48512345678"
PASSWORD = "password"  # of Saleor's own fixtures


@pytest.fixture
def staff(switched_on: Dashboard, vonage: Any, staff_user: User, channel_USD: Any) -> User:
    """A staff member of every channel who may manage orders; one text was sent."""
    assert switched_on.save(send_test_to=NUMBER) == []
    assert Message.objects.get().channel_id == channel_USD.pk
    return staff_user


@pytest.fixture
def manage_orders(staff: User, permission_manage_orders: Any) -> Group:
    """The staff member is in a group that may manage orders in every channel."""
    group = Group.objects.create(name="Orders", restricted_access_to_channels=False)
    group.permissions.add(permission_manage_orders)
    staff.groups.add(group)
    return group


def _post(path: str, query: str, token: str = "", **variables: object) -> Any:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    asked = json.dumps({"query": query, "variables": variables})
    return Client().post(path, asked, "application/json", headers=headers)


def _sign_in(user: User) -> str:
    """The token that Saleor's dashboard or a storefront gets."""
    query = (
        "mutation ($email: String!, $password: String!) {"
        " tokenCreate(email: $email, password: $password) { token errors { code } } }"
    )
    answer = _post("/graphql/", query, email=user.email, password=PASSWORD).json()
    assert answer["data"]["tokenCreate"]["errors"] == []
    return str(answer["data"]["tokenCreate"]["token"])


def _ask(query: str, token: str = "", **variables: object) -> tuple[int, Any]:
    response = _post("/plugins/saleor_sms_plugin/graphql/", query, token, **variables)
    return response.status_code, response.json()


def _channels(answer: Any) -> list[str]:
    return [edge["node"]["channel"] for edge in answer["data"]["messages"]["edges"]]


def _code(answer: Any) -> str:
    return str(answer["errors"][0]["extensions"]["exception"]["code"])


def test_staff_with_the_permission_read_messages(staff: User, manage_orders: Group) -> None:
    """By the token of the dashboard's own sign-in."""
    status, answer = _ask(MESSAGES, _sign_in(staff))
    assert status == 200
    assert "errors" not in answer
    assert answer["data"]["messages"]["edges"][0]["node"] == {
        "channel": "main", "recipient": NUMBER, "status": "SENT",
    }  # fmt: skip


def test_staff_without_the_permission_are_refused(staff: User) -> None:
    """As Saleor refuses: the field is null, and says which permission."""
    status, answer = _ask(MESSAGES, _sign_in(staff))
    assert (status, answer["data"], _code(answer)) == (
        200, {"messages": None}, "PermissionDenied",
    )  # fmt: skip
    assert "MANAGE_ORDERS" in answer["errors"][0]["message"]


@pytest.mark.parametrize("seen", [True, False])
def test_restricted_staff_see_their_channels(
    staff: User, manage_orders: Group, channel_USD: Any, channel_PLN: Any, seen: bool
) -> None:
    """The group's channels, as in Saleor's own orders."""
    manage_orders.restricted_access_to_channels = True
    manage_orders.save()
    manage_orders.channels.add(channel_USD if seen else channel_PLN)
    _, answer = _ask(MESSAGES, _sign_in(staff))
    assert _channels(answer) == (["main"] if seen else [])


def test_an_expired_token_is_refused(staff: User, manage_orders: Group, settings: Any) -> None:
    """401, and no data."""
    settings.JWT_TTL_ACCESS = dt.timedelta(seconds=-10)
    status, answer = _ask(MESSAGES, _sign_in(staff))
    assert (status, _code(answer)) == (401, "InvalidTokenError")


@pytest.mark.parametrize("change", ["x", ".x.y", "nonsense"])
def test_a_wrong_token_is_refused(staff: User, manage_orders: Group, change: str) -> None:
    """Changed, cut, or none of Saleor's."""
    token = _sign_in(staff)
    forged = change if change == "nonsense" else token[:-8] + change
    status, answer = _ask(MESSAGES, forged)
    assert (status, _code(answer), answer.get("data")) == (401, "InvalidTokenError", None)


def test_a_token_of_staff_who_left_is_refused(staff: User, manage_orders: Group) -> None:
    """From the moment they were switched off."""
    token = _sign_in(staff)
    staff.is_active = False
    staff.save()
    assert _ask(MESSAGES, token)[0] == 401


def test_an_app_sees_every_channel(staff: User, app: App, permission_manage_orders: Any) -> None:
    """With the permission; without it, nothing."""
    _, token = app.tokens.create(name="Default")
    assert _code(_ask(MESSAGES, token)[1]) == "PermissionDenied"
    app.permissions.add(permission_manage_orders)
    assert _channels(_ask(MESSAGES, token)[1]) == ["main"]
    app.is_active = False
    app.save()
    assert _ask(MESSAGES, token)[0] == 401


def test_a_customer_reads_their_own_consent_only(staff: User, customer_user: User) -> None:
    """By the numbers of their addresses; not what staff put down; no messages."""
    address = customer_user.addresses.get()
    address.phone = NUMBER
    address.save()
    now = dt.datetime.now(dt.UTC)
    ConsentEntry.objects.create(
        number=NUMBER, scope="offers", act="given", basis="express", source="staff",
        occurred_at=now, recorded_at=now,
    )  # fmt: skip
    token = _sign_in(customer_user)

    assert _ask(CONSENT, token)[1]["data"]["consent"] == {
        "numbers": [NUMBER], "acts": {"totalCount": 0},
    }  # fmt: skip
    assert _code(_ask(CONSENT, token, n="+48601234567")[1]) == "PermissionDenied"
    assert _code(_ask(MESSAGES, token)[1]) == "PermissionDenied"


def test_nobody_without_a_token(staff: User) -> None:
    """Neither messages nor consent."""
    for query in (MESSAGES, CONSENT):
        status, answer = _ask(query)
        assert (status, _code(answer)) == (200, "PermissionDenied")
