"""Run the emulator as a process of its own: ``python -m django_sezzle.emulator``."""

from __future__ import annotations

import argparse
import os
import signal
import sqlite3
import sys
from collections.abc import Sequence

from .gateway import Emulator
from .profile import Profile
from .recording import Recorder
from .server import EmulatorServer
from .store import MemoryStore, SQLiteStore, Store


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until interrupted; return the exit code."""
    options = _parser().parse_args(arguments)
    profile = Profile()
    store: Store
    try:
        for given in options.profile:
            if "=" in given:
                profile.change_from_text(given)
            else:
                profile.change_from_file(given)
        store = SQLiteStore(options.store) if options.store else MemoryStore()
        emulator = Emulator(
            store=store,
            public_key=options.public_key,
            private_key=options.private_key,
            profile=profile,
        )
        server = EmulatorServer(emulator, options.port, host=options.host)
        if options.record:
            emulator.observers.append(Recorder(options.record))
        server.start()
    except (ValueError, OSError, sqlite3.Error) as error:
        print(f"The emulator could not start: {error}", file=sys.stderr)
        return 1
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: server.request_stop())
    print(f"Sezzle emulator: {server.url}/v2   dashboard: {server.url}/dashboard/", flush=True)
    print("No real money moves. Stop with Ctrl-C.", flush=True)
    server.wait()
    server.stop()
    emulator.close()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m django_sezzle.emulator",
        description="A stateful Sezzle v2 gateway for tests and demos; no real money moves.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address")
    parser.add_argument("--port", type=int, default=8765, help="0 takes any free one")
    parser.add_argument("--store", metavar="FILE", help="keep everything in this SQLite file")
    parser.add_argument(
        "--public-key", default=os.environ.get("SEZZLE_PUBLIC_KEY") or "sz_pub_emulator"
    )
    parser.add_argument(
        "--private-key",
        default=os.environ.get("SEZZLE_PRIVATE_KEY") or "sz_pr_emulator",
        help="better given as SEZZLE_PRIVATE_KEY, which other users of the machine cannot see",
    )
    parser.add_argument(
        "--profile",
        metavar="NAME=VALUE | FILE",
        action="append",
        default=[],
        help="set a switch, such as expired_order=not_found, or those of a JSON file, as "
        "sezzle_probe writes it; may be repeated",
    )
    parser.add_argument(
        "--record", metavar="FILE", help="append every exchange and delivery as a JSON line"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
