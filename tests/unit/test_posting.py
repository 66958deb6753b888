"""What the benchmarks of a web process send, and that an unexpected answer is no figure."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count

import pytest

from benchmarks.posting import Post, arriving, send
from tests.servers import wait_until


class Answers(BaseHTTPRequestHandler):
    """200 to what it knows, and remembers it; 404 to the rest."""

    protocol_version = "HTTP/1.1"
    bodies: list[bytes]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/known":
            self.bodies.append(body)
        self.send_response(200 if self.path == "/known" else 404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def bodies(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What arrived, in order."""
    seen: list[bytes] = []
    monkeypatch.setattr(Answers, "bodies", seen, raising=False)
    return seen


@pytest.fixture
def host(bodies: list[bytes]) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_all_are_sent_once(host: str, bodies: list[bytes]) -> None:
    """Ten requests over three connections arrive once each, and each has its time."""
    posts = [Post("/known", {}, b"%d" % number) for number in range(10)]

    taken = send(host, posts, clients=3)

    assert sorted(bodies) == [post.body for post in posts]
    assert len(taken.seconds) == 10


def test_another_answer_is_no_figure(host: str) -> None:
    """A refused request would be fast, and measure nothing."""
    with pytest.raises(RuntimeError, match="answered 404, not 200"):
        send(host, [Post("/unknown", {}, b"x")])


def test_what_arrives_beside_is_answered_as_well(host: str, bodies: list[bytes]) -> None:
    """Each request that arrives beside is another one; a refusal ends the measurement."""
    posts = (Post("/known", {}, b"%d" % number) for number in count())
    with arriving(host, posts, rate=200):
        wait_until(lambda: len(bodies) >= 8, 30, "eight requests")
    assert len(set(bodies)) == len(bodies)

    nobody = (Post("/unknown", {}, b"") for _ in count())
    with pytest.raises(RuntimeError, match="answered 404"), arriving(host, nobody, rate=200):
        pass
