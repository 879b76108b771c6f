"""What Ana does on her first day, in a real browser at the real program; with scripts and without.

The program runs on the real clock, so what she writes down is in the year to come.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from tests.browser.browser import Chromium, complaints_of
from tests.postgresql import Cluster
from tests.servers import Server, running_sched

PASSWORD = "correct horse battery staple"
YEAR = datetime.now(UTC).year + 1


def last_sunday(month: int) -> date:
    """Return the day on which the clocks of Europe change."""
    last = date(YEAR, month, 31)
    return last - timedelta(days=(last.weekday() + 1) % 7)


SPRING, AUTUMN = last_sunday(3), last_sunday(10)


@pytest.fixture(params=["sqlite", "sqlite without scripts", "postgresql"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def server(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Server]:
    """The program as a person starts it, with nothing in it."""
    if kind != "postgresql":
        with running_sched(tmp_path) as running:
            yield running
        return
    cluster: Cluster = request.getfixturevalue("postgresql")
    with cluster.database() as url, running_sched(tmp_path, database_url=url) as running:
        yield running


@pytest.fixture
def page(chromium: Chromium, server: Server, kind: str) -> Iterator[Page]:
    """Ana's browser; nothing on its console, and nobody asked but the program itself."""
    with chromium.context(scripts="without" not in kind, base_url=server.url) as context:
        asked = addresses_asked(context)
        page = context.new_page()
        complaints = complaints_of(page)
        yield page
        assert complaints == []
        assert [address for address in asked if not address.startswith(server.url)] == []


def addresses_asked(context: BrowserContext) -> list[str]:
    """Return the list that fills with every address that the browser asks."""
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    return asked


def press(page: Page, words: str) -> None:
    page.get_by_role("button", name=words, exact=True).click()


def follow(page: Page, words: str) -> None:
    page.get_by_role("link", name=words, exact=True).click()


def sees(page: Page, words: str) -> None:
    expect(page.get_by_role("status")).to_contain_text(words)


def make_first_user(page: Page) -> None:
    page.goto("/")
    page.get_by_label("Name").fill("Ana")
    page.get_by_label("E-mail").fill("ana@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Time zone").select_option("Europe/Berlin")
    press(page, "Begin")
    sees(page, "Welcome.")


def sign_in(page: Page) -> None:
    page.get_by_label("E-mail").fill("ana@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    press(page, "Sign in")


def sign_out(page: Page) -> None:
    follow(page, "Sign out")
    press(page, "Sign out")
    sees(page, "You are signed out.")


def write(page: Page, title: str, start: str, end: str = "", place: str = "") -> None:
    """Write an appointment; one that begins without a time takes whole days."""
    follow(page, "New appointment")
    page.get_by_label("Title").fill(title)
    if "T" not in start:
        page.get_by_label("All day").check()
    for label, value in (("Start", start), ("End", end)):
        field = page.get_by_label(label, exact=True)
        # Without scripts the field goes on asking for a time.
        asks_for_time = field.get_attribute("type") == "datetime-local"
        only_a_day = value and "T" not in value
        field.fill(f"{value}T00:00" if asks_for_time and only_a_day else value)
    page.get_by_label("Place").fill(place)
    press(page, "Save appointment")
    sees(page, "The appointment is saved.")


@dataclass(frozen=True)
class Line:
    """A line of the agenda: its day and what stands there."""

    day: str
    moment: str
    times: str
    title: str


def lines(page: Page) -> list[Line]:
    """Return what stands in the agenda, as it is read."""
    rows = page.locator("section.day").evaluate_all(
        """days => days.flatMap(day => [...day.querySelectorAll("li:not(.now)")].map(line => [
            day.querySelector(".numeral").dateTime,
            line.querySelector("time").dateTime,
            line.querySelector("time").innerText,
            line.querySelector("a").innerText,
        ]))"""
    )
    return [Line(day, moment, read(times), title) for day, moment, times, title in rows]


def read(text: str) -> str:
    """What an eye reads: every kind of space is a space, and what has no width is nothing."""
    return " ".join(text.replace("\u2060", "").split())


def test_a_first_day_with_sched(page: Page, server: Server) -> None:
    make_first_user(page)
    expect(page.get_by_text("Your book is empty")).to_be_visible()
    sign_out(page)

    # She wants to write something down, and is asked who she is before.
    page.goto("/appointments/create/")
    sees(page, "Please log in to see your appointments.")
    sign_in(page)
    expect(page).to_have_url(f"{server.url}/appointments/create/")

    march = f"{YEAR}-03"
    write(page, "Mother’s birthday", f"{march}-02")
    expect(page.locator(".facts")).to_contain_text("1 day")
    write(page, "Book fair", f"{march}-09", f"{march}-12", place="Leipzig")
    expect(page.locator(".facts")).to_contain_text("4 days")
    write(page, "Night train", f"{march}-15T22:10", f"{march}-16T06:02", place="Platform 8")
    expect(page.locator(".facts")).to_contain_text("7 hours 52 minutes")
    write(page, "Watch in spring", f"{SPRING}T02:30", f"{SPRING}T04:00")
    sees(page, "The clocks skip 02:30 that day, so it starts at 03:30.")
    write(page, "Watch in autumn", f"{AUTUMN}T02:30", f"{AUTUMN}T05:00")
    sees(page, "The clocks show 02:30 twice that day; it starts the first time.")

    # The second time is meant, so she says so.
    follow(page, "Edit appointment")
    page.get_by_label("the second").check()
    press(page, "Save appointment")
    sees(page, "The appointment is saved.")
    expect(page.locator(".facts")).to_contain_text("2 hours 30 minutes")
    expect(page.get_by_text("it starts the first time")).to_have_count(0)

    follow(page, "Appointments")
    assert lines(page) == [
        Line(f"{march}-02", f"{march}-02", "all day", "Mother’s birthday"),
        Line(f"{march}-09", f"{march}-09", f"until {weekday(march, 12)} 12 Mar", "Book fair"),
        Line(f"{march}-12", f"{march}-12", "last day", "Book fair"),
        Line(
            f"{march}-15",
            f"{march}-15T21:10+00:00",
            f"22:10 – {weekday(march, 16)} 06:02",
            "Night train",
        ),
        Line(f"{march}-16", f"{march}-15T21:10+00:00", "until 06:02", "Night train"),
        Line(str(SPRING), f"{SPRING}T01:30+00:00", "03:30 – 04:00", "Watch in spring"),
        Line(str(AUTUMN), f"{AUTUMN}T01:30+00:00", "02:30 – 05:00", "Watch in autumn"),
    ]

    # She finds by a word of the title and one of the place, and not what is not there.
    page.get_by_label("Search").fill("train platform")
    press(page, "Find")
    assert {line.title for line in lines(page)} == {"Night train"}
    page.get_by_label("Search").fill("zebra")
    press(page, "Find")
    expect(page.get_by_text("Nothing is written here with these words.")).to_be_visible()
    follow(page, "All appointments")

    # The fair moves to the summer.
    page.get_by_role("link", name="Book fair").first.click()
    follow(page, "Edit appointment")
    page.get_by_label("Start").fill(f"{YEAR}-06-01")
    page.get_by_label("End").fill(f"{YEAR}-06-03")
    page.get_by_label("Place").fill("Berlin")
    press(page, "Save appointment")
    expect(page.locator(".facts")).to_contain_text("3 days")
    expect(page.locator(".facts")).to_contain_text("Berlin")

    # She deletes the birthday, and thinks better of it.
    follow(page, "Appointments")
    follow(page, "Mother’s birthday")
    follow(page, "Delete")
    press(page, "Delete appointment")
    sees(page, "“Mother’s birthday” is deleted.")
    assert "Mother’s birthday" not in {line.title for line in lines(page)}
    press(page, "Undo")
    sees(page, "“Mother’s birthday” is back.")
    follow(page, "Appointments")
    assert "Mother’s birthday" in {line.title for line in lines(page)}

    # In Tokyo, and in German, the days stay and the hours go on by eight, or seven in summer.
    follow(page, "Ana")
    page.get_by_label("Time zone").select_option("Asia/Tokyo")
    page.get_by_label("Language").select_option("de")
    page.get_by_role("button").last.click()
    assert page.locator("html").get_attribute("lang") == "de"
    page.goto("/appointments/")
    assert page.locator("html").get_attribute("lang") == "de"
    told = {(line.day, line.title): line for line in lines(page)}
    assert told[f"{march}-02", "Mother’s birthday"].moment == f"{march}-02"
    assert (f"{YEAR}-06-01", "Book fair") in told
    assert told[f"{march}-16", "Night train"].times == "06:10–14:02"
    assert told[str(SPRING), "Watch in spring"].times == "10:30–11:00"
    assert told[str(AUTUMN), "Watch in autumn"].times == "10:30–13:00"
    months = page.locator(".date .month").all_inner_texts()
    assert {"März", "Juni", "Oktober"} <= {month.split()[0] for month in months}

    # She signs out, and whoever kept her cookie has nothing.
    kept = page.context.cookies()
    assert any(cookie["name"] == "sched" for cookie in kept)
    page.goto("/logout/")
    page.locator("main button").click()
    assert "/login/" in page.url
    page.context.clear_cookies()
    page.context.add_cookies(kept)  # type: ignore[arg-type]
    for path in ("/appointments/", "/account/", "/appointments/create/"):
        page.goto(path)
        assert "/login/" in page.url


def weekday(month: str, day: int) -> str:
    return date.fromisoformat(f"{month}-{day:02}").strftime("%a")
