"""Everything can be reached and done without a mouse, and one sees where one is."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tests.browser.browser import Chromium, Scheme
from tests.browser.stage import NOW, PASSWORD, Stage, fill_a_week, staged, time_set_to

from schedapp.accounts.models import User

STOPS = 60
FOCUS_PIXELS = 3


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with time_set_to(NOW), staged(tmp_path_factory.mktemp("book")) as made:
        yield made


@pytest.fixture(scope="module")
def ana(stage: Stage) -> User:
    added = stage.add_user("Ana")
    fill_a_week(stage, added)
    return added


@pytest.fixture(autouse=True)
def day_of_the_stage(time: Any) -> None:
    time.moment = NOW


@pytest.fixture
def page(chromium: Chromium, stage: Stage, ana: User) -> Iterator[Page]:
    with chromium.page(base_url=stage.url) as made:
        yield made


def tab_to(page: Page, words: str) -> None:
    """Go on with Tab until the thing with this label or these words has the focus."""
    for _ in range(STOPS):
        if words in focused(page):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not lead to “{words}”")


def focused(page: Page) -> str:
    """Return what the thing that has the focus is called; nothing where nothing has it."""
    words: str = page.evaluate(
        """(element => element === document.body ? ""
            : element.labels?.[0]?.innerText ?? element.innerText)(document.activeElement)"""
    )
    return words


def sign_in(page: Page) -> None:
    page.goto("/login/")
    expect(page.get_by_label("E-mail")).to_be_focused()  # a browser takes a moment for that
    page.keyboard.type("ana@example.org")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Tab")
    assert focused(page) == "Stay signed in on this device"
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    assert focused(page) == "Sign in"
    page.keyboard.press("Enter")
    page.wait_for_url("**/appointments/")


def test_ana_signs_in_and_writes_an_appointment_by_keyboard(page: Page) -> None:
    sign_in(page)
    tab_to(page, "New appointment")
    page.keyboard.press("Enter")
    page.wait_for_url("**/create/")
    assert focused(page) == "Title"
    page.keyboard.type("Tea")
    tab_to(page, "All day")
    page.keyboard.press("Space")
    expect(page.get_by_label("Start")).to_have_attribute("type", "date")
    tab_to(page, "Place")
    page.keyboard.type("Garden")
    tab_to(page, "Save appointment")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda address: "/create/" not in address)

    expect(page.get_by_role("status")).to_contain_text("The appointment is saved.")
    expect(page.locator(".facts")).to_contain_text("Thursday 11 March 2027")
    expect(page.locator(".facts")).to_contain_text("Garden")

    tab_to(page, "Delete")
    page.keyboard.press("Enter")
    page.wait_for_url("**/delete/")
    tab_to(page, "Delete appointment")
    page.keyboard.press("Enter")
    page.wait_for_url("**/appointments/")
    tab_to(page, "Undo")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("“Tea” is back.")


def test_the_first_stop_skips_to_the_page(page: Page, stage: Stage, ana: User) -> None:
    stage.sign_in(page.context, ana)
    page.goto("/appointments/")
    page.keyboard.press("Tab")

    assert focused(page) == "Skip to the page"
    assert page.locator(".skip").bounding_box()["height"] > 40  # type: ignore[index]
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert focused(page) == "Search"


def test_a_refused_form_leads_to_what_is_wrong(page: Page, stage: Stage, ana: User) -> None:
    stage.sign_in(page.context, ana)
    page.goto("/appointments/create/")
    page.keyboard.type("Supper")
    page.fill("#start", "2027-03-11T19:00")
    page.fill("#end", "2027-03-11T18:00")
    page.keyboard.press("Enter")
    alert = page.get_by_role("alert")
    expect(alert).to_be_focused()

    page.keyboard.press("Tab")
    assert focused(page) == "End"
    page.keyboard.press("Enter")
    end = page.get_by_label("End", exact=True)
    expect(end).to_be_focused()
    expect(end).to_have_attribute("aria-invalid", "true")
    expect(end).to_have_accessible_description(re.compile("^The end is before the start."))


@pytest.mark.parametrize(
    ("path", "scheme"),
    [
        ("/appointments/", "light"),
        ("/appointments/create/", "dark"),
        ("/account/", "dark"),
        ("/account/sign-ins/", "light"),
    ],
)
def test_one_sees_where_one_is(
    page: Page, stage: Stage, ana: User, path: str, scheme: Scheme
) -> None:
    page.emulate_media(color_scheme=scheme)
    stage.sign_in(page.context, ana)
    page.goto(path)
    page.locator("body").evaluate("() => document.activeElement.blur()")
    seen = []
    for _ in range(STOPS):
        page.keyboard.press("Tab")
        stop = page.evaluate(
            """() => {
                const element = document.activeElement
                if (element === document.body) return null
                const style = getComputedStyle(element)
                const vermilion = getComputedStyle(document.documentElement)
                    .getPropertyValue("--vermilion").trim()
                const colour = document.createElement("i")
                colour.style.color = vermilion
                document.body.append(colour)
                const expected = getComputedStyle(colour).color
                colour.remove()
                const wide = side => parseFloat(style[side + "Width"])
                const marked = side =>
                    style[side + "Style"] !== "none" && style[side + "Color"] === expected
                        ? wide(side) : 0
                return [
                    element.outerHTML.slice(0, 80),
                    Math.max(marked("outline"), marked("borderBottom")),
                ]
            }"""
        )
        if stop is None:
            break
        seen.append(stop)
    assert len(seen) > 8
    assert [what for what, pixels in seen if pixels < FOCUS_PIXELS] == []
