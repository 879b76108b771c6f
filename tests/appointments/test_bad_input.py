"""What bad input gets: a sentence beside the field, what was typed, and nothing written."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy.orm import Session
from tests.appointments.filled import CREATE, all_of, filled, only, read, sent_back, versions
from tests.conftest import Browsing

from schedapp.appointments.models import Appointment

CANNOT_BE_KEPT = "This holds characters that cannot be kept. Please retype it."
NO_SUCH = "There is no such date or time."
UNREADABLE = "Please write a date and a time, such as 2027-03-01 09:00."
YEARS = "Please choose a year from 1900 to 2200."
NEEDED = "This is needed."
NO_TITLE = "Please give the appointment a title."
NOT_AS_SENT = "This form did not arrive as it was sent. Please reload it."


def too_long(most: int, length: int) -> str:
    return f"Please use at most {most} characters; there are {length}."


# field, what was typed, what is said beside it
REFUSED = [
    ("title", None, NO_TITLE),
    ("title", "", NO_TITLE),
    ("title", " \t \u3000 ", NO_TITLE),
    ("title", "\u200b\u202e\u2066", NO_TITLE),
    ("title", "\u3164", NO_TITLE),
    ("title", "x" * 256, too_long(255, 256)),
    ("title", "🦆" * 256, too_long(255, 256)),
    ("title", "nul\0nul", CANNOT_BE_KEPT),
    ("title", "esc\x1b[2J", CANNOT_BE_KEPT),
    ("title", "two\nlines", CANNOT_BE_KEPT),
    ("title", "two\u2028lines", CANNOT_BE_KEPT),
    ("title", "c1\x9bcontrol", CANNOT_BE_KEPT),
    ("location", "x" * 256, too_long(255, 256)),
    ("location", "nul\0nul", CANNOT_BE_KEPT),
    ("location", "two\nlines", CANNOT_BE_KEPT),
    ("description", "x" * 100_001, too_long(100_000, 100_001)),
    ("description", "y" * 1024 * 1024, too_long(100_000, 1024 * 1024)),
    ("description", "nul\0nul", CANNOT_BE_KEPT),
    ("description", "bell\x07", CANNOT_BE_KEPT),
    ("start", None, NEEDED),
    ("start", "", NEEDED),
    ("start", "soon", UNREADABLE),
    ("start", "01.03.2027 09:00", UNREADABLE),
    ("start", "2027-3-1T9:00", UNREADABLE),
    ("start", "2027-03-01T09:00Z", UNREADABLE),
    ("start", "2027-03-01T09:00+01:00", UNREADABLE),
    ("start", "٢٠٢٧-٠٣-٠١T٠٩:٠٠", UNREADABLE),
    ("start", "12027-03-01T09:00", UNREADABLE),
    ("start", "\0", UNREADABLE),
    ("start", "9" * 5000, UNREADABLE),
    ("start", "2027-02-30T09:00", NO_SUCH),
    ("start", "2027-13-01T09:00", NO_SUCH),
    ("start", "2027-00-01T09:00", NO_SUCH),
    ("start", "0000-01-01T09:00", NO_SUCH),
    ("start", "2027-03-01T24:00", NO_SUCH),
    ("start", "2027-03-01T09:60", NO_SUCH),
    ("start", "2027-03-01T09:00:61", NO_SUCH),
    ("start", "0001-01-01T00:00", YEARS),
    ("start", "1899-12-31T23:59", YEARS),
    ("start", "2201-01-01T00:00", YEARS),
    ("start", "9999-12-31T23:59", YEARS),
    ("end", "soon", UNREADABLE),
    ("end", "\0", UNREADABLE),
    ("end", "2027-02-29T09:00", NO_SUCH),
    ("end", "0001-01-01T00:00", YEARS),
    ("end", "9999-12-31T23:59:59", YEARS),
    ("end", "2027-03-01T12:29", "The end is before the start. Please choose a later end."),
]

NAMES = [
    f"{field}-{str(typed)[:12]!r}-{number}" for number, (field, typed, _) in enumerate(REFUSED)
]


@pytest.mark.parametrize(("field", "typed", "said"), REFUSED, ids=NAMES)
def test_it_is_refused_in_a_sentence_beside_the_field(
    as_ana: Browsing, db: Session, field: str, typed: str | None, said: str
) -> None:
    fields = filled(**{"description": "stays\nhere", field: typed})

    response = as_ana.submit(CREATE, fields)

    page = read(response.text)
    assert response.status_code == 422
    assert page.error(field) == said
    assert f'<a href="#{field}">' in page.html  # the way from the top to the field
    for name in ("title", "start", "end", "location", "description"):
        kept = fields.get(name, "")
        if name == field and name in {"title", "location"}:
            kept = kept.strip()
        if name == field and name in {"start", "end"}:
            kept = kept[:100]
        if "\0" not in kept:
            assert page.values[name] == kept
    assert all_of(db) == []


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [each for each in REFUSED if each[1] is not None and len(each[1]) < 300][::4],
)
def test_an_edit_is_refused_alike(
    as_ana: Browsing, lunch: Appointment, db: Session, field: str, typed: str, said: str
) -> None:
    before = versions(db)
    fields = filled(**{"title": "Dinner", field: typed})

    response = as_ana.submit(f"/appointments/{lunch.public_id}/edit/", fields)

    assert response.status_code == 422
    assert read(response.text).error(field) == said
    assert (only(db).title, only(db).version) == ("Lunch with Ben", 1)
    assert versions(db) == before


@pytest.mark.parametrize(
    ("start", "end", "field", "said"),
    [
        ("2027-02-30", "", "start", NO_SUCH),
        ("0001-01-01", "", "start", YEARS),
        ("9999-12-31", "", "start", YEARS),
        ("2027-03-01", "9999-12-31", "end", YEARS),
        ("2027-03-01", "2027-02-28", "end",
         "The last day is before the first. Please choose a later one."),
        ("", "", "start", NEEDED),
        ("01/03/2027", "", "start", UNREADABLE),
    ],
)  # fmt: skip
def test_days_are_refused_alike(
    as_ana: Browsing, db: Session, start: str, end: str, field: str, said: str
) -> None:
    response = as_ana.submit(CREATE, filled(start=start, end=end, allday="y"))

    page = read(response.text)
    assert response.status_code == 422
    assert page.error(field) == said
    assert (page.values["start"], page.values["end"]) == (start, end)
    assert page.values["allday"] == "y"
    assert all_of(db) == []


def test_everything_wrong_is_said_at_once(as_ana: Browsing, db: Session) -> None:
    response = as_ana.submit(
        CREATE,
        {"title": "", "start": "x", "end": "2027-02-30", "location": "\0", "description": "\0"},
    )

    page = read(response.text)
    assert response.status_code == 422
    for field in ("title", "start", "end", "location", "description"):
        assert page.error(field)
    assert all_of(db) == []


def test_an_empty_form_is_refused(as_ana: Browsing, db: Session) -> None:
    response = as_ana.submit(CREATE, {})

    page = read(response.text)
    assert response.status_code == 422
    assert page.error("title") == NO_TITLE
    assert page.error("start") == NEEDED
    assert page.error("end") is None
    assert all_of(db) == []


@pytest.mark.parametrize(
    "field",
    ["title", "start", "end", "allday", "location", "description", "zone", "version"],
)
def test_a_field_that_came_twice_is_refused(as_ana: Browsing, db: Session, field: str) -> None:
    fields = {
        **filled(allday="y", zone="Europe/Berlin", version="1"),
        "csrf_token": as_ana.token(),
    }
    body = urlencode([*fields.items(), (field, fields[field])])

    response = as_ana.post(CREATE, data=body, content_type="application/x-www-form-urlencoded")

    assert response.status_code == 422
    assert "was sent more than once." in read(response.text).alert
    assert all_of(db) == []


@pytest.mark.parametrize(
    "different",
    [
        {"version": "x"},
        {"version": "-1"},
        {"version": "1.5"},
        {"version": "٣"},
        {"version": "9" * 5000},
        {"version": "1\0"},
        {"start_second": "2"},
        {"start_second": "\0"},
        {"end_second": "yes"},
    ],
)
def test_what_only_programs_get_wrong_is_said_above_the_form(
    as_ana: Browsing, lunch: Appointment, db: Session, different: dict[str, str]
) -> None:
    for address in (CREATE, f"/appointments/{lunch.public_id}/edit/"):
        response = as_ana.submit(address, filled(title="Dinner", **different))

        page = read(response.text)
        assert response.status_code == 422
        assert NOT_AS_SENT in page.alert
        assert page.values["title"] == "Dinner"
    assert (only(db).title, only(db).version) == ("Lunch with Ben", 1)


@pytest.mark.parametrize("version", ["0", "2", "999999999999999999"])
def test_a_version_that_never_was_is_a_conflict(
    as_ana: Browsing, lunch: Appointment, db: Session, version: str
) -> None:
    response = as_ana.submit(
        f"/appointments/{lunch.public_id}/edit/", filled(title="Dinner", version=version)
    )

    assert response.status_code == 409
    assert only(db).title == "Lunch with Ben"


# The form token


@pytest.mark.parametrize("token", [None, "", "stale", "\0", "x" * 5000, "ImEi.Yg.Yw"])
@pytest.mark.parametrize("door", ["create", "edit"])
def test_without_the_right_token_nothing_is_written_and_what_was_typed_stays(
    as_ana: Browsing, lunch: Appointment, db: Session, token: str | None, door: str
) -> None:
    address = CREATE if door == "create" else f"/appointments/{lunch.public_id}/edit/"
    before = versions(db)
    fields = filled(title="Dinner", description="A long\nletter")
    sent = fields if token is None else {**fields, "csrf_token": token}

    response = as_ana.post(address, data=sent)

    page = read(response.text)
    assert response.status_code == 400
    assert "Nothing is lost: please send it once more." in page.alert
    assert {name: page.values[name] for name in fields} == fields
    assert only(db).title == "Lunch with Ben"
    assert versions(db) == before
    # And once more does it.
    assert as_ana.post(address, data=sent_back(page)).status_code == 303


def test_anybody_elses_token_is_wrong(as_ana: Browsing, as_cleo: Browsing, db: Session) -> None:
    page = read(as_cleo.get(CREATE).text)

    as_ana.get(CREATE)
    response = as_ana.post(CREATE, data=sent_back(page, title="Dinner"))

    assert response.status_code == 400
    assert all_of(db) == []


def test_a_form_from_before_signing_out_is_lost_to_nobody(as_ana: Browsing, db: Session) -> None:
    as_ana.submit("/logout/")

    response = as_ana.submit(CREATE, filled())

    assert response.status_code == 303
    assert response.location.startswith("/login/")
    assert all_of(db) == []


# What is no form at all


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "application/x-www-form-urlencoded"),
        (b"\xff\xfe\x00", "application/x-www-form-urlencoded"),
        (b'{"title": "Lunch", "start": "2027-03-01T12:30"}', "application/json"),
        (b"title=Lunch", "text/plain"),
        (b"no parts", "multipart/form-data; boundary=x"),
        (b"--x\r\nbroken", "multipart/form-data; boundary=x"),
        (b"", "multipart/form-data"),
        (b"&=&=&&&", "application/x-www-form-urlencoded"),
    ],
)
def test_what_is_no_form_is_refused(as_ana: Browsing, db: Session, body: bytes, kind: str) -> None:
    headers = {"X-CSRFToken": as_ana.token()}

    response = as_ana.post(CREATE, data=body, content_type=kind, headers=headers)

    assert response.status_code in {400, 415, 422}
    assert all_of(db) == []


def test_a_form_in_parts_is_taken(as_ana: Browsing, db: Session) -> None:
    response = as_ana.submit(CREATE, filled(), content_type="multipart/form-data")

    assert response.status_code == 303
    assert only(db).title == "Lunch with Ben"


def test_a_file_in_the_place_of_a_text_is_refused(as_ana: Browsing, db: Session) -> None:
    from io import BytesIO  # noqa: PLC0415

    fields: dict[str, Any] = filled(title=None)
    response = as_ana.submit(CREATE, {**fields, "title": (BytesIO(b"Lunch"), "title.txt")})

    assert response.status_code == 422
    assert read(response.text).error("title") == NO_TITLE
    assert all_of(db) == []


def test_more_than_four_megabytes_are_refused(as_ana: Browsing, db: Session) -> None:
    response = as_ana.submit(CREATE, filled(description="x" * (4 * 1024 * 1024 + 1)))

    assert response.status_code == 413
    assert "Please send less than four megabytes." in response.text
    assert all_of(db) == []


def test_thousands_of_fields_are_no_failure(as_ana: Browsing, db: Session) -> None:
    more = {f"f{number}": "x" for number in range(5000)}

    assert as_ana.submit(CREATE, {**filled(), **more}).status_code in {303, 413}


# What looks odd and is right


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("title", "x" * 255),
        ("title", "🦆" * 255),
        ("title", "שלום בן"),
        ("title", "\u202etfel ot thgir\u202c"),
        ("title", "👩‍👩‍👧‍👦"),
        ("title", "<script>alert(1)</script>"),
        ("title", "{{ 7 * 7 }} {% raw %}"),
        ("title", "%(title)s %d %"),
        ("title", "'; drop table appointment; --"),
        ("title", "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘!"),
        ("title", "\ufffd\ufeffmark"),
        ("title", "0"),
        ("location", "x" * 255),
        ("location", "48°12′N 16°22′E"),
        ("description", "x" * 100_000),
        ("description", "tab\there\nand <b>there</b>"),
        ("description", "  kept as it is  \n"),
        ("start", "1900-01-01T00:00"),
        ("end", "2200-12-31T23:59"),
        ("start", "2024-02-29T12:00"),
    ],
)
def test_it_is_kept_and_shown_as_it_was_typed(
    as_ana: Browsing, db: Session, field: str, typed: str
) -> None:
    response = as_ana.submit(CREATE, filled(**{"end": "", field: typed}))

    assert response.status_code == 303
    shown = as_ana.get(response.location)
    assert shown.status_code == 200
    assert "<script>alert" not in shown.text
    if field in {"title", "location", "description"}:
        assert getattr(only(db), field) == typed
    page = read(as_ana.get(f"/appointments/{only(db).public_id}/edit/").text)
    assert page.values[field] == typed
    assert as_ana.get("/appointments/", query_string={"from": "1900-01-01"}).status_code == 200
    assert as_ana.get(f"/appointments/{only(db).public_id}/delete/").status_code == 200
    assert as_ana.submit(f"/appointments/{only(db).public_id}/delete/").status_code == 303
    assert as_ana.get("/appointments/").status_code == 200
