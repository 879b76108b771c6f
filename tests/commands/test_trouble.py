"""What a running server does when its database is locked, gone, or has no room left.

Nothing that was acknowledged is lost, people are told within bounded time, reading goes on where
it can, and all is well again as soon as the trouble is over.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests import postgresql
from tests.commands.rooms import small_disk
from tests.servers import Answer, Client, Server, clean_environment, free_port, running

from schedapp.config import Settings
from schedapp.plumbing.database import SQLITE_WAIT_SECONDS
from schedapp.plumbing.migrating import upgrade

PASSWORD = "correct horse battery staple"
SCHED = Path(sys.executable).with_name("sched")


@contextlib.contextmanager
def serving(folder: Path, wrapped: tuple[str, ...] = (), **settings: str) -> Iterator[Server]:
    port = free_port()
    command = [*wrapped, str(SCHED), "run", "--port", str(port)]
    env = clean_environment(**{"data_dir": str(folder / "data"), **settings})
    with running(command, port=port, log=folder / "log", env=env) as server:
        yield server


def ana_at(server: Server, **settings: str) -> Client:
    """Add Ana, and return a browser that she is signed in with."""
    folder = server.log.parent
    env = clean_environment(**{"data_dir": str(folder / "data"), **settings})
    add = [str(SCHED), "users", "add", "ana@example.org", "--password-stdin"]
    subprocess.run(add, env=env, input=PASSWORD.encode(), check=True, capture_output=True)
    client = server.client()
    fields = {"username": "ana@example.org", "password": PASSWORD}
    assert client.submit("/login/", fields).status == 303
    return client


class Pen:
    """Writes appointments, and knows which ones were acknowledged."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.token = client.get("/appointments/create/").field("csrf_token") or ""
        self.kept: list[str] = []
        self.number = 0

    def write(self, *, description: str = "") -> Answer:
        self.number += 1
        fields = {
            "csrf_token": self.token,
            "title": f"Number {self.number}",
            "start": "2035-03-01T09:00",
            "end": "2035-03-01T10:00",
            "location": "",
            "description": description,
        }
        answer = self.client.post("/appointments/create/", fields)
        if answer.status == 303:
            self.kept.append(answer.location or "")
        return answer

    def check_nothing_is_lost(self) -> None:
        for location in self.kept:
            assert self.client.get(location).status == 200


def check_is_told_kindly(answer: Answer) -> None:
    assert answer.status == 503
    assert answer.headers["Retry-After"]
    assert "Nothing was changed" in answer.text
    assert "locked" not in answer.text
    assert "Error" not in answer.text


def test_another_program_locks_the_database(tmp_path: Path) -> None:
    with serving(tmp_path) as server, ana_at(server) as ana:
        pen = Pen(ana)
        assert pen.write().status == 303

        other = sqlite3.connect(tmp_path / "data" / "sched.db", isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        assert ana.get("/appointments/").status == 200, "reading goes on"
        began = time.monotonic()
        check_is_told_kindly(pen.write())
        assert time.monotonic() - began < 2 * SQLITE_WAIT_SECONDS + 2
        other.execute("ROLLBACK")
        other.close()

        assert pen.write().status == 303
        pen.check_nothing_is_lost()
        assert len(pen.kept) == 2


def test_the_disk_is_full(tmp_path: Path) -> None:
    with small_disk(3 * 1024 * 1024) as (disk, wrapped):
        own_disk = not wrapped
        ballast = disk / "ballast"
        settings = {"data_dir": str(disk)}
        if not own_disk:
            # The limit holds for the server alone: what it starts with must fit.
            upgrade(Settings(data_dir=disk))
        with (
            serving(tmp_path, wrapped, **settings) as server,
            ana_at(server, **settings) as ana,
        ):
            pen = Pen(ana)
            if own_disk:
                ballast.write_bytes(b"x" * 500_000)
            answer = pen.write(description="A")
            while answer.status == 303:
                assert pen.number < 500
                answer = pen.write(description="long " * 15_000)
            check_is_told_kindly(answer)
            assert len(pen.kept) > 1
            assert ana.get("/appointments/").status == 200, "reading goes on"
            pen.check_nothing_is_lost()
            with server.client() as stranger:
                assert stranger.get("/login/").status == 200

            if own_disk:
                ballast.unlink()
                assert pen.write(description="There is room again").status == 303
                pen.check_nothing_is_lost()
        if own_disk:
            with sqlite3.connect(disk / "sched.db") as connection:
                assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
                count = connection.execute("SELECT count(*) FROM appointment").fetchone()
            connection.close()
            assert count == (len(pen.kept),)


class Stoppable:
    """A PostgreSQL of one test, that can be stopped and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(mode=0o711)
        self.process = postgresql._start(folder)
        self.cluster = postgresql.Cluster(folder)
        postgresql._wait_for(self.process, self.cluster)
        self.url = self.cluster.create_database("book")

    def stop(self, signal: str = "INT") -> None:
        """Stop it: INT ends all connections, QUIT is a crash."""
        subprocess.run(["kill", f"-{signal}", str(self.process.pid)], check=True)
        self.process.wait(30)

    def start(self) -> None:
        programs = postgresql._programs()
        settings = postgresql.SETTINGS | {"unix_socket_directories": str(self.folder / "socket")}
        command = [str(programs / "postgres"), "-D", str(self.folder / "data")]
        command += [f"--{name}={value}" for name, value in settings.items()]
        become = ["setpriv", "--pdeathsig", "QUIT"]
        if os.getuid() == 0:
            user = pwd.getpwnam("postgres")
            become += [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
        with (self.folder / "log").open("ab") as output:
            self.process = subprocess.Popen(
                [*become, *command], stdout=output, stderr=output, cwd="/"
            )
        until = time.monotonic() + 30
        while True:
            try:
                self.cluster.connect().close()
            except postgresql.psycopg.OperationalError:
                assert time.monotonic() < until
                time.sleep(0.05)
            else:
                return


@pytest.fixture
def stoppable(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stoppable]:
    for name in ("fsync", "synchronous_commit", "full_page_writes"):
        monkeypatch.setitem(postgresql.SETTINGS, name, "on")  # it is to keep its word
    folder = postgresql.new_folder()
    made = Stoppable(folder)
    yield made
    if made.process.poll() is None:
        made.stop("QUIT")
    shutil.rmtree(folder)


@pytest.mark.parametrize("how", ["INT", "QUIT"])
def test_postgresql_is_stopped_and_started_again(
    tmp_path: Path, stoppable: Stoppable, how: str
) -> None:
    settings = {"database_url": stoppable.url}
    with serving(tmp_path, **settings) as server, ana_at(server, **settings) as ana:
        pen = Pen(ana)
        for _ in range(3):
            assert pen.write().status == 303

        stoppable.stop(how)
        for _ in range(3):
            began = time.monotonic()
            check_is_told_kindly(pen.write())
            for path in ("/appointments/", "/appointments/create/", pen.kept[0]):
                check_is_told_kindly(ana.get(path))
            assert ana.get("/healthz").status == 503
            assert time.monotonic() - began < 10
        with server.client() as stranger:
            assert stranger.get("/login/").status == 200, "it needs no database"

        stoppable.start()
        assert ana.get("/healthz").status == 200
        for _ in range(3):
            assert ana.get("/appointments/").status == 200
            assert pen.write().status == 303
        pen.check_nothing_is_lost()
        assert "Traceback" not in server.output()
