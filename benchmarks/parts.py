"""Where a run's time goes: its threads' stacks, looked at some hundred times a second."""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from types import FrameType

EACH = 0.003  #: seconds
#: part → what a file's path holds; the innermost frame that is of a part decides
PARTS: Mapping[str, tuple[str, ...]] = {
    "SQL": ("/django/db/", "/psycopg", "/saleor_sms_plugin/models/"),
    "HTTP": ("/requests/", "/urllib3/", "/http/client", "/email/", "/socket.py", "/ssl.py"),
    "SDK": ("/vonage", "/pydantic", "/providers/"),
    "rendering": ("/liquid/", "/saleor_sms_plugin/domain/", "/services/writing", "/babel/"),
    "door": ("/saleor_sms_plugin/",),
}
#: files in which a thread waits for another one, or for its slot
WAITING = (
    "/services/dispatch.py", "/services/account_run.py", "/services/outcomes.py",
    "/services/line.py", "/threading.py", "/queue.py", "/concurrent/futures/thread.py",
)  # fmt: skip
#: file and function in which a caller waits for the provider
ANSWER = ("/socket.py", "readinto")


@contextmanager
def parts() -> Iterator[MutableMapping[str, float]]:
    """Yields what afterwards holds the share of each part in percent, of the thread that asked
    and of the others while they were at work; ``waiting`` is for slots and other threads,
    ``answer`` for the provider."""
    shares: dict[str, float] = {}
    seen: Counter[tuple[str, str]] = Counter()
    over = threading.Event()
    main = threading.get_ident()
    watcher = threading.Thread(target=_watch, args=(main, seen, over), daemon=True)
    watcher.start()
    try:
        yield shares
    finally:
        over.set()
        watcher.join()
        for thread in ("main", "callers"):
            of = {part: count for (whose, part), count in seen.items() if whose == thread}
            for part, count in sorted(of.items(), key=lambda each: -each[1]):
                shares[f"{thread}: {part} %"] = count / sum(of.values()) * 100


def _watch(main: int, seen: Counter[tuple[str, str]], over: threading.Event) -> None:
    own = threading.get_ident()
    while not over.wait(EACH):
        for thread, frame in sys._current_frames().items():
            if thread == own:
                continue
            part = part_of(frame)
            if thread == main:
                seen["main", part] += 1
            elif part != "waiting":
                seen["callers", part] += 1


def part_of(frame: FrameType | None) -> str:
    """Of ``PARTS``, or ``answer``, ``waiting``, ``other``."""
    if frame is not None:
        path, name = frame.f_code.co_filename, frame.f_code.co_name
        if path.endswith(ANSWER[0]) and name == ANSWER[1]:
            return "answer"
        if path.endswith(WAITING):
            return "waiting"
    while frame is not None:
        path = frame.f_code.co_filename
        for part, holds in PARTS.items():
            if any(each in path for each in holds):
                return part
        frame = frame.f_back
    return "other"
