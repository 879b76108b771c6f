"""Looking at what is coming, a window at a time."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, insert, select
from sqlalchemy.orm import Session
from tests.appointments.filled import AGENDA, CREATE, filled, read, sent_back
from tests.conftest import NOW, Browsing, Time

from schedapp.accounts.models import User
from schedapp.appointments import actions, rules
from schedapp.appointments.actions import Draft
from schedapp.appointments.models import Appointment, Calendar
from schedapp.plumbing.database import bookkeeping, database
from schedapp.plumbing.identifiers import new_public_id
from schedapp.plumbing.lookups import LookUp

WriteDown = Callable[..., Appointment]
BrowserOf = Callable[[User], Browsing]


def at(text: str) -> datetime:
    """Return a wall-clock time."""
    return datetime.fromisoformat(text)


def timed(start: str, end: str | None = None) -> dict[str, Any]:
    return {"start": at(start), "end": at(end) if end else None}


def days(first: str, last: str | None = None, zone: str = "Europe/Berlin") -> dict[str, Any]:
    return {**timed(first, last), "all_day": True, "zone": zone}


def test_it_lists_ones_own_appointments(as_ana: Browsing, lunch: Appointment) -> None:
    response = as_ana.get(AGENDA)

    page = read(response.text)
    assert response.status_code == 200
    assert page.titles == ["Lunch with Ben"]
    assert page.days == ["2027-03-01"]
    assert "12:30 – 13:30" in page.text
    assert "Café Nova" in page.text
    assert f'href="/appointments/{lunch.public_id}/"' in response.text


def test_it_lists_nothing_of_anybody_else(as_cleo: Browsing, lunch: Appointment) -> None:
    page = read(as_cleo.get(AGENDA).text)

    assert page.titles == []
    assert "Lunch with Ben" not in page.text


def test_it_asks_to_sign_in_first(anonymous: Browsing) -> None:
    response = anonymous.get(AGENDA + "?q=lunch")

    assert response.location == "/login/?next=/appointments/?q%3Dlunch"
    assert anonymous.get(AGENDA, headers={"Accept": "application/json"}).status_code == 401


# From today


def test_it_begins_today_and_leaves_out_what_is_over(
    as_ana: Browsing, ana: User, write_down: WriteDown
) -> None:
    write_down(ana, "Yesterday", **timed("2027-02-28T12:00"))
    write_down(ana, "Until midnight", **timed("2027-02-28T22:00", "2027-03-01T00:00"))
    write_down(ana, "Earlier today", **timed("2027-03-01T07:00"))
    write_down(ana, "At midnight", **timed("2027-03-01T00:00", "2027-03-01T00:00"))
    write_down(ana, "Tomorrow", **timed("2027-03-02T07:00"))
    write_down(ana, "Holiday", **days("2027-02-26", "2027-02-28"))
    write_down(ana, "Today", **days("2027-03-01"))

    page = read(as_ana.get(AGENDA).text)

    assert page.titles == ["Today", "At midnight", "Earlier today", "Tomorrow"]
    assert page.days == ["2027-03-01", "2027-03-02"]


def test_what_has_begun_and_is_not_over_is_there(
    as_ana: Browsing, ana: User, write_down: WriteDown
) -> None:
    write_down(ana, "Night shift", **timed("2027-02-28T22:00", "2027-03-01T06:00"))
    write_down(ana, "Journey", **timed("2027-01-10T08:00", "2027-03-20T20:00"))
    write_down(ana, "Fair", **days("2027-02-28", "2027-03-02"))
    write_down(ana, "Year off", **days("2026-08-01", "2027-07-31"))

    page = read(as_ana.get(AGENDA).text)

    assert set(page.titles) == {"Night shift", "Journey", "Fair", "Year off"}
    assert page.days[0] == "2027-03-01"


@pytest.mark.parametrize("reader_zone", ["Europe/Berlin", "Pacific/Kiritimati", "Pacific/Niue"])
@pytest.mark.parametrize(
    "meant_in", ["Europe/Berlin", "Pacific/Kiritimati", "Pacific/Niue", "America/New_York"]
)
def test_whole_days_stand_on_their_day_in_every_zone(
    add_user: Callable[..., User],
    browser_of: BrowserOf,
    write_down: WriteDown,
    time: Time,
    reader_zone: str,
    meant_in: str,
) -> None:
    time.moment = datetime(2027, 3, 3, 10, 30, tzinfo=UTC)  # 3 March nearly everywhere
    today = time.moment.astimezone(actions.zone_named(reader_zone)).date()
    ana = add_user("Ana", time_zone=reader_zone)
    for distance in (-1, 0, 1):
        day = (today + timedelta(days=distance)).isoformat()
        write_down(ana, day, **days(day, zone=meant_in))
    write_down(
        ana,
        "three days",
        **days((today - timedelta(days=2)).isoformat(), today.isoformat(), zone=meant_in),
    )
    browser = browser_of(ana)

    page = read(browser.get(AGENDA).text)

    yesterday, tomorrow = ((today + timedelta(days=far)).isoformat() for far in (-1, 1))
    titles, shown_days = list(page.titles), list(page.days)
    if (reader_zone, meant_in) == ("Pacific/Kiritimati", "Pacific/Niue"):
        # More than a day apart: the day before begins after the reader's midnight.
        assert (titles.pop(0), titles.pop(0)) == ("three days", yesterday)
        assert shown_days.pop(0) == yesterday
    else:
        earlier = read(browser.get(page.link("Earlier") or "").text)
        assert yesterday in earlier.titles
    assert titles == ["three days", today.isoformat(), tomorrow]
    assert shown_days == [today.isoformat(), tomorrow]


def test_it_can_begin_on_another_day(as_ana: Browsing, ana: User, write_down: WriteDown) -> None:
    write_down(ana, "Before", **timed("2027-05-19T23:00", "2027-05-19T23:59"))
    write_down(ana, "Over night", **timed("2027-05-19T23:00", "2027-05-20T02:00"))
    write_down(ana, "After", **timed("2027-05-20T09:00"))

    page = read(as_ana.get(AGENDA, query_string={"from": "2027-05-20"}).text)

    assert page.titles == ["Over night", "After"]
    assert page.values["from"] == "2027-05-20"
    assert page.link("Today") == "/appointments/"


def test_many_days_are_listed_on_the_first_the_last_and_where_else_something_is(
    as_ana: Browsing, ana: User, write_down: WriteDown
) -> None:
    write_down(ana, "Fair", **days("2027-03-02", "2027-03-09"))
    write_down(ana, "Call", **timed("2027-03-05T09:00"))

    page = read(as_ana.get(AGENDA).text)

    assert page.titles == ["Fair", "Fair", "Call", "Fair"]
    assert page.days == ["2027-03-02", "2027-03-05", "2027-03-09"]
    assert "last day" in page.text


# Windows


def fill(app: Flask, owner: User, drafts: list[Draft]) -> None:
    """Write many appointments down at once."""
    with app.app_context(), bookkeeping() as db:
        calendar = db.scalars(select(Calendar).where(Calendar.owner_id == owner.id)).one()
        db.execute(insert(Appointment), [row(calendar, draft) for draft in drafts])
        calendar.version += 1


def row(calendar: Calendar, draft: Draft) -> dict[str, Any]:
    times = actions.times_of(draft)
    return {
        "public_id": new_public_id(),
        "calendar_id": calendar.id,
        "owner_id": calendar.owner_id,
        "title": draft.title,
        "location": draft.location,
        "description": draft.description,
        "search_text": rules.search_text_of(draft.title, draft.location, draft.description),
        "starts_at": times.starts_at,
        "ends_at": times.ends_at,
        "zone": draft.zone,
        "all_day": draft.all_day,
        "first_day": times.first_day,
        "last_day": times.last_day,
        "is_long": rules.is_long(times.span.duration),
        "version": 1,
        "created_at": NOW,
        "modified_at": NOW,
    }


def draft(title: str, **different: Any) -> Draft:
    return Draft(
        **{
            "title": title,
            "start": at("2027-03-01T12:30"),
            "end": None,
            "all_day": False,
            "location": "",
            "description": "",
            "zone": "Europe/Berlin",
            **different,
        }
    )


def any_draft(chance: random.Random, number: int) -> Draft:
    """Return one of the kinds of appointments there are; many begin at the same time."""
    day = at("2027-03-01T00:00") + timedelta(days=chance.randint(-12, 12))
    zone = chance.choice(["Europe/Berlin", "Pacific/Kiritimati", "Pacific/Niue", "Asia/Kolkata"])
    title = f"<{number}>"
    kind = chance.randrange(6)
    if kind == 0:
        return draft(title, start=day, end=day, all_day=True, zone=zone)
    if kind == 1:
        last = day + timedelta(days=chance.randint(1, 40))
        return draft(title, start=day, end=last, all_day=True, zone=zone)
    start = day + timedelta(hours=chance.choice([0, 9, 9, 23]))
    much = chance.choice([0, 0.5, 8, 26, 24 * 2, 24 * 20])
    return draft(title, start=start, end=start + timedelta(hours=much), zone=zone)


def ids_on(html: str) -> set[str]:
    return set(re.findall(r'<p><a href="/appointments/([0-9a-z]{20})/"', html))


def turn(browser: Browsing, address: str, words: str) -> Iterator[set[str]]:
    """Follow a link from page to page, to the end."""
    for _ in range(100):
        html = browser.get(address).text
        yield ids_on(html)
        link = read(html).link(words)
        if link is None:
            return
        address = link
    raise AssertionError("this never ends")


def far(browser: Browsing, address: str, words: str) -> str:
    """Return the last page that a link leads to."""
    while link := read(browser.get(address).text).link(words):
        address = link
    return address


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Pacific/Kiritimati", "Pacific/Niue"])
def test_walking_forth_and_back_loses_and_doubles_nothing(
    app: Flask, add_user: Callable[..., User], browser_of: BrowserOf, db: Session, zone: str
) -> None:
    ana = add_user("Ana", time_zone=zone)
    chance = random.Random(zone)  # noqa: S311  (the same in every run)
    fill(app, ana, [any_draft(chance, number) for number in range(260)])
    everything = {each for (each,) in db.query(Appointment.public_id)}
    browser = browser_of(ana)

    from_today, *after_it = turn(browser, AGENDA, "Later")
    _, *before_it = turn(browser, AGENDA, "Earlier")

    # What is still running today begins on an earlier page, and is told today too.
    assert from_today | set().union(*after_it) | set().union(*before_it) == everything
    once = Counter(each for page in (*after_it, *before_it) for each in page)
    assert set(once.values()) == {1}

    # From one end of the book to the other and back: each page has its own.
    for start, words in ((far(browser, AGENDA, "Later"), "Earlier"), ("", "Later")):
        start = start or far(browser, AGENDA, "Earlier")  # noqa: PLW2901
        pages = list(turn(browser, start, words))
        assert Counter(each for page in pages for each in page) == dict.fromkeys(everything, 1)
        assert [len(page) for page in pages[1:-1]] == [50] * (len(pages) - 2)


def test_as_many_as_fit_need_no_second_page(app: Flask, ana: User, as_ana: Browsing) -> None:
    fill(app, ana, [draft(str(number)) for number in range(50)])

    page = read(as_ana.get(AGENDA).text)

    assert len(page.titles) == 50
    assert page.link("Later") is None


def test_a_window_that_is_empty_by_now_leads_back(
    app: Flask, ana: User, as_ana: Browsing, db: Session
) -> None:
    fill(app, ana, [draft(str(number)) for number in range(51)])
    later = read(as_ana.get(AGENDA).text).link("Later")
    assert later
    (last,) = ids_on(as_ana.get(later).text)
    as_ana.delete(f"/appointments/{last}/delete/", headers={"X-CSRFToken": as_ana.token()})

    empty = read(as_ana.get(later).text)
    assert empty.titles == []
    back = empty.link("Earlier")
    assert back
    assert len(ids_on(as_ana.get(back).text)) == 50


# Nothing there


def test_an_empty_book_says_so_kindly(as_ana: Browsing) -> None:
    page = read(as_ana.get(AGENDA).text)

    assert "Your book is empty" in page.text
    assert page.link("Write the first appointment") == CREATE
    assert page.link("Earlier") is None


def test_nothing_more_to_come_is_said(as_ana: Browsing, ana: User, write_down: WriteDown) -> None:
    write_down(ana, "Yesterday", **timed("2027-02-28T12:00"))

    page = read(as_ana.get(AGENDA).text)

    assert "Nothing more is written from here on." in page.text
    assert read(as_ana.get(page.link("Earlier") or "").text).titles == ["Yesterday"]


# Now


@pytest.mark.parametrize(
    ("clock", "order"),
    [
        ("05:00", ["Birthday", "Now 05:00", "Standup", "Lunch"]),
        ("09:00", ["Birthday", "Standup", "Now 09:00", "Lunch"]),
        ("09:10", ["Birthday", "Standup", "Now 09:10", "Lunch"]),
        ("23:59", ["Birthday", "Standup", "Lunch", "Now 23:59"]),
    ],
)
def test_now_stands_between_what_has_begun_and_what_has_not(
    ana: User,
    browser_of: BrowserOf,
    write_down: WriteDown,
    time: Time,
    clock: str,
    order: list[str],
) -> None:
    write_down(ana, "Birthday", **days("2027-03-01"))
    write_down(ana, "Standup", **timed("2027-03-01T09:00", "2027-03-01T09:15"), location="")
    write_down(ana, "Lunch", **timed("2027-03-01T12:30", "2027-03-01T13:30"), location="")
    time.moment = at(f"2027-03-01T{clock}+01:00")

    html = browser_of(ana).get(AGENDA).text

    lines = re.findall(r"<li.*?</li>", html, re.DOTALL)
    said = [" ".join(read(line).text.split()) for line in lines]
    assert [next(name for name in order if name in each) for each in said] == order


def test_now_is_not_on_other_days(as_ana: Browsing, ana: User, write_down: WriteDown) -> None:
    write_down(ana, "Tomorrow", **timed("2027-03-02T09:00"))

    assert 'class="now"' not in as_ana.get(AGENDA).text


# Garbage


GARBAGE = [
    "",
    " ",
    "x",
    "0",
    "-1",
    "1.",
    ".",
    ".a",
    "1.a",
    "-1.zzz",
    "999999999999999999.zzzz",
    "-999999999999999999.a",
    "253402300799999999.",
    "-62135596800000000.",
    "99999999999999999999999.a",
    "1." + "a" * 100,
    "1.A",
    "1.%00",
    "1.'; drop table appointment; --",
    "٣.a",
    "\0",
    "\ud800".encode("utf-8", "surrogatepass"),
    "2027-02-30",
    "0000-00-00",
    "0001-01-01",
    "1899-12-31",
    "2201-01-01",
    "9999-12-31",
    "2027-W09-1",
    "2027-03-01T00:00",
    "🦆" * 300,
    "%",
    "_",
    "\\",
    "́",
    "a" * 5000,
]


@pytest.mark.parametrize("name", ["after", "before", "from", "q"])
def test_garbage_in_the_address_is_no_failure(
    as_ana: Browsing, lunch: Appointment, name: str
) -> None:
    for garbage in GARBAGE:
        response = as_ana.get(AGENDA, query_string={name: garbage})
        assert response.status_code == 200, garbage


@pytest.mark.parametrize(
    "query",
    [
        "after=x&before=y&from=z&q=",
        "from=&from=2027-03-01",
        "before=1.a&after=1.a",
        "%ff=%fe&q=%ff",
    ],
)
def test_garbage_side_by_side_is_no_failure(
    as_ana: Browsing, lunch: Appointment, query: str
) -> None:
    assert as_ana.get(f"{AGENDA}?{query}").status_code == 200


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "2027-02-30", "soon"])
def test_a_day_that_there_is_not_is_today(as_ana: Browsing, lunch: Appointment, day: str) -> None:
    page = read(as_ana.get(AGENDA, query_string={"from": day}).text)

    assert page.titles == ["Lunch with Ben"]
    assert page.values["from"] == "2027-03-01"


@pytest.mark.parametrize("day", ["1900-01-01", "2200-12-31"])
def test_the_first_and_the_last_day_can_be_looked_at(as_ana: Browsing, day: str) -> None:
    page = read(as_ana.get(AGENDA, query_string={"from": day}).text)

    assert page.values["from"] == day


# Conditional requests, and what is kept


def etag_of(browser: Browsing, address: str = AGENDA) -> str:
    response = browser.get(address)
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "private, no-cache"
    return response.headers["ETag"]


def is_unchanged(browser: Browsing, etag: str, address: str = AGENDA) -> bool:
    response = browser.get(address, headers={"If-None-Match": etag})
    if response.status_code == 304:
        assert response.text == ""
        assert response.headers["ETag"] == etag
        assert response.headers["Cache-Control"] == "private, no-cache"
        return True
    assert response.status_code == 200
    assert response.headers["ETag"] != etag
    return False


def test_unchanged_it_is_not_sent_again(as_ana: Browsing, lunch: Appointment, time: Time) -> None:
    etag = etag_of(as_ana)

    assert is_unchanged(as_ana, etag)
    time.forward(seconds=59)
    assert is_unchanged(as_ana, f'W/{etag}, "another"') or is_unchanged(as_ana, etag)
    time.forward(seconds=1)
    assert not is_unchanged(as_ana, etag)  # "now" is another minute


def test_a_page_is_never_stale(
    ana: User, browser_of: BrowserOf, lunch: Appointment, db: Session
) -> None:
    reading, writing = browser_of(ana), browser_of(ana)
    here = f"/appointments/{lunch.public_id}/"
    account = sent_back(read(writing.get("/account/").text))
    changes: list[tuple[str, str, dict[str, Any], str]] = [
        ("edit", here + "edit/", filled(title="Dinner"), "Dinner"),
        ("edit the time", here + "edit/", filled(start="2027-03-01T12:45"), "12:45"),
        ("create", CREATE, filled(title="Dentist"), "Dentist"),
        (
            "move",
            here + "edit/",
            filled(start="2027-04-01T12:30", end=""),
            'datetime="2027-04-01"',
        ),
        ("place", here + "edit/", filled(location="Bar Uno"), "Bar Uno"),
        ("name", "/account/", account | {"name": "Ana Maria"}, "Ana Maria"),
        ("zone", "/account/", account | {"time_zone": "Asia/Tokyo"}, "20:30"),
        ("language", "/account/", account | {"locale": "de"}, 'lang="de"'),
        ("hours", "/account/", account | {"hour_cycle": "12"}, "12:30"),
    ]
    etags = set()
    for what, path, fields, seen in changes:
        before = etag_of(reading)
        etags.add(before)
        assert is_unchanged(reading, before)
        assert writing.submit(path, fields).status_code == 303, what
        assert not is_unchanged(reading, before), what
        assert seen in reading.get(AGENDA).text, what

    before = etag_of(reading)
    writing.submit(here + "delete/")
    assert not is_unchanged(reading, before)
    assert here not in reading.get(AGENDA).text
    before = etag_of(reading)
    writing.submit(here + "restoration/")
    assert not is_unchanged(reading, before)
    assert here in reading.get(AGENDA).text
    assert len(etags) == len(changes)


def test_two_people_with_the_same_book_see_their_own(
    add_user: Callable[..., User], browser_of: BrowserOf, write_down: WriteDown
) -> None:
    users = [add_user("Ana", email=f"ana{number}@example.org") for number in range(2)]
    own = [write_down(user) for user in users]
    first, second = (browser_of(user) for user in users)

    for _ in range(2):  # made, then kept
        assert ids_on(first.get(AGENDA).text) == {own[0].public_id}
        assert ids_on(second.get(AGENDA).text) == {own[1].public_id}
    assert etag_of(first) != etag_of(second)
    assert not is_unchanged(second, etag_of(first))


def test_messages_are_shown_once_and_kept_nowhere(
    ana: User, browser_of: BrowserOf, lunch: Appointment
) -> None:
    writing, reading = browser_of(ana), browser_of(ana)
    writing.submit(f"/appointments/{lunch.public_id}/delete/")

    once = writing.get(AGENDA, headers={"If-None-Match": "*"})
    assert once.status_code == 200
    assert "is deleted" in once.text
    assert once.headers["Cache-Control"] == "no-store"
    assert "ETag" not in once.headers
    assert "is deleted" not in writing.get(AGENDA).text
    assert "is deleted" not in reading.get(AGENDA).text
    assert "csrf_token" not in reading.get(AGENDA).text


# What it costs


@contextmanager
def counted(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Collect the statements that are run, the look-ups on the driver among them."""
    statements: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    look_up = LookUp.rows

    def rows(self: LookUp, **values: Any) -> list[tuple[Any, ...]]:
        statements.append(str(self._statement))
        return look_up(self, **values)

    monkeypatch.setattr(LookUp, "rows", rows)
    with app.app_context():
        engine = database.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)
        monkeypatch.undo()


def test_the_number_of_queries_does_not_depend_on_the_number_of_appointments(
    app: Flask, ana: User, as_ana: Browsing, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers: dict[str, dict[int, int]] = {}
    total = 0
    for more in (1, 49, 4950):
        fill(app, ana, [draft("Call") for _ in range(more)])
        total += more
        one = ids_on(as_ana.get(AGENDA).text).pop()
        pages = {
            "from today": AGENDA,
            "from": AGENDA + "?from=2027-02-01",
            "after": AGENDA + "?after=0.a",
            "before": AGENDA + "?before=2000000000000000.a",
            "search": AGENDA + "?q=call",
            "show": f"/appointments/{one}/",
            "edit": f"/appointments/{one}/edit/",
            "delete": f"/appointments/{one}/delete/",
        }
        for name, address in pages.items():
            time.forward(seconds=90)
            as_ana.get(CREATE)  # that notes that the sign-in was seen
            time.forward(seconds=30)  # another minute: no page is kept
            with counted(app, monkeypatch) as statements:
                assert as_ana.get(address).status_code == 200
            numbers.setdefault(name, {})[total] = len(statements)

    assert numbers["from today"] == {1: 4, 50: 4, 5000: 4}
    for name, found in numbers.items():
        assert len(set(found.values())) == 1, (name, found)
        assert found[5000] <= 4, (name, found)


def test_an_unchanged_page_costs_two_queries(
    app: Flask, as_ana: Browsing, lunch: Appointment, monkeypatch: pytest.MonkeyPatch
) -> None:
    etag = etag_of(as_ana)
    for headers in ({}, {"If-None-Match": etag}):
        with counted(app, monkeypatch) as statements:
            as_ana.get(AGENDA, headers=headers)
        assert len(statements) == 2, statements


def test_looking_writes_nothing(as_ana: Browsing, lunch: Appointment, db: Session) -> None:
    before = [(each.version, each.created_at) for each in db.query(Calendar)]
    for address in (AGENDA, AGENDA + "?q=lunch", f"/appointments/{lunch.public_id}/", CREATE):
        as_ana.get(address)
    db.rollback()
    db.expire_all()
    assert [(each.version, each.created_at) for each in db.query(Calendar)] == before
    assert date(2027, 3, 1) == NOW.date()
