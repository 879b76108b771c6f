"""Change something in a database every few milliseconds, until told to stop.

Reads one line of JSON: the database's address, the statements of one change, in which `{round}`
stands for its number, and the pause between two. Says at the end how many changes it made.
The changes need not survive a power cut, so nothing here waits for the disk.
"""

import json
import signal
import sqlite3
import sys
import time
from collections.abc import Callable, Sequence

import psycopg


def on_sqlite(path: str) -> Callable[[Sequence[str]], None]:
    connection = sqlite3.connect(path, isolation_level=None, timeout=30)
    connection.execute("PRAGMA synchronous = OFF")

    def change(statements: Sequence[str]) -> None:
        connection.execute("BEGIN IMMEDIATE")
        for statement in statements:
            connection.execute(statement)
        connection.execute("COMMIT")

    return change


def on_postgresql(address: str) -> Callable[[Sequence[str]], None]:
    connection = psycopg.connect(address, autocommit=True)
    connection.execute("SET synchronous_commit = off")

    def change(statements: Sequence[str]) -> None:
        with connection.transaction():
            for statement in statements:
                connection.execute(statement)  # type: ignore[arg-type, unused-ignore]

    return change


def main() -> None:
    order = json.loads(sys.stdin.readline())
    stopping = False

    def stop(*_: object) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGTERM, stop)
    address = order["address"]
    if address.startswith("sqlite:///"):
        change = on_sqlite(address.removeprefix("sqlite:///"))
    else:
        change = on_postgresql(address)
    rounds = 0
    due = time.monotonic()
    while not stopping:
        rounds += 1
        change([each.format(round=rounds) for each in order["statements"]])
        due = max(due + order["every_seconds"], time.monotonic() - order["every_seconds"])
        time.sleep(max(0.0, due - time.monotonic()))
    print(rounds)


if __name__ == "__main__":
    main()
