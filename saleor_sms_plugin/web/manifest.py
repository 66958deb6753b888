"""The app manifest: an owner installs it as an extension and finds the pages in the dashboard.

The app holds no token and is told nothing by webhooks; it only lends its permissions to the
token that the dashboard hands to the pages, which is the user's cut to them.
https://docs.saleor.io/developer/extending/apps/architecture/manifest
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from .. import __version__
from ..callers import Permission
from ..ports import Ports

PATH = "/plugins/saleor_sms_plugin/"
IDENTIFIER = "saleor-sms-plugin"


def manifest(ports: Ports) -> dict[str, Any]:
    """What Saleor's ``appInstall`` reads.

    https://github.com/saleor/saleor/blob/3.23/saleor/app/manifest_schema.py
    """
    return {
        "id": IDENTIFIER,
        "name": "SMS",
        "version": __version__,
        "about": "Text messages of your shop: what was sent, what was not, and why.",
        "permissions": [each.value for each in Permission],
        "appUrl": ports.shop.absolute(PATH),
        "tokenTargetUrl": ports.shop.absolute(f"{PATH}register"),
        "requiredSaleorVersion": ">=3.21",
        "extensions": [
            _extension("Text messages", "/messages", "NAVIGATION_ORDERS", Permission.MANAGE_ORDERS),
            _extension(
                "Texts about this order", "/order", "ORDER_DETAILS_MORE_ACTIONS",
                Permission.MANAGE_ORDERS, target="POPUP",
            ),
            _extension(
                "Consent to texts", "/person", "CUSTOMER_DETAILS_MORE_ACTIONS",
                Permission.MANAGE_USERS, target="POPUP",
            ),
        ],
        "webhooks": [],
    }  # fmt: skip


def _extension(
    label: str, url: str, mount: str, permission: Permission, target: str = "APP_PAGE"
) -> dict[str, Any]:
    return {
        "label": label, "url": url, "mount": mount, "target": target,
        "permissions": [permission.value],
    }  # fmt: skip


def page(request: HttpRequest, *, ports: Ports) -> HttpResponse:
    """The manifest as JSON; it holds nothing that is secret."""
    if request.method not in ("GET", "HEAD"):
        return HttpResponse(status=405, headers={"Allow": "GET, HEAD"})
    return JsonResponse(manifest(ports), headers={"Cache-Control": "no-store"})


def register(request: HttpRequest, *, ports: Ports) -> HttpResponse:
    """Takes Saleor's word that the app is installed, and forgets the token that comes with it."""
    if request.method != "POST":
        return HttpResponse(status=405, headers={"Allow": "POST"})
    return JsonResponse({}, headers={"Cache-Control": "no-store"})
