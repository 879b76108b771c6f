"""The `sched` command: one group, and the commands that belong to no feature."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import click

from schedapp.config import Settings, WrongSetting, is_loopback
from schedapp.core.errors import Refused
from schedapp.plumbing.commands import json_option, print_json

if TYPE_CHECKING:
    from pathlib import Path

    from flask import Flask

    from schedapp.plumbing.migrating import Standing


class Commands(click.Group):
    """Commands that say in one line what is wrong, and end with a status that is not zero."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; whatever goes wrong becomes one line on standard error."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except (WrongSetting, Refused) as refusal:
            raise click.ClickException(str(refusal)) from None
        except Exception as error:
            if isinstance(error, OSError) and error.errno == errno.EPIPE:
                raise  # whoever read us has seen enough
            raise click.ClickException(_sentence_of(error)) from None


def _sentence_of(error: Exception) -> str:
    from sqlalchemy.exc import DBAPIError
    from sqlalchemy.exc import TimeoutError as PoolTimeoutError

    from schedapp.plumbing.database import Busy
    from schedapp.plumbing.migrating import CannotMigrate
    from schedapp.plumbing.serving import CannotListen

    if isinstance(error, CannotListen | CannotMigrate):
        return str(error)
    if isinstance(error, Busy | PoolTimeoutError):
        return "The database is busy. Nothing was changed; please try again."
    if isinstance(error, DBAPIError):
        return f"The database cannot be used: {_first_line(error.orig or error)} ({_database()})"
    if isinstance(error, OSError) and error.strerror:
        return ": ".join(filter(None, [str(error.filename or ""), error.strerror])) + "."
    return f"This is a mistake in sched: {type(error).__name__}. {_written_down(error)}"


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def _database() -> str:
    from sqlalchemy import make_url

    url = make_url(Settings.read().database_url)
    return f"SCHED_DATABASE_URL is {url.set(query={}).render_as_string(hide_password=True)}"


def _written_down(error: Exception) -> str:
    """Keep the traceback of a mistake of ours where only the owner sees it, and say where."""
    try:
        path = Settings.read().data_dir / "failures.txt"
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            traceback.print_exception(error, file=file)
    except (OSError, WrongSetting):
        return "Please report it."
    return f"The details are in {path}; please report it."


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="sched", message="%(version)s")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Keep the appointment book that you own."""
    ctx.obj = open_book


@contextmanager
def open_book(*, make: bool = False) -> Iterator[None]:
    """Open the book that the settings name, for a command.

    Raises:
        ClickException: if it is empty (and not to be made), or of another version.
    """
    from schedapp.plumbing.database import database
    from schedapp.plumbing.migrating import upgrade

    settings = Settings.read()
    state = _standing(settings).state
    if state == "empty" and make:
        upgrade(settings)
    elif state != "up to date":
        raise click.ClickException(_HOW_TO_GO_ON[state])
    app = application(settings)
    with app.app_context():
        engine = database.engine
    try:
        with app.app_context():
            yield
    finally:
        engine.dispose()


_HOW_TO_GO_ON = {
    "empty": "There is no book yet. `sched run` makes it, and so does `sched db upgrade`.",
    "behind": "The database is of an earlier version of sched. Run `sched db upgrade` first.",
    "later": "The database is of a later version of sched. Please use that version.",
}


def _standing(settings: Settings) -> Standing:
    """Return how the database stands; where there is none, none is made."""
    from schedapp.plumbing.database import sqlite_path
    from schedapp.plumbing.migrating import Standing, engine_of, standing_of, steps

    path = sqlite_path(settings.database_url)
    if path is not None and not path.exists():
        known = tuple(steps())
        return Standing(None, known[-1], known)
    engine = engine_of(settings)
    try:
        with engine.connect() as connection:
            return standing_of(connection)
    finally:
        engine.dispose()


def application(settings: Settings) -> Flask:
    """Return the application, for a command or to be served; the database must be up to date."""
    from schedapp.app import create_app

    return create_app(settings)


# --- Serving -------------------------------------------------------------------------------------


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=8000,
    show_default=True,
    help="The port to listen on.",
)
def run(host: str, port: int) -> None:
    """Serve the pages, until Ctrl+C or SIGTERM.

    Brings the database up to date first; where there is data, a backup is made before that.
    Listens on this machine alone unless --host says otherwise, and then needs SCHED_PUBLIC_URL.
    """
    from schedapp.plumbing.migrating import is_up_to_date
    from schedapp.plumbing.serving import address_of, check_is_free, serve
    from schedapp.plumbing.signing import secret_keys

    settings = Settings.read()
    address = address_of(host)
    check_may_listen(settings, address)
    check_is_free(address, port)
    check_can_write(settings)
    keys = secret_keys(settings)
    if not is_up_to_date(settings):
        upgrade_aside()
    _say(f"sched keeps its data in {settings.data_dir}.")
    _say_how_to_begin(settings, keys[0], address, port)
    serve(application(settings), settings, address, port)


def upgrade_aside() -> None:
    """Run `sched db upgrade` in a child of this process, and end as it does if it fails.

    What migrating needs would stay in memory for as long as we serve.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        code: object = 1
        try:
            main.main(["db", "upgrade"], prog_name="sched")
        except SystemExit as ended:
            code = ended.code
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code if isinstance(code, int) else 0 if code is None else 1)
    _, status = os.waitpid(child, 0)
    if status != 0:
        sys.exit(os.waitstatus_to_exitcode(status))


def check_may_listen(settings: Settings, address: str) -> None:
    """Check that what is shown to other machines is meant for them.

    Raises:
        WrongSetting: if it is not.
    """
    if is_loopback(address):
        return
    if settings.debug:
        raise WrongSetting("SCHED_DEBUG should be no when sched listens on more than loopback.")
    if settings.public_url is None:
        raise WrongSetting(
            "SCHED_PUBLIC_URL should be the address that people use, such as"
            " https://sched.example.org, when sched listens on more than this machine."
        )


def check_can_write(settings: Settings) -> None:
    """Check that sched can keep what it is told, before it takes anything.

    Raises:
        WrongSetting: if it cannot.
    """
    from schedapp.plumbing.database import sqlite_path

    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise _wrong_data_dir(settings.data_dir, error.strerror or str(error)) from None
    if not os.access(settings.data_dir, os.W_OK | os.X_OK):
        raise _wrong_data_dir(settings.data_dir, "it can only be read")
    path = sqlite_path(settings.database_url)
    for each in (path.parent, path) if path is not None else ():
        if each.exists() and not os.access(each, os.W_OK | (os.X_OK if each.is_dir() else 0)):
            raise WrongSetting(
                f"SCHED_DATABASE_URL should be a database that sched can write to; {each} can"
                " only be read."
            )


def _wrong_data_dir(path: Path, why: str) -> WrongSetting:
    return WrongSetting(
        f"SCHED_DATA_DIR should be a folder that sched can write to, not {path}: {why}."
    )


def _say(line: str) -> None:
    click.echo(line, err=True)


def _say_how_to_begin(settings: Settings, key: str, address: str, port: int) -> None:
    from sqlalchemy.orm import Session

    from schedapp.accounts.queries import is_empty
    from schedapp.accounts.set_up import set_up_code
    from schedapp.plumbing.migrating import engine_of

    shown = {"127.0.0.1": "localhost", "::1": "localhost"}.get(address, address)
    place = settings.public_url or f"http://{shown}:{port}"
    engine = engine_of(settings)
    try:
        with Session(engine) as db:
            empty = is_empty(db)
    finally:
        engine.dispose()
    if empty:
        code = set_up_code(key)
        spaced = " ".join(code[at : at + 5] for at in range(0, len(code), 5))
        _say(f"Make the first user at {place}/setup/ – from elsewhere with the code {spaced}")
    else:
        _say(f"Open {place}/")


# --- The database --------------------------------------------------------------------------------


@main.group()
def db() -> None:
    """Look after the database."""


@db.command("upgrade")
@click.option(
    "--without-backup",
    is_flag=True,
    help="Make no backup first: you have made one yourself.",
)
def upgrade_database(without_backup: bool) -> None:  # noqa: FBT001
    """Bring the database to the tables of this version, after a backup.

    All steps are taken or none. `sched run` does the same when it starts.
    """
    from schedapp.plumbing.migrating import upgrade

    settings = Settings.read()
    if upgrade(settings, back_up=not without_backup, say=_say):
        click.echo("The database is up to date now.")
    else:
        click.echo("The database was up to date already.")


@db.command("status")
@json_option
@click.pass_context
def database_status(ctx: click.Context, as_json: bool) -> None:  # noqa: FBT001
    """Say whether the database is up to date; the exit status is 0 if it is, else 1."""
    settings = Settings.read()
    found = _standing(settings)
    if as_json:
        print_json(
            {
                "database": "sqlite" if settings.is_sqlite else "postgresql",
                "state": found.state,
                "revision": found.revision,
                "newest": found.newest,
                "pending": list(found.pending),
            }
        )
    else:
        click.echo(_STATES[found.state])
        if found.state == "behind":
            click.echo(f"Its last step is {found.revision}. To come: {', '.join(found.pending)}.")
    if found.state != "up to date":
        ctx.exit(1)


_STATES = {"up to date": "The database is up to date.", **_HOW_TO_GO_ON}


# --- Looking after things ------------------------------------------------------------------------


@main.command()
@json_option
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> None:  # noqa: FBT001
    """Look whether all is well, and say what to do where it is not.

    The exit status is 1 when something is wrong.
    """
    from schedapp.plumbing.doctor import GOOD, WRONG, examine

    findings = list(examine())
    if as_json:
        print_json([finding.as_dict() for finding in findings])
    else:
        marks = {GOOD: "good ", WRONG: "WRONG"}
        for finding in findings:
            click.echo(f"{marks.get(finding.level, 'note ')}  {finding.name}: {finding.sentence}")
    if any(finding.level == WRONG for finding in findings):
        ctx.exit(1)


@main.command()
@click.pass_context
def shell(ctx: click.Context) -> None:
    """Open a Python shell in which the application, its database and its tables have names.

    Lines may also come from standard input: `echo "print(db.scalar(select(User)))" | sched shell`
    """
    import code

    with open_book(make=False):
        names = _names_in_shell()
        if not sys.stdin.isatty():
            try:
                exec(compile(sys.stdin.read(), "<stdin>", "exec"), names)  # noqa: S102
            except Exception:  # noqa: BLE001  (whatever was typed: its writer wants to see where)
                traceback.print_exc()
                ctx.exit(1)
            return
        banner = (
            "Names: app, db (a session that reads), writing() (a transaction: `with writing() as"
            " db:`), select, clock, and the tables."
        )
        with suppress(ImportError):
            import readline  # noqa: F401  (lines can be edited, and typed again)
        code.interact(banner=banner, local=names, exitmsg="")


def _names_in_shell() -> dict[str, Any]:
    from flask import current_app
    from sqlalchemy import select

    from schedapp.plumbing import clock
    from schedapp.plumbing.database import Base, reading, writing

    tables = {mapper.class_.__name__: mapper.class_ for mapper in Base.registry.mappers}
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
    return {
        "__name__": "__console__",
        "app": app,
        "db": reading(),
        "writing": writing,
        "select": select,
        "clock": clock,
        **tables,
    }


def _add_commands() -> None:
    from schedapp.accounts.cli import users
    from schedapp.appointments.cli import demo

    main.add_command(users)
    main.add_command(demo)


_add_commands()
