"""Finding appointments by what was written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask
from tests.appointments.filled import AGENDA, Read, read
from tests.appointments.test_agenda import draft, fill, ids_on, turn
from tests.conftest import Browsing

from schedapp.accounts.models import User
from schedapp.appointments.models import Appointment

WriteDown = Callable[..., Appointment]


def found(browser: Browsing, words: str) -> Read:
    response = browser.get(AGENDA, query_string={"q": words})
    assert response.status_code == 200
    return read(response.text)


def test_it_finds_what_was_and_what_will_be_the_latest_first(
    as_ana: Browsing, ana: User, write_down: WriteDown
) -> None:
    for day in ("2026-05-01", "2027-03-01", "2028-09-09"):
        write_down(ana, f"Lunch {day}", start=datetime.fromisoformat(f"{day}T12:00"), end=None)
    write_down(ana, "Dinner")

    page = found(as_ana, "lunch")

    assert page.titles == ["Lunch 2028-09-09", "Lunch 2027-03-01", "Lunch 2026-05-01"]
    assert page.values["q"] == "lunch"
    assert "Found for “\u2068lunch\u2069”" in page.text
    assert page.link("Today") == AGENDA


@pytest.mark.parametrize(
    ("written", "typed"),
    [
        ("Lunch with Ben", "LUNCH"),
        ("Lunch with Ben", "unch"),
        ("LUNCH WITH BEN", "lunch ben"),
        ("Café Nova", "cafe"),
        ("Cafe Nova", "CAFÉ"),
        ("Cafe\u0301 Nova", "café"),
        ("Straße 12", "strasse"),
        ("STRASSE 12", "straße"),
        ("STRAẞE 12", "strasse"),
        ("Müller", "muller"),
        ("Łódź", "lodz"),
        ("Ærøskøbing", "aeroskobing"),
        ("İstanbul", "istanbul"),
        ("ISTANBUL", "ıstanbul"),
        ("ὈΔΥΣΣΕΎΣ", "οδυσσευς"),
        ("פגישה עם בן", "בן"),
        ("פְּגִישָׁה", "פגישה"),
        ("اجتماع مع بن", "مع"),
        ("\u202bاجتماع\u202c", "اجتماع"),
        ("会議 東京", "東京"),
        ("ﾐｰﾃｨﾝｸﾞ", "ミーティング"),
        ("\uff21\uff22\uff23", "abc"),
        ("𝐋𝐮𝐧𝐜𝐡", "lunch"),
        ("Birthday 🎂", "🎂"),
        ("I ❤️ Berlin", "❤"),
        ("I ❤ Berlin", "❤️"),
        ("👩‍💻 pairing", "👩‍💻"),
        ("soft\u00adhyphen", "softhyphen"),
        ("Ben’s party", "ben's"),
        ("100% sure", "100%"),
        ("snake_case", "e_c"),
        ("a\\b", "\\"),
        ("C:\\new", "c:\\n"),
        ("it's 'quoted'", "'quoted'"),
        ("one/two", "e/t"),
        ("[brackets]", "[b"),
        ("x*y?z", "*y?"),
        ("a -- b", "--"),
    ],
)
def test_it_finds_a_word_however_it_is_spelt(
    as_ana: Browsing, ana: User, write_down: WriteDown, written: str, typed: str
) -> None:
    write_down(ana, written, location="")
    write_down(ana, "Something else", location="")

    assert found(as_ana, typed).titles == [written]


@pytest.mark.parametrize(
    ("written", "typed"),
    [
        ("Lunch", "lunches"),
        ("snake-case", "e_c"),
        ("1000 sure", "100%"),
        ("a/b", "\\"),
        ("かき", "がき"),
        ("Lunch", "lunch dinner"),
        ("first\nsecond", "firstsecond"),
        ("Lunch", "<b>lunch</b>"),
    ],
)
def test_it_does_not_find_what_is_not_there(
    as_ana: Browsing, ana: User, write_down: WriteDown, written: str, typed: str
) -> None:
    write_down(ana, "Title", location="", description=written)

    page = found(as_ana, typed)

    assert page.titles == []
    assert "Nothing is written here with these words." in page.text
    assert page.link("All appointments") == AGENDA
    assert page.values["q"] == typed


def test_the_words_may_stand_in_different_fields(
    as_ana: Browsing, ana: User, write_down: WriteDown
) -> None:
    write_down(ana, "Lunch", location="Café Nova", description="with Ben\nand the plans")
    write_down(ana, "Lunch", location="Bar Uno", description="with Ben")

    assert len(found(as_ana, "plans cafe LUNCH ben").titles) == 1
    assert len(found(as_ana, "  ben   lunch ").titles) == 2
    assert found(as_ana, "cafenova").titles == []


def test_a_word_does_not_reach_over_fields(
    as_ana: Browsing, ana: User, write_down: WriteDown
) -> None:
    write_down(ana, "Lunch", location="Nova")

    assert found(as_ana, "lunchnova").titles == []


def test_it_finds_what_it_became_and_not_what_it_was(
    as_ana: Browsing, ana: User, lunch: Appointment
) -> None:
    fields = {"title": "Dinner", "start": "2027-03-01T12:30"}
    as_ana.submit(f"/appointments/{lunch.public_id}/edit/", fields)

    assert found(as_ana, "lunch").titles == []
    assert found(as_ana, "dinner").titles == ["Dinner"]


def test_it_does_not_find_what_is_deleted_until_it_is_back(
    as_ana: Browsing, lunch: Appointment
) -> None:
    address = f"/appointments/{lunch.public_id}"
    as_ana.submit(f"{address}/delete/")
    assert found(as_ana, "lunch").titles == []
    as_ana.submit(f"{address}/restoration/")
    assert found(as_ana, "lunch").titles == ["Lunch with Ben"]


def test_it_finds_nothing_of_anybody_else(as_cleo: Browsing, lunch: Appointment) -> None:
    assert found(as_cleo, "lunch").titles == []


@pytest.mark.parametrize("nothing", ["", "   ", "\t", "\0", "\u0301", "\u200b\u202e"])
def test_without_a_word_it_is_the_agenda(
    as_ana: Browsing, lunch: Appointment, nothing: str
) -> None:
    page = found(as_ana, nothing)

    assert page.titles == ["Lunch with Ben"]
    assert "Found for" not in page.text
    assert page.values["q"] == ""


def test_it_searches_many_words(as_ana: Browsing, ana: User, write_down: WriteDown) -> None:
    words = " ".join(f"w{number}" for number in range(40))
    write_down(ana, "Words", description=words)

    assert found(as_ana, words).titles == ["Words"]
    assert found(as_ana, words + " x").titles == []


def test_a_very_long_search_is_cut_where_the_field_ends(
    as_ana: Browsing, ana: User, write_down: WriteDown
) -> None:
    write_down(ana, "Long", description="a" * 300)

    page = found(as_ana, "a" * 500)

    assert page.titles == ["Long"]
    assert page.values["q"] == "a" * 200


def test_it_goes_on_to_what_was_earlier_and_loses_nothing(
    app: Flask, ana: User, as_ana: Browsing
) -> None:
    begin = datetime.fromisoformat("2027-01-01T09:00")
    fill(
        app,
        ana,
        [draft(f"Call {n}", start=begin + timedelta(days=n // 7)) for n in range(130)]
        + [draft("Something else", start=begin + timedelta(days=n)) for n in range(20)],
    )

    pages = list(turn(as_ana, f"{AGENDA}?q=call", "Earlier"))

    assert [len(page) for page in pages] == [50, 50, 30]
    assert len(set().union(*pages)) == 130
    second = read(as_ana.get(f"{AGENDA}?q=call").text).link("Earlier")
    assert second
    assert "q=call" in second
    assert found(as_ana, "call").html.index("Call 129") < found(as_ana, "call").html.index(
        "Earlier"
    )
    assert not ids_on(as_ana.get(second).text) & pages[0]
