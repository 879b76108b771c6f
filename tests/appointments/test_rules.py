"""What an appointment may be, whichever door it comes through."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session
from tests.appointments.filled import all_of, only
from tests.appointments.test_agenda import draft
from tests.conftest import NOW

from schedapp.accounts.models import User
from schedapp.appointments import actions, rules
from schedapp.appointments.models import Appointment
from schedapp.core.errors import Refused
from schedapp.core.zones import moment_of, zone_named, zone_names
from schedapp.plumbing.database import bookkeeping

WRONG = [
    ("title", ""),
    ("title", "\u200b"),
    ("title", "x" * 256),
    ("title", "a\nb"),
    ("location", "x" * 256),
    ("location", "\0"),
    ("description", "x" * 100_001),
    ("description", "\0"),
]


@pytest.mark.parametrize(("field", "text"), WRONG)
def test_an_action_refuses_what_a_form_would(
    app: Flask, ana: User, lunch: Appointment, db: Session, field: str, text: str
) -> None:
    wrong = draft(**{"title": "Dinner", field: text})

    with app.app_context():
        with bookkeeping() as writing, pytest.raises(Refused) as creating:
            actions.create_appointment(writing, ana.id, wrong, now=NOW)
        with bookkeeping() as writing:
            kept = writing.get_one(Appointment, lunch.id)
            with pytest.raises(Refused) as editing:
                actions.edit_appointment(writing, kept, wrong, seen=None, now=NOW)

    assert creating.value.field == editing.value.field == field
    assert len(all_of(db)) == 1
    assert (only(db).title, only(db).version) == ("Lunch with Ben", 1)


@given(st.text())
def test_spelling_plainly_twice_is_spelling_plainly(text: str) -> None:
    assert rules.plain(rules.plain(text)) == rules.plain(text)


@given(st.text(max_size=60), st.text(max_size=60))
def test_each_word_of_a_text_is_found_in_it(title: str, description: str) -> None:
    kept = rules.search_text_of(title, "", description)

    assert all(word in kept for word in rules.words_of(f"{title} {description}"))


@given(st.text(max_size=60))
def test_case_does_not_matter(text: str) -> None:
    assert rules.words_of(text.upper()) == rules.words_of(text.upper().lower())


MOMENTS = st.integers(0, 4 * 10**9).map(lambda each: datetime.fromtimestamp(each, UTC))


@given(MOMENTS, st.sampled_from(zone_names()))
def test_the_proposed_hour_is_full_soon_and_shown_by_the_clocks(now: datetime, name: str) -> None:
    zone = zone_named(name)

    proposed = rules.proposed_start(now, zone)

    assert (proposed.minute, proposed.second, proposed.microsecond) == (0, 0, 0)
    again = moment_of(proposed, zone).astimezone(zone).replace(tzinfo=None, fold=0)
    assert abs(again - proposed) <= timedelta(hours=1)
    assert -timedelta(hours=1) <= moment_of(proposed, zone) - now <= timedelta(hours=2)


@given(MOMENTS, st.sampled_from(zone_names()), st.dates(date(1900, 1, 1), date(2200, 12, 31)))
def test_another_day_begins_at_nine(now: datetime, name: str, day: date) -> None:
    zone = zone_named(name)

    proposed = rules.proposed_start(now, zone, day=day)

    if day == now.astimezone(zone).date():
        assert proposed == rules.proposed_start(now, zone)
    else:
        assert proposed == datetime.combine(day, datetime.min.time().replace(hour=9))
