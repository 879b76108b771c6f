"""What scripts make nicer, and that nothing is missing without them."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tests.browser.browser import Chromium
from tests.browser.stage import NOW, Stage, staged, time_set_to

from schedapp.accounts.models import User


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with time_set_to(NOW), staged(tmp_path_factory.mktemp("book")) as made:
        yield made


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with time_set_to(NOW), staged(tmp_path_factory.mktemp("empty")) as made:
        yield made


@pytest.fixture(scope="module")
def ana(stage: Stage) -> User:
    return stage.add_user("Ana")


@pytest.fixture(autouse=True)
def day_of_the_stage(time: Any) -> None:
    time.moment = NOW


@pytest.fixture
def form(chromium: Chromium, stage: Stage, ana: User) -> Iterator[Page]:
    """The page of a new appointment."""
    with chromium.page(base_url=stage.url) as page:
        page.clock.set_fixed_time(NOW)
        stage.sign_in(page.context, ana)
        page.goto("/appointments/create/")
        yield page


def test_the_end_keeps_its_distance_when_the_start_moves(form: Page) -> None:
    form.fill("#start", "2027-03-11T23:30")
    form.fill("#end", "2027-03-12T01:00")
    form.fill("#start", "2027-03-28T01:30")

    expect(form.locator("#end")).to_have_value("2027-03-28T03:00")


def test_an_empty_end_stays_empty(form: Page) -> None:
    form.fill("#start", "2027-03-28T01:30")

    expect(form.locator("#end")).to_have_value("")


def test_all_day_asks_for_days_and_remembers_the_times(form: Page) -> None:
    form.fill("#start", "2027-03-11T08:15")
    form.fill("#end", "2027-03-11T09:45")
    form.get_by_label("All day").check()
    expect(form.locator("#start")).to_have_attribute("type", "date")
    expect(form.locator("#end")).to_have_value("2027-03-11")
    form.fill("#start", "2027-03-14")
    expect(form.locator("#end")).to_have_value("2027-03-14")
    form.get_by_label("All day").uncheck()

    expect(form.locator("#start")).to_have_value("2027-03-14T08:15")
    expect(form.locator("#end")).to_have_value("2027-03-14T09:45")


def test_the_margin_shows_the_day_that_one_writes_on(form: Page) -> None:
    margin = form.locator(".margin .date")
    expect(margin).to_have_text("Thu 11 March today")
    form.fill("#start", "2027-04-02T10:00")
    expect(margin).to_have_text("Fri 2 April")
    expect(margin).not_to_contain_class("today")
    form.fill("#start", "2028-01-07T10:00")
    expect(margin).to_have_text("Fri 7 January 2028")
    form.fill("#start", "")
    expect(margin).to_have_text("Fri 7 January 2028")
    form.fill("#start", "2027-03-11T10:00")

    expect(margin).to_have_text("Thu 11 March today")
    expect(margin).to_contain_class("today")


@pytest.mark.parametrize(
    ("of_browser", "scripts", "chosen"),
    [
        ("America/New_York", True, "America/New_York"),
        ("Asia/Calcutta", True, "Asia/Kolkata"),
        ("UTC", True, "UTC"),
        ("Etc/GMT+5", True, "Europe/Berlin"),
        ("America/New_York", False, "Europe/Berlin"),
    ],
)
def test_the_first_user_is_where_the_browser_is(
    chromium: Chromium, empty: Stage, of_browser: str, chosen: str, *, scripts: bool
) -> None:
    with chromium.page(base_url=empty.url, timezone_id=of_browser, scripts=scripts) as page:
        page.goto("/setup/")

        expect(page.get_by_label("Time zone")).to_have_value(chosen)


def test_what_somebody_chose_stays_chosen(chromium: Chromium, empty: Stage) -> None:
    with chromium.page(base_url=empty.url, timezone_id="America/New_York") as page:
        page.goto("/setup/")
        page.get_by_label("Name").fill("Ana")
        page.get_by_label("E-mail").fill("ana@example.org")
        page.get_by_label("Password").fill("short")
        page.get_by_label("Time zone").select_option("Asia/Tokyo")
        page.get_by_role("button", name="Begin").click()

        expect(page.get_by_role("alert")).to_be_visible()
        expect(page.get_by_label("Time zone")).to_have_value("Asia/Tokyo")
