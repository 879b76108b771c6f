"""`sched doctor`: what is good is said to be, and each thing that is wrong is found."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

import pytest
from sqlalchemy import text
from tests.commands.conftest import environment, typed
from tests.conftest import Time
from tests.postgresql import Cluster

from schedapp.config import Settings
from schedapp.plumbing import doctor
from schedapp.plumbing.migrating import engine_of, steps, upgrade
from schedapp.plumbing.signing import secret_keys


@pytest.fixture(autouse=True)
def forgetful(monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    """The PostgreSQL of the tests is fast and forgetful; only one test minds."""
    minded = doctor.KEEP_ITS_WORD
    monkeypatch.setattr(doctor, "KEEP_ITS_WORD", ())
    return minded


@pytest.fixture
def book(empty: Settings, time: Time) -> Settings:
    """An empty book that is up to date, in each kind of database."""
    return begun(empty, time)


def begun(settings: Settings, time: Time) -> Settings:
    time.moment = datetime.now(UTC)  # databases have their own clocks
    secret_keys(settings)
    upgrade(settings)
    return settings


@pytest.fixture
def sqlite_book(tmp_path: Path, time: Time) -> Iterator[Path]:
    settings = Settings(data_dir=tmp_path / "data")
    with environment(settings):
        begun(settings, time)
        yield settings.data_dir / "sched.db"


@pytest.fixture
def postgresql_book(postgresql: Cluster, tmp_path: Path, time: Time) -> Iterator[Settings]:
    with postgresql.database() as url:
        settings = Settings(data_dir=tmp_path / "data", database_url=url)
        with environment(settings):
            yield begun(settings, time)


class Said(NamedTuple):
    status: int
    levels: dict[str, str]
    sentences: dict[str, str]


def examined() -> Said:
    result = typed("doctor", "--json")
    found = json.loads(result.stdout)
    return Said(
        result.exit_code,
        {each["name"]: each["level"] for each in found},
        {each["name"]: each["sentence"] for each in found},
    )


def only_wrong(name: str, *words: str) -> None:
    """Check that exactly one thing is wrong, that this is said, and the status tells."""
    status, levels, sentences = examined()
    assert [each for each, level in levels.items() if level == doctor.WRONG] == [name], sentences
    for word in words:
        assert word in sentences[name]
    assert status == 1
    lines = typed("doctor").stdout.splitlines()
    assert [line for line in lines if line.startswith("WRONG")] == [
        f"WRONG  {name}: {sentences[name]}"
    ]


@pytest.mark.usefixtures("book")
def test_all_is_well() -> None:
    result = typed("doctor")

    assert result.exit_code == 0
    assert {line.split()[0] for line in result.stdout.splitlines()} == {"good"}
    assert set(examined().levels.values()) == {doctor.GOOD}


def test_a_book_that_was_never_begun(empty: Settings) -> None:
    status, levels, _ = examined()

    assert status == 1
    assert levels["data folder"] == doctor.WRONG
    assert not empty.data_dir.exists(), "looking makes nothing"


@pytest.mark.usefixtures("book")
def test_a_wrong_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCHED_THREADS", "many")

    only_wrong("settings", "SCHED_THREADS should be a whole number")


@pytest.mark.usefixtures("book")
def test_plain_http_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCHED_PUBLIC_URL", "http://sched.example.org")

    status, levels, sentences = examined()
    assert (status, levels["public address"]) == (0, doctor.NOTE)
    assert "HTTPS" in sentences["public address"]
    assert "note   public address" in typed("doctor").stdout


@pytest.mark.usefixtures("book")
def test_a_proxy_that_is_not_trusted_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCHED_PUBLIC_URL", "https://sched.example.org")
    status, levels, sentences = examined()
    assert (status, levels["proxies"]) == (0, doctor.NOTE)
    assert "SCHED_TRUSTED_PROXIES" in sentences["proxies"]

    monkeypatch.setenv("SCHED_TRUSTED_PROXIES", "127.0.0.1")
    assert "proxies" not in examined().levels


def test_keys_that_others_can_read(book: Settings) -> None:
    (book.data_dir / "secret_keys").chmod(0o644)

    only_wrong("secret keys", "chmod 600")


def test_keys_that_are_missing_or_weak(book: Settings) -> None:
    path = book.data_dir / "secret_keys"
    path.write_text("short\n")
    only_wrong("secret keys", "at least 32")

    path.unlink()
    only_wrong("secret keys", "missing")


@pytest.mark.usefixtures("book")
def test_a_disk_that_is_nearly_full(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = SimpleNamespace(free=12 * 1024 * 1024)
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)

    only_wrong("free space", "12 MB in", "100 MB are needed")


def test_a_clock_that_was_never_set(book: Settings, time: Time) -> None:
    time.moment = datetime(1970, 1, 1, tzinfo=UTC)

    status, levels, _ = examined()
    assert (status, levels["clock"]) == (1, doctor.WRONG)
    if not book.is_sqlite:
        assert levels["database's clock"] == doctor.WRONG


def test_a_clock_that_was_set_back(book: Settings, time: Time) -> None:
    with environment(book):
        typed("users", "add", "ana@example.org", "--password-stdin", stdin="x" * 20)
    time.forward(hours=-1)

    _, levels, sentences = examined()
    assert levels["time"] == doctor.WRONG
    assert "to come" in sentences["time"]


def test_tables_of_an_earlier_version(empty: Settings, time: Time) -> None:
    time.moment = datetime.now(UTC)
    secret_keys(empty)
    upgrade(empty, to=next(iter(steps())))

    only_wrong("tables", "sched db upgrade")


def test_tables_of_a_later_version(book: Settings) -> None:
    engine = engine_of(book)
    with engine.begin() as connection:
        connection.execute(text("update alembic_version set version_num = '2999'"))
    engine.dispose()

    only_wrong("tables", "later version")


def test_a_database_that_others_can_read(sqlite_book: Path) -> None:
    sqlite_book.chmod(0o640)

    only_wrong("file mode", "chmod 600")


def test_references_that_lead_to_nothing(sqlite_book: Path) -> None:
    with sqlite3.connect(sqlite_book) as connection:
        connection.execute("INSERT INTO password VALUES (1, 'x', 0)")
    connection.close()

    only_wrong("references", "password", "user")


def test_a_damaged_file(sqlite_book: Path) -> None:
    with sqlite3.connect(sqlite_book) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_schema SET rootpage = 3 WHERE name = 'throttle'")
    connection.close()

    status, levels, _ = examined()
    assert status == 1
    assert doctor.WRONG in {levels.get("integrity"), levels.get("database")}


def test_another_program_holds_the_database(
    sqlite_book: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("schedapp.plumbing.database.SQLITE_WAIT_SECONDS", 0)
    other = sqlite3.connect(sqlite_book, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        only_wrong("writing", "database is locked")
    finally:
        other.close()


def test_a_file_that_is_missing(sqlite_book: Path) -> None:
    sqlite_book.unlink()

    only_wrong("database", "missing")
    assert not sqlite_book.exists()


def test_a_server_that_does_not_answer(
    postgresql_book: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCHED_DATABASE_URL", "postgresql://sched@127.0.0.1:9/book")

    only_wrong("database", "cannot be used")


def test_a_server_that_is_too_old(
    postgresql_book: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "POSTGRESQL_LEAST", 99)

    only_wrong("database", "too old; 99")


def test_a_server_that_can_only_be_read(postgresql_book: Settings) -> None:
    engine = engine_of(postgresql_book)
    with engine.begin() as connection:
        name = connection.execute(text("select current_database()")).scalar_one()
        connection.execute(text(f'alter database "{name}" set default_transaction_read_only = on'))
    engine.dispose()

    only_wrong("writing", "only be read")


def test_pg_dump_that_is_missing(
    postgresql_book: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    only_wrong("pg_dump", "missing")


def test_pg_dump_that_is_older_than_the_server(
    postgresql_book: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "pg_dump"
    program.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    only_wrong("pg_dump", "9.6 is older than the server")


@pytest.mark.usefixtures("postgresql_book")
def test_a_server_that_forgets_what_it_said_yes_to(
    forgetful: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "KEEP_ITS_WORD", forgetful)

    only_wrong("durability", "fsync", "synchronous_commit", "full_page_writes")
