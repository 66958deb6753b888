"""Opening the pages for staff as somebody."""

from __future__ import annotations

from urllib.parse import quote

from django.http import HttpResponse
from django.test import RequestFactory

from saleor_sms_plugin.callers import Caller, CallerKind, Permission
from saleor_sms_plugin.web import router

from .stage import CHANNEL, Stage

BASE = "/plugins/saleor_sms_plugin"
SCRIPT = "<script>alert(1)</script>"
ESCAPED = "&lt;script&gt;alert(1)&lt;/script&gt;"
EVERYTHING = frozenset(Permission)


def staff(*permissions: str, channels: frozenset[int] | None = None) -> Caller:
    return Caller(
        kind=CallerKind.STAFF, id="1", name="anna@example.com",
        permissions=frozenset(permissions), channel_ids=channels,
    )  # fmt: skip


def callers() -> dict[str, Caller]:
    """Everybody who may ask, by token."""
    return {
        "staff": staff(*EVERYTHING),
        "none": staff(),
        "elsewhere": staff(*EVERYTHING, channels=frozenset({CHANNEL + 1})),
        "customer": Caller(kind=CallerKind.CUSTOMER, id="2", permissions=EVERYTHING),
        **{permission: staff(permission) for permission in Permission},
    }


def quoted(text: str) -> str:
    return quote(text, safe="")


def get(
    stage: Stage, path: str, token: str | None = "staff", **headers: str
) -> tuple[int, str, HttpResponse]:
    return asked(stage, "GET", path, token, {}, headers)


def post(
    stage: Stage, path: str, token: str | None = "staff", **form: str
) -> tuple[int, str, HttpResponse]:
    return asked(stage, "POST", path, token, form, {})


def asked(
    stage: Stage, method: str, path: str, token: str | None, form: dict[str, str],
    headers: dict[str, str],
) -> tuple[int, str, HttpResponse]:  # fmt: skip
    given = {"HX-Request": "true", **({"Authorization-Bearer": token} if token else {}), **headers}
    factory, url = RequestFactory(), f"{BASE}{path}"
    if method == "GET":
        request = factory.get(url, headers=given)
    else:
        body = "&".join(f"{k}={quoted(v)}" for k, v in form.items())
        request = factory.post(
            url, body, content_type="application/x-www-form-urlencoded", headers=given
        )
    response = router.answer(request, path.partition("?")[0], stage.ports)
    return response.status_code, response.content.decode(), response


def shell(stage: Stage, path: str = "/", **headers: str) -> HttpResponse:
    request = RequestFactory().get(f"{BASE}{path}", headers=headers)
    return router.answer(request, path.partition("?")[0], stage.ports)
