"""`sched shell`."""

from __future__ import annotations

import pytest
from click.testing import CliRunner
from sqlalchemy import select
from sqlalchemy.orm import Session
from tests.commands.conftest import Typing

from schedapp.accounts.models import User
from schedapp.cli import main


@pytest.mark.usefixtures("ana")
def test_it_reads_lines_from_standard_input_and_knows_the_tables(sched: Typing) -> None:
    result = sched("shell", stdin="for user in db.scalars(select(User)):\n    print(user.email)\n")

    assert (result.exit_code, result.stdout) == (0, "ana@example.org\n")


@pytest.mark.usefixtures("ana")
def test_it_changes_what_it_is_told_to(sched: Typing, db: Session) -> None:
    lines = "with writing() as db:\n    db.scalars(select(User)).one().name = 'Anna'\n"
    assert sched("shell", stdin=lines).exit_code == 0

    assert db.scalars(select(User)).one().name == "Anna"


@pytest.mark.usefixtures("sched")
def test_what_one_types_wrong_is_shown_where_it_is_wrong() -> None:
    result = CliRunner().invoke(main, ["shell"], input="1 / 0\n")

    assert result.exit_code == 1
    assert "ZeroDivisionError" in result.stderr
    assert "mistake in sched" not in result.stderr
