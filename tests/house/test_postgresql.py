"""The PostgreSQL that the tests start for themselves."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
from tests.postgresql import Cluster, cluster_in, new_folder, stop


def test_it_answers(postgresql: Cluster) -> None:
    with postgresql.connect() as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_it_is_shared_by_all_who_ask(postgresql: Cluster) -> None:
    again = cluster_in(postgresql.folder, owner=os.getpid())

    assert again == postgresql


def test_a_database_belongs_to_a_role_without_privileges(postgresql: Cluster) -> None:
    with postgresql.database() as url, psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE made_by_it (id int)")
        may = connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        assert may.fetchone() == (False,)


def test_a_database_is_gone_afterwards(postgresql: Cluster) -> None:
    with postgresql.database() as url:
        pass

    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(url)


def test_a_template_is_filled_once_and_copied(postgresql: Cluster) -> None:
    filled = []

    def fill(url: str) -> None:
        filled.append(url)
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE copied AS SELECT 7 AS number")

    for _ in range(2):
        name = postgresql.template(f"seven_{os.getpid()}", fill)
        with postgresql.database(name) as url, psycopg.connect(url) as connection:
            assert connection.execute("SELECT number FROM copied").fetchone() == (7,)
    assert len(filled) == 1


def test_it_ends_with_its_owner_however_that_ends() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as owner:
        folder = new_folder()
        with cluster_in(folder, owner=owner.pid).connect() as connection:
            connection.execute("SELECT 1")
        server = _server_of(folder)

        owner.send_signal(signal.SIGKILL)

    _wait_until_gone(folder, server)


def test_it_ends_when_its_keeper_is_killed(tmp_path: Path) -> None:
    folder = new_folder()
    cluster_in(folder, owner=os.getpid())
    server = _server_of(folder)

    os.kill(int((folder / "keeper").read_text()), signal.SIGKILL)

    _wait_until_gone(server)
    stop(folder)
    assert not folder.exists()


def _server_of(folder: Path) -> Path:
    return Path("/proc", (folder / "data" / "postmaster.pid").read_text().split()[0])


def _wait_until_gone(*paths: Path) -> None:
    patient_until = time.monotonic() + 20
    while any(path.exists() for path in paths):
        assert time.monotonic() < patient_until, "still there"
        time.sleep(0.02)
