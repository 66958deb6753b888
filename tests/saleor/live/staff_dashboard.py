"""Saleor's dashboard at an origin of its own: the real one, or a page that speaks as it does."""

from __future__ import annotations

import json
import os
import re
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

MOUNT = "/dashboard/"
FRAME = "[data-test-id=app-frame]"  #: where a page of an app is shown

_STAND_IN = """<!doctype html><title>Dashboard</title>
<iframe data-test-id="app-frame" style="width:100%;height:800px"
 sandbox="allow-same-origin allow-forms allow-scripts allow-downloads allow-popups"></iframe>
<script>
const { src, token } = SAID;
const app = document.querySelector("iframe");
const post = (type, payload) =>
  app.contentWindow.postMessage({ type, payload }, new URL(src).origin);
const handshake = () =>
  post("handshake", { token, version: 1, saleorVersion: "3.23", dashboardVersion: "3.23" });
const refresh = (token) => post("tokenRefresh", { token });
app.addEventListener("load", () => {
  handshake();
  post("localeChanged", { locale: "en" });
  post("theme", { theme: "dark" });
  post("redirect", { path: location.pathname });
});
addEventListener("message", ({ origin, data }) => {
  if (origin !== new URL(src).origin || data?.type !== "notifyReady") return;
  handshake();
  post("response", { actionId: data.payload.actionId, ok: true });
});
app.src = src;
</script>"""


class StaffDashboard:
    """Serves *shell* at ``url`` and every path below it that is no file of *folder*."""

    def __init__(self, shell: str, folder: Path | None = None) -> None:
        handler = partial(_Handler, shell=shell.encode(), folder=folder)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.origin = f"http://127.0.0.1:{self._server.server_port}"
        self.url = f"{self.origin}{MOUNT}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def built() -> Path | None:
    """The folder of the built dashboard that SALEOR_DASHBOARD names; None where there is none.

    ``pnpm install && pnpm run build`` with ``APP_MOUNT_URI=/dashboard/ STATIC_URL=/dashboard/``
    makes it, as ``build/dashboard``: https://github.com/saleor/saleor-dashboard
    """
    folder = os.environ.get("SALEOR_DASHBOARD")
    return Path(folder) if folder and (Path(folder) / "index.html").exists() else None


def real(folder: Path, api_url: str) -> StaffDashboard:
    """The dashboard in *folder*, for the Saleor whose GraphQL API is at *api_url*."""
    page = (folder / "index.html").read_text()
    # What its own image does when it starts: nginx/replace-env-vars.sh.
    return StaffDashboard(
        re.sub(r'API_URL: "[^"]*"', f'API_URL: "{api_url}"', page, count=1), folder
    )


def stand_in(src: str, token: str) -> StaffDashboard:
    """A page that frames *src* and posts what the dashboard's source posts, in its order.

    That is ``AppFrame.tsx``, ``useAppDashboardUpdates.ts``, ``appActionsHandler.ts`` and
    ``useUpdateAppToken.ts`` of version 3.23.27, in
    https://github.com/saleor/saleor-dashboard/tree/main/src/extensions/views/ViewManifestExtension/components/AppFrame
    """
    said = json.dumps({"src": src, "token": token})
    return StaffDashboard(_STAND_IN.replace("SAID", said))


class _Handler(SimpleHTTPRequestHandler):
    def __init__(self, *args: Any, shell: bytes, folder: Path | None, **kwargs: Any) -> None:
        self._shell = shell
        self._folder = folder
        super().__init__(*args, directory=f"{folder or '/nowhere'}", **kwargs)

    def do_GET(self) -> None:
        self.path = "/" + self.path.removeprefix(MOUNT).lstrip("/")
        name = self.path.partition("?")[0].lstrip("/")
        if self._folder and name and (self._folder / name).is_file():
            super().do_GET()
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(self._shell)

    def log_message(self, *_: object) -> None:
        pass
