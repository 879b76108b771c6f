"""Commands for appointments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from schedapp.plumbing.commands import book, json_option, print_json, print_table, with_progress

if TYPE_CHECKING:
    from random import Random

    from schedapp.appointments.demo import Person

PEOPLE = 3
SEED = 2013


@click.command()
@click.option(
    "--users",
    "how_many",
    type=click.IntRange(1, 10_000),
    default=PEOPLE,
    show_default=True,
    help="How many people to make up.",
)
@click.option("--seed", default=SEED, show_default=True, help="Another number, another year.")
@click.option("--anyway", is_flag=True, help="Add them to a book that has users already.")
@json_option
def demo(how_many: int, seed: int, anyway: bool, as_json: bool) -> None:  # noqa: FBT001
    """Add made-up people and a year of their appointments, to try things out.

    Prints how to sign in as each of them; the passwords are random and shown only now. The first
    is an administrator, unless the book has users.
    """
    from itertools import count, islice
    from random import Random

    from schedapp.accounts import queries
    from schedapp.appointments.demo import person
    from schedapp.plumbing.database import reading

    added: list[dict[str, Any]] = []
    with book(make=True):
        db = reading()
        is_first = queries.is_empty(db)
        if not is_first and not anyway:
            raise click.ClickException(
                "The book has users already. With --anyway the made-up people come to them."
            )
        made_up = (person(number) for number in count())
        new = (each for each in made_up if queries.user_of(db, each.email) is None)
        people = list(islice(new, how_many))
        random = Random(seed)  # noqa: S311  (nothing here is secret; the passwords are not from it)
        for each in with_progress(people, "Making up people", length=how_many):
            added.append(_add(each, random, administrator=is_first and not added))
    if as_json:
        print_json(added)
        return
    print_table(("E-MAIL", "PASSWORD", "NAME", "APPOINTMENTS"), [_row(each) for each in added])
    click.echo(
        "The passwords are shown only now. Start `sched run`, if it does not run, to sign in."
    )


def _row(facts: dict[str, Any]) -> tuple[str, ...]:
    return tuple(str(facts[key]) for key in ("email", "password", "name", "appointments"))


def _add(person: Person, random: Random, *, administrator: bool) -> dict[str, Any]:
    """Add one person with their year, in one transaction."""
    from schedapp.accounts import actions as accounts
    from schedapp.accounts import passwords
    from schedapp.accounts.cli import zone_of_machine
    from schedapp.appointments import actions
    from schedapp.appointments.demo import year_of
    from schedapp.core.zones import day_of, zone_named
    from schedapp.plumbing import clock
    from schedapp.plumbing.database import writing
    from schedapp.plumbing.identifiers import new_public_id
    from schedapp.plumbing.language import DEFAULT_LOCALE

    zone, now = zone_of_machine(), clock.now()
    letters = new_public_id()
    password = "-".join(letters[at : at + 5] for at in range(0, len(letters), 5))
    new = accounts.NewUser(
        email=person.email,
        name=person.name,
        password_hash=passwords.hash_of(password),
        time_zone=zone,
        locale=DEFAULT_LOCALE,
        administrator=administrator,
    )
    drafts = list(year_of(random, today=day_of(now, zone_named(zone)), zone=zone))
    with writing() as db:
        user = accounts.add_user(db, new, now=now)
        db.flush()
        # All are sent together at the end, not one by one.
        with db.no_autoflush:
            for draft in drafts:
                actions.create_appointment(db, user.id, draft, now=now)
    return {
        "email": person.email,
        "password": password,
        "name": person.name,
        "appointments": len(drafts),
    }
