"""Style and scripts of the pages, served under names that change with their content.

Saleor serves static files only in DEBUG, so the plugin serves its own.
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.http import HttpRequest, HttpResponse, HttpResponseNotFound

BASE = "/plugins/saleor_sms_plugin/"  #: the path of every page
_FOLDER = Path(__file__).parents[2] / "static" / "saleor_sms_plugin" / "staff"

#: name on the page → file, content type
FILES = {
    "style": ("staff.css", "text/css; charset=utf-8"),
    "script": ("staff.js", "text/javascript; charset=utf-8"),
    "htmx": ("htmx-2.0.11.min.js", "text/javascript; charset=utf-8"),
}


@dataclass(frozen=True)
class Asset:
    """One file as it is served."""

    name: str  #: with a part of its SHA-256
    content_type: str
    body: bytes
    zipped: bytes

    @property
    def url(self) -> str:
        return f"{BASE}assets/{self.name}"


@cache
def assets() -> dict[str, Asset]:
    """Every asset by its name on the page."""
    return {name: _asset(*file) for name, file in FILES.items()}


def _asset(file: str, content_type: str) -> Asset:
    body = (_FOLDER / file).read_bytes()
    stem, _, ending = file.rpartition(".")
    digest = hashlib.sha256(body).hexdigest()[:16]
    return Asset(f"{stem}.{digest}.{ending}", content_type, body, gzip.compress(body, mtime=0))


def page(request: HttpRequest, *, name: str) -> HttpResponse:
    """The asset of this name, to be kept for ever; 404 for any other name."""
    if request.method not in ("GET", "HEAD"):
        return HttpResponse(status=405, headers={"Allow": "GET, HEAD"})
    asset = next((each for each in assets().values() if each.name == name), None)
    if asset is None:
        return HttpResponseNotFound()
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable",
        "X-Content-Type-Options": "nosniff",
        "Vary": "Accept-Encoding",
    }
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return HttpResponse(asset.zipped, content_type=asset.content_type, headers=headers)
    return HttpResponse(asset.body, content_type=asset.content_type, headers=headers)
