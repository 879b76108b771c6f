"""Sixteen clients write for a minute; each second one of several server processes is killed.

This fails when it should. Seen with mistakes made on purpose, in twelve seconds each: writes that
begin with a plain BEGIN on SQLite answer 503 two hundred times; a commit five milliseconds after
the answer loses two acknowledged changes, on either database; without a transaction, or without
locking the appointment on PostgreSQL, two edits of one version are both acknowledged.
"""

from __future__ import annotations

import os
import random
import signal
import statistics
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from tests.conftest import CHEAP_HASH, PASSWORD
from tests.durability.clients import Writer
from tests.durability.journal import ZONE, Journal, differences
from tests.postgresql import Cluster
from tests.servers import Server, clean_environment, free_port, running

from schedapp.accounts.actions import NewUser, add_user
from schedapp.accounts.models import User
from schedapp.app import create_app
from schedapp.appointments.models import Appointment, Calendar
from schedapp.config import Settings
from schedapp.plumbing import clock
from schedapp.plumbing.database import bookkeeping, database
from schedapp.plumbing.migrating import engine_of, upgrade

SECONDS = float(os.environ.get("KILLING_SECONDS", "60"))
SERVERS = 3
PROCESSES = 2
OWNERS = ["Ana"] * 8 + ["Ben"] * 5 + ["Cleo"] * 3


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """The settings of a new book, in which Ana, Ben and Cleo have nothing yet."""
    with ExitStack() as stack:
        url = ""
        if request.param == "postgresql":
            cluster: Cluster = request.getfixturevalue("postgresql")
            url = stack.enter_context(cluster.database())
        made = Settings(data_dir=tmp_path / "data", database_url=url)
        upgrade(made)
        app = create_app(made)
        with app.app_context():
            with bookkeeping() as db:
                for name in ("Ana", "Ben", "Cleo"):
                    new = NewUser(_email_of(name), name, CHEAP_HASH, ZONE, "en_GB")
                    add_user(db, new, now=clock.now())
            database.engine.dispose()
        yield made


def _email_of(name: str) -> str:
    return f"{name.lower()}@example.org"


class Kept:
    """A server that is started again whenever it has ended, as systemd would do."""

    def __init__(self, settings: Settings, log: Path, over: threading.Event) -> None:
        self.port = free_port()
        self.starts = 0
        self._settings = settings
        self._log = log
        self._over = over
        self._server: Server | None = None

    def keep(self) -> None:
        """Run it until it is over."""
        sched = Path(sys.executable).with_name("sched")
        command = [str(sched), "run", "--port", str(self.port)]
        env = clean_environment(
            data_dir=str(self._settings.data_dir),
            database_url=self._settings.database_url,
            processes=str(PROCESSES),
        )
        while not self._over.is_set():
            with running(command, port=self.port, log=self._log, env=env) as server:
                self.starts += 1
                self._server = server
                while server.process.poll() is None and not self._over.wait(0.05):
                    pass
                self._server = None

    @property
    def is_ready(self) -> bool:
        """Whether it answers just now."""
        return self._server is not None

    def workers(self) -> list[int]:
        """Return its processes that answer requests."""
        server = self._server
        return server.workers() if server else []

    def kill(self) -> bool:
        """Kill all its processes at once, as a machine does that loses its power."""
        server = self._server
        if server is None:
            return False
        with suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
        return True


def _age(pid: int) -> float:
    with suppress(OSError):
        facts = Path("/proc", str(pid), "stat").read_text().rpartition(")")[2].split()
        begun = int(facts[19]) / os.sysconf("SC_CLK_TCK")
        return time.clock_gettime(time.CLOCK_BOOTTIME) - begun
    return 0.0


def _kill_each_second(servers: list[Kept], over: threading.Event) -> Counter[str]:
    """Kill one process each second, and each fifth second a server with all its processes."""
    chance = random.Random(2027)  # noqa: S311
    killed: Counter[str] = Counter()
    begun = time.monotonic()
    for second in range(1, int(SECONDS) + 1):
        over.wait(begun + second - time.monotonic())
        if second % 5 == 0 and chance.choice(servers).kill():
            killed["whole servers"] += 1
            continue
        victims = [pid for server in servers for pid in server.workers()]
        # Whoever has just been started has nothing to lose yet.
        victims = [pid for pid in victims if _age(pid) > 1.5] or victims
        if victims:
            with suppress(ProcessLookupError):
                os.kill(chance.choice(victims), signal.SIGKILL)
                killed["processes"] += 1
    return killed


@contextmanager
def _servers(settings: Settings, log: Path) -> Iterator[list[Kept]]:
    over = threading.Event()
    servers = [Kept(settings, log, over) for _ in range(SERVERS)]
    with ThreadPoolExecutor(SERVERS) as keepers:
        kept = [keepers.submit(server.keep) for server in servers]
        try:
            while not all(server.is_ready for server in servers):
                if any(each.done() for each in kept):
                    raise RuntimeError(log.read_text())
                time.sleep(0.05)
            yield servers
        finally:
            over.set()
    for each in kept:
        each.result()


def test_nothing_acknowledged_is_lost(
    settings: Settings, tmp_path: Path, record_property: Any
) -> None:
    log, over = tmp_path / "log", threading.Event()
    with _servers(settings, log) as servers, ThreadPoolExecutor(len(OWNERS)) as at_work:
        ports = [server.port for server in servers]
        writers = [Writer(each, owner, ports, over) for each, owner in enumerate(OWNERS)]
        shared: dict[str, str] = {}
        for writer in writers:
            owner = writer.journal.owner
            writer.sign_in(_email_of(owner), PASSWORD)
            writer.shared_id = shared.get(owner) or shared.setdefault(owner, writer.write_shared())
        working = [at_work.submit(writer.work) for writer in writers]
        try:
            killed = _kill_each_second(servers, over)
        finally:
            over.set()
        journals = [each.result() for each in working]

    numbers = _numbers(journals, killed, sum(server.starts for server in servers))
    record_property("numbers", numbers)
    printed = log.read_text(encoding="utf-8", errors="replace")
    ours = [line for line in printed.splitlines() if _is_complaint(line)]
    refused = [refusal for journal in journals for refusal in journal.refusals]
    rows, versions = _book(settings)
    assert list(differences(journals, rows, shared, versions)) == []
    assert refused == []
    assert ours == []
    statuses = sum((journal.statuses for journal in journals), Counter[int]())
    assert set(statuses) <= {200, 303, 404, 409}
    assert sum(killed.values()) >= 0.9 * int(SECONDS)
    assert sum(journal.acknowledged for journal in journals) > 5 * SECONDS


def _is_complaint(line: str) -> bool:
    """Return whether sched complains, other than of the processes that were killed."""
    if "worker-" in line or "Worker crash loop detected" in line:
        return False
    return any(words in line for words in (" ERROR ", " WARNING ", "[ERROR]", "Traceback"))


def _book(settings: Settings) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """Read all appointments, with their owners' names, and the versions of their calendars."""
    engine = engine_of(settings)
    try:
        with engine.connect() as connection:
            if settings.is_sqlite:
                ask = connection.exec_driver_sql
                assert ask("PRAGMA integrity_check").scalars().all() == ["ok"]
                assert ask("PRAGMA foreign_key_check").all() == []
            rows = connection.execute(
                select(Appointment.__table__, User.name.label("owner")).join_from(
                    Appointment, User, Appointment.owner_id == User.id
                )
            )
            found = [dict(row) for row in rows.mappings()]
            versions = connection.execute(
                select(User.name, Calendar.version).join_from(
                    Calendar, User, Calendar.owner_id == User.id
                )
            )
            return found, {row[0]: row[1] for row in versions}
    finally:
        engine.dispose()


def _numbers(journals: list[Journal], killed: Counter[str], starts: int) -> str:
    """Return what happened, in one line."""
    statuses = sum((journal.statuses for journal in journals), Counter[int]())
    seconds = sorted(each for journal in journals for each in journal.write_seconds)
    cuts = statistics.quantiles(seconds, n=1000)
    lasted = f"{1000 * cuts[499]:.0f}/{1000 * cuts[989]:.0f}/{1000 * seconds[-1]:.0f} ms"
    return (
        f"{SECONDS:.0f} s; killed {dict(killed)}, {starts} starts of {SERVERS} servers;"
        f" {sum(statuses.values())} answers {dict(sorted(statuses.items()))},"
        f" {sum(each.broken for each in journals)} broken connections;"
        f" {sum(each.acknowledged for each in journals)} changes acknowledged,"
        f" {sum(each.in_doubt for each in journals)} in doubt;"
        f" p50/p99/longest of a write {lasted}"
    )
