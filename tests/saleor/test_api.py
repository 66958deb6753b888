"""The API inside Saleor, over HTTP: its own tokens, permissions and channels decide."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from django.test import Client
from saleor.account.models import Group, User
from saleor.app.models import App
from saleor.core.jwt import create_access_token
from saleor.permission.models import Permission as SaleorPermission

from saleor_sms_plugin.callers import Permission
from saleor_sms_plugin.models import ConsentEntry, Message
from tests.permissions import ALL, TABLE
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


# Every field, by every kind of Saleor's own tokens


@pytest.fixture
def tokens(
    settings: Any, staff: User, superuser: User, customer_user: User, app: App
) -> dict[str, str]:
    """One of each kind that Saleor makes or that somebody may make up."""
    staff.user_permissions.clear()
    customer_user.addresses.update(phone=NUMBER)
    _, of_app = app.tokens.create(name="Default")
    inactive = App.objects.create(name="Gone", is_active=False)
    _, of_inactive = inactive.tokens.create(name="Default")
    good = create_access_token(superuser)
    left = User.objects.create(
        email="left@example.com", is_active=True, is_staff=True, is_superuser=True
    )
    of_left = create_access_token(left)
    User.objects.filter(pk=left.pk).update(is_active=False)
    ended = User.objects.create(
        email="ended@example.com", is_active=True, is_staff=True, is_superuser=True
    )
    of_ended = create_access_token(ended)
    User.objects.filter(pk=ended.pk).update(jwt_token_key="another")
    lifetime = settings.JWT_TTL_ACCESS
    settings.JWT_TTL_ACCESS = dt.timedelta(seconds=-10)
    expired = create_access_token(superuser)
    settings.JWT_TTL_ACCESS = lifetime
    return {
        "superuser": good, "staff": create_access_token(staff),
        "customer": create_access_token(customer_user),
        "app": of_app, "inactive app": of_inactive, "user who left": of_left,
        "ended session": of_ended, "expired": expired, "forged": good[:-8] + "AAAAAAAA",
    }  # fmt: skip


REFUSED = ("inactive app", "user who left", "ended session", "expired", "forged")


@pytest.mark.parametrize("name", TABLE)
def test_who_is_refused(tokens: dict[str, str], name: str) -> None:
    """A token that is no longer good opens nothing; one without the permission, not this."""
    row = TABLE[name]
    for kind in REFUSED:
        status, answer = _ask(row.query, tokens[kind])
        assert (kind, status, _code(answer)) == (kind, 401, "InvalidTokenError")
        assert "data" not in answer
    open_to = {"superuser"} | {kind for kind in ("customer",) if row.gives[kind] == ALL}
    open_to |= {"", "staff", "app"} if row.permission is None else set()
    for kind in ("", "staff", "customer", "app", "superuser"):
        assert (kind, _denied(row.query, tokens.get(kind, ""))) == (kind, kind not in open_to)


@pytest.mark.parametrize("name", TABLE)
def test_one_permission_of_saleors_opens_it(
    tokens: dict[str, str], staff: User, app: App, name: str
) -> None:
    """The field's own, held by a group of staff or by an app."""
    row = TABLE[name]
    group = Group.objects.create(name="One", restricted_access_to_channels=False)
    staff.groups.add(group)
    for each in Permission:
        found = SaleorPermission.objects.filter(codename=each.lower())
        group.permissions.set(found)
        app.permissions.set(found)
        closed = row.permission not in (each, None)
        assert (each, _denied(row.query, tokens["app"])) == (each, closed)
        assert (each, _denied(row.query, create_access_token(staff))) == (each, closed)


def _denied(query: str, token: str) -> bool:
    """Whether it is refused to this caller; nothing of what it asks for exists."""
    status, answer = _ask(query, token)
    codes = [each["extensions"]["exception"]["code"] for each in answer.get("errors", ())]
    assert status == 200
    assert "InternalServerError" not in codes
    return "PermissionDenied" in codes
