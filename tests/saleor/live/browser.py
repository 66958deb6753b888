"""A headless Chromium, driven by the W3C's WebDriver protocol, that counts its user's work.

https://www.w3.org/TR/webdriver2/
"""

from __future__ import annotations

import base64
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import requests

from tests.servers import Child, free_port, wait_until

PROGRAMS = ("chromium", "chromedriver")
_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the protocol's name for a reference
ENTER, TAB = "\ue007", "\ue004"
_OPTIONS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
    "--disable-dev-shm-usage", "--lang=en",
)  # fmt: skip


def missing() -> str:
    """The program that is not installed, "" where all are."""
    return next((name for name in PROGRAMS if shutil.which(name) is None), "")


class Browser:
    """One window. ``clicks`` and ``typed`` count what a user would have done.

    What is looked for is waited for; RuntimeError where it does not come within ten seconds.
    """

    def __init__(self, directory: Path) -> None:
        port = free_port()
        self.downloads = directory
        self.clicks = self.typed = 0
        self._url = f"http://127.0.0.1:{port}"
        self._driver = Child(
            "chromedriver",
            ["chromedriver", f"--port={port}"],
            directory=directory,
            ready=self._ready,
        )

    def __enter__(self) -> Browser:
        self._driver.start()
        chromium = {
            "binary": shutil.which("chromium"),
            "args": list(_OPTIONS),
            "prefs": {"download.default_directory": f"{self.downloads}"},
        }
        asked = {"goog:chromeOptions": chromium, "goog:loggingPrefs": {"browser": "ALL"}}
        made = self._call("POST", "/session", capabilities={"alwaysMatch": asked})
        self._url += f"/session/{made['sessionId']}"
        return self

    def __exit__(self, *_: object) -> None:
        self._call("DELETE", "")
        self._driver.stop()

    # What a user does

    def open(self, url: str) -> None:
        self._call("POST", "/url", url=url)

    def click(self, selector: str) -> None:
        self.clicks += 1
        self._call("POST", f"/element/{self._find(selector)}/click")

    def follow(self, words: str) -> None:
        """The link with these words is clicked."""
        self.clicks += 1
        wait_until(lambda: bool(self._links(words)), 10, f"a link “{words}”")
        self._call("POST", f"/element/{self._links(words)[0]}/click")

    def type(self, selector: str, text: str, *, enter: bool = False) -> None:
        """The field holds this text and nothing else."""
        self.typed += 1
        element = self._find(selector)
        self._call("POST", f"/element/{element}/clear")
        keys = text + (ENTER if enter else "")
        self._call("POST", f"/element/{element}/value", text=keys)

    def press(self, *keys: str) -> None:
        """These keys one after another, wherever the focus is."""
        strokes = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self._call("POST", "/actions", actions=[{"type": "key", "id": "k", "actions": strokes}])

    # What a user sees

    def text(self, selector: str = "body") -> str:
        return str(self._call("GET", f"/element/{self._find(selector)}/text"))

    def shows(self, words: str, selector: str = "body") -> None:
        """Returns once the words are there, whatever space is between them."""
        wait_until(lambda: words in self._now(selector), 10, f"“{words}” in {selector}")

    @contextmanager
    def within(self, frame: str) -> Iterator[None]:
        """What is done and seen is in this frame of the page."""
        self._call("POST", "/frame", id={_ELEMENT: self._find(frame)})
        try:
            yield
        finally:
            self._call("POST", "/frame", id=None)

    def finds(self, selector: str) -> None:
        """Returns once it can be seen on the page."""
        self._find(selector)

    def value(self, selector: str) -> str:
        return str(self._call("GET", f"/element/{self._find(selector)}/property/value"))

    def run(self, script: str) -> Any:
        """What a script of the page's own returns."""
        return self._call("POST", "/execute/sync", script=script, args=[])

    def look(self, width: int, theme: str) -> None:
        """The window is so wide, and its user likes this theme."""
        size = {"width": width, "height": 900 if width > 500 else 1200}
        more = {"deviceScaleFactor": 1, "mobile": False}
        self._chrome("Emulation.setDeviceMetricsOverride", **size, **more)
        features = [{"name": "prefers-color-scheme", "value": theme}]
        self._chrome("Emulation.setEmulatedMedia", features=features)

    def picture(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(base64.b64decode(self._call("GET", "/screenshot")))

    def complaints(self) -> list[str]:
        """What the browser said against the pages: errors, and what their policy refused."""
        said = self._call("POST", "/se/log", type="browser")
        return [each["message"] for each in said if each["level"] == "SEVERE"]

    # The protocol

    def _ready(self) -> bool:
        try:
            return bool(self._call("GET", "/status")["ready"])
        except requests.ConnectionError:
            return False

    def _find(self, selector: str) -> str:
        found: list[str] = []

        def is_there() -> bool:
            with suppress(RuntimeError):  # the page has just changed
                found[:] = self._visible(selector)
            return bool(found)

        wait_until(is_there, 10, f"{selector} on the page")
        return found[0]

    def _visible(self, selector: str) -> list[str]:
        found = self._call("POST", "/elements", using="css selector", value=selector)
        ids = [each[_ELEMENT] for each in found]
        return [each for each in ids if self._call("GET", f"/element/{each}/displayed")]

    def _links(self, words: str) -> list[str]:
        found = self._call("POST", "/elements", using="partial link text", value=words)
        return [each[_ELEMENT] for each in found]

    def _now(self, selector: str) -> str:
        """The text there now, "" where the page has just changed."""
        try:
            found = self._visible(selector)
            texts = (str(self._call("GET", f"/element/{each}/text")) for each in found)
            return " ".join(word for text in texts for word in text.split())
        except RuntimeError:
            return ""

    def _chrome(self, command: str, **parameters: object) -> None:
        self._call("POST", "/goog/cdp/execute", cmd=command, params=parameters)

    def _call(self, method: str, path: str, **body: object) -> Any:
        answer = requests.request(
            method, self._url + path, json=body if method == "POST" else None, timeout=60
        )
        value = answer.json()["value"]
        if not answer.ok:
            raise RuntimeError(f"{path}: {value['error']}: {value['message'][:300]}")
        return value
