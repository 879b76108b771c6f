"""The `sched` command: one group, and the commands that belong to no feature."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from schedapp.config import LOOPBACK_NAMES, Settings, WrongSetting
from schedapp.core.errors import Refused

if TYPE_CHECKING:
    from flask import Flask


class Commands(click.Group):
    """Commands that say in one line what is wrong, and end with a status that is not zero."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; what sched says no to becomes a line on standard error."""
        from sqlalchemy.exc import DBAPIError

        from schedapp.plumbing.migrating import CannotMigrate

        try:
            return super().invoke(ctx)
        except (WrongSetting, CannotMigrate, Refused) as refusal:
            raise click.ClickException(str(refusal)) from None
        except DBAPIError as error:
            cause = str(error.orig).splitlines()[0] if error.orig else str(error)
            raise click.ClickException(f"The database cannot be used: {cause}") from None
        except OSError as error:
            raise click.ClickException(str(error)) from None


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="sched", message="%(version)s")
def main() -> None:
    """Keep the appointment book that you own."""


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8000, show_default=True, help="The port to listen on.")
def run(host: str, port: int) -> None:
    """Serve the pages; bring the database up to date first, after a backup."""
    from schedapp.plumbing.migrating import upgrade
    from schedapp.plumbing.signing import secret_keys

    settings = Settings.read()
    check_may_listen(settings, host)
    keys = secret_keys(settings)
    if upgrade(settings, say=_say):
        _say("The database is up to date.")
    _say(f"sched keeps its data in {settings.data_dir}.")
    _say_how_to_begin(settings, keys[0], host, port)
    serve(settings, host, port)


def check_may_listen(settings: Settings, host: str) -> None:
    """Check that what is shown to other machines is meant for them.

    Raises:
        WrongSetting: if it is not.
    """
    if host in LOOPBACK_NAMES or host == "::1" or host.startswith("127."):
        return
    if settings.debug:
        raise WrongSetting("SCHED_DEBUG should be no when sched listens on more than loopback.")
    if settings.public_url is None:
        raise WrongSetting(
            "SCHED_PUBLIC_URL should be the address that people use, such as"
            " https://sched.example.org, when sched listens on more than this machine."
        )


def _say(line: str) -> None:
    click.echo(line, err=True)


def _say_how_to_begin(settings: Settings, key: str, host: str, port: int) -> None:
    from sqlalchemy.orm import Session

    from schedapp.accounts.queries import is_empty
    from schedapp.accounts.set_up import set_up_code
    from schedapp.plumbing.migrating import engine_of

    address = (
        settings.public_url or f"http://{'localhost' if host == '127.0.0.1' else host}:{port}"
    )
    engine = engine_of(settings)
    with Session(engine) as db:
        empty = is_empty(db)
    engine.dispose()
    if empty:
        code = set_up_code(key)
        spaced = " ".join(code[at : at + 5] for at in range(0, len(code), 5))
        _say(f"Make the first user at {address}/setup/ – from elsewhere with the code {spaced}")
    else:
        _say(f"Open {address}/")


def serve(settings: Settings, host: str, port: int) -> None:
    """Become the server: this process gives its place and its memory to Granian."""
    command = [
        sys.executable, "-m", "granian", "schedapp.wsgi:app", "--interface", "wsgi",
        "--host", host, "--port", str(port),
        "--workers", str(settings.processes), "--blocking-threads", str(settings.threads),
        "--respawn-failed-workers", "--log-level", "warning", "--no-ws", "--http", "1",
        "--workers-kill-timeout", "10",
    ]  # fmt: skip
    sys.stderr.flush()
    os.execv(sys.executable, command)  # noqa: S606


def application() -> Flask:
    """Return the application for a command; the database must be up to date."""
    from schedapp.app import create_app

    return create_app()


def _add_commands() -> None:
    from schedapp.accounts.cli import users

    main.add_command(users)


_add_commands()
