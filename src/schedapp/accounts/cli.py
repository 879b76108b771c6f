"""Commands for users."""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from schedapp.plumbing.commands import book, json_option, print_json, print_table

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from schedapp.accounts.models import User

NAME_MOST = 200
REASON_MOST = 200

password_option = click.option(
    "--password-stdin",
    is_flag=True,
    help="Read the password from standard input, one line, instead of asking for it.",
)


@click.group()
def users() -> None:
    """Add users and look after them."""


@users.command("add")
@click.argument("email")
@click.option("--name", help="What to call them; without it, what stands before the @.")
@click.option("--admin", is_flag=True, help="Make them an administrator.")
@click.option("--time-zone", help="An IANA name such as Europe/Berlin; else this machine's.")
@click.option("--locale", help="Their language: en_GB (the default), en_US or de.")
@password_option
def add(
    email: str,
    name: str | None,
    admin: bool,  # noqa: FBT001
    time_zone: str | None,
    locale: str | None,
    password_stdin: bool,  # noqa: FBT001
) -> None:
    """Add a user who signs in with EMAIL and a password, which is asked for."""
    from schedapp.accounts import actions, passwords, queries
    from schedapp.core.zones import zone_named
    from schedapp.plumbing import clock
    from schedapp.plumbing.database import reading, writing
    from schedapp.plumbing.language import DEFAULT_LOCALE, LOCALES

    called = _one_line(email.partition("@")[0] if name is None else name, "--name", NAME_MOST)
    if not called:
        raise click.UsageError("--name should not be empty.")
    zone = time_zone or zone_of_machine()
    zone_named(zone)
    if locale is not None and locale not in LOCALES:
        raise click.UsageError(f"--locale should be one of {', '.join(LOCALES)}.")
    with book(make=True):
        # Nobody likes to think of a password first and to be refused then.
        if queries.user_of(reading(), email) is not None:
            raise click.ClickException("There is a user with this e-mail address already.")
        password = new_password(from_stdin=password_stdin)
        new = actions.NewUser(
            email=email,
            name=called,
            password_hash=passwords.hash_of(password),
            time_zone=zone,
            locale=locale or DEFAULT_LOCALE,
            administrator=admin,
        )
        with writing() as db:
            user = actions.add_user(db, new, now=clock.now())
    role = "administrator" if admin else "user"
    click.echo(f"Added the {role} {user.name} <{user.email}>, time zone {user.time_zone}.")


@users.command("list")
@json_option
def list_users(as_json: bool) -> None:  # noqa: FBT001
    """List all users, by their e-mail addresses."""
    from schedapp.accounts import queries
    from schedapp.plumbing.database import reading

    with book():
        found = [_facts_of(user) for user in queries.users(reading())]
    if as_json:
        print_json(found)
        return
    rows = [(each["email"], each["name"], each["role"], each["state"]) for each in found]
    print_table(("E-MAIL", "NAME", "ROLE", "STATE"), rows)


@users.command()
@click.argument("email")
@json_option
def show(email: str, as_json: bool) -> None:  # noqa: FBT001
    """Show one user, and where they are signed in."""
    from schedapp.accounts import queries
    from schedapp.plumbing import clock
    from schedapp.plumbing.database import reading

    with book():
        db = reading()
        user = _found(db, email)
        facts = _facts_of(user)
        facts["has_password"] = queries.hash_of_password(db, user.id) is not None
        facts["sign_ins"] = [
            {
                "browser": each.label,
                "address": each.ip_last,
                "since": each.created_at,
                "last_seen_at": each.last_seen_at,
            }
            for each in queries.open_sign_ins(db, user.id, now=clock.now())
        ]
    if as_json:
        print_json(facts)
        return
    sign_ins = facts.pop("sign_ins")
    for label, value in facts.items():
        click.echo(f"{label.replace('_', ' '):14} {_said(value)}")
    click.echo(f"{'sign-ins':14} {len(sign_ins)}")
    for each in sign_ins:
        words = each["browser"] or "a browser"
        click.echo(
            f"  {words}, {each['address']}, since {_said(each['since'])},"
            f" last seen {_said(each['last_seen_at'])}"
        )


@users.command()
@click.argument("email")
@click.option("--reason", help="Why; kept with the user, shown by `users show`.")
def deactivate(email: str, reason: str | None) -> None:
    """Let a user in no more: all their browsers are signed out at once."""
    from schedapp.accounts import actions
    from schedapp.plumbing import clock

    why = _one_line(reason, "--reason", REASON_MOST) if reason else None
    with _changed(email) as (db, user):
        actions.deactivate(db, user, reason=why, now=clock.now())
    click.echo(f"{user.email} cannot sign in any more, and is signed out everywhere.")


@users.command()
@click.argument("email")
def activate(email: str) -> None:
    """Let a user in again, who was deactivated."""
    from schedapp.accounts import actions
    from schedapp.plumbing import clock

    with _changed(email) as (db, user):
        actions.activate(db, user, now=clock.now())
    click.echo(f"{user.email} can sign in.")


@users.command("set-password")
@click.argument("email")
@password_option
def set_password(email: str, password_stdin: bool) -> None:  # noqa: FBT001
    """Give a user a new password, which is asked for, and sign out all their browsers."""
    from schedapp.accounts import actions, passwords
    from schedapp.plumbing import clock
    from schedapp.plumbing.database import reading

    with book():
        _found(reading(), email)
        kept = passwords.hash_of(new_password(from_stdin=password_stdin))
        with _changed_in_book(email) as (db, user):
            now = clock.now()
            actions.keep_password(db, user.id, kept, now=now)
            ended = actions.end_sign_ins(db, user.id, why="password changed", now=now)
    click.echo(f"{user.email} has a new password. {_signed_out(ended)}")


@users.command("sign-out")
@click.argument("email")
def sign_out(email: str) -> None:
    """Sign out all browsers of a user."""
    from schedapp.accounts import actions
    from schedapp.plumbing import clock

    with _changed(email) as (db, user):
        ended = actions.end_sign_ins(db, user.id, why="administrator", now=clock.now())
    click.echo(f"{user.email}: {_signed_out(ended)}")


def _signed_out(ended: int) -> str:
    if ended == 1:
        return "1 browser was signed out."
    return f"{ended} browsers were signed out."


@contextmanager
def _changed(email: str) -> Iterator[tuple[Session, User]]:
    with book(), _changed_in_book(email) as both:
        yield both


@contextmanager
def _changed_in_book(email: str) -> Iterator[tuple[Session, User]]:
    from schedapp.plumbing.database import writing

    with writing() as db:
        yield db, _found(db, email)


def _found(db: Session, email: str) -> User:
    from schedapp.accounts import queries

    user = queries.user_of(db, email)
    if user is None:
        raise click.ClickException(f"There is no user with the e-mail address {email}.")
    return user


def _facts_of(user: User) -> dict[str, Any]:
    return {
        "email": user.email,
        "name": user.name,
        "role": user.role,
        "state": user.state,
        "state_reason": user.state_reason,
        "time_zone": user.time_zone,
        "locale": user.locale,
        "created_at": user.created_at,
    }


def _said(value: str | bool | datetime | None) -> str:  # noqa: FBT001
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    return f"{value:%Y-%m-%d %H:%M} UTC"


def _one_line(text: str, option: str, most: int) -> str:
    text = text.strip()
    if len(text) > most:
        raise click.UsageError(f"{option} should have at most {most} characters.")
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in text):
        raise click.UsageError(f"{option} holds characters that cannot be kept.")
    return text


def new_password(*, from_stdin: bool) -> str:
    """Return a new password: one line of standard input, or asked for twice.

    Raises:
        Refused: if it is too short or too long, as the page says.
    """
    from schedapp.accounts import rules

    if from_stdin:
        line = sys.stdin.buffer.readline()
        try:
            password: str = line.decode().removesuffix("\n").removesuffix("\r")
        except UnicodeDecodeError:
            raise click.UsageError("The password should be UTF-8.") from None
        rules.check_password(password)
        return password
    if not sys.stdin.isatty():
        raise click.UsageError("There is nobody to ask for a password; use --password-stdin.")
    while True:
        password = click.prompt("Password", hide_input=True, err=True)
        rules.check_password(password)
        if click.prompt("Once more", hide_input=True, err=True) == password:
            return password
        click.echo("These were not the same.", err=True)


def zone_of_machine() -> str:
    """Return the name of the time zone that this machine keeps; UTC where it does not say."""
    from schedapp.core.errors import Refused
    from schedapp.core.zones import zone_named

    target = os.environ.get("TZ") or str(Path("/etc/localtime").resolve())
    name = target.lstrip(":").rpartition("zoneinfo/")[2]
    if name in {"Etc/UTC", "Etc/UCT", "Universal", "Zulu"}:
        return "UTC"
    try:
        zone_named(name)
    except Refused:
        return "UTC"
    return name
