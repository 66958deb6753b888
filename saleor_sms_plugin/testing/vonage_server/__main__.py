"""Vonage's server as a program: ``python -m saleor_sms_plugin.testing.vonage_server``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from . import VonageServer
from .faults import FAULTS, Fault


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the URL, then serves until it is interrupted."""
    parser = argparse.ArgumentParser(
        prog="python -m saleor_sms_plugin.testing.vonage_server",
        description="Speaks as Vonage's SMS API and Messages API on 127.0.0.1.",
        epilog="faults:\n"
        + "".join(f"  {form:22}{meaning}\n" for form, meaning in FAULTS.items())
        + "\nScript a running one with POST /_control, read what arrived with GET /_requests.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--log", type=Path, help="append every request to this JSONL file")
    parser.add_argument(
        "--fault", action="append", default=[], help="for the next request; repeatable"
    )
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before every answer")
    parser.add_argument("--rate", type=int, default=0, help="requests per second, 0: no limit")
    parser.add_argument("--require-key", default="", help="the only API key that is let in")
    parser.add_argument("--secret", default="", help="its secret")
    given = parser.parse_args(arguments)
    try:
        for fault in given.fault:
            Fault.parse(fault)
    except ValueError as error:
        parser.error(str(error))
    with VonageServer(
        port=given.port,
        key=given.require_key,
        secret=given.secret,
        faults=given.fault,
        delay=given.delay,
        rate=given.rate,
        log=given.log,
    ) as server:
        print(server.url, flush=True)
        try:
            server.stopping.wait()
        except KeyboardInterrupt:
            return 0
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
