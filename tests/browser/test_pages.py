"""Every page, as wide as a phone and as a desk, by day and by night: nobody is shut out."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext, Page, Response
from tests.browser.browser import (
    DESK,
    HEIGHTS,
    PHONE,
    Chromium,
    Scheme,
    axe_findings,
    complaints_of,
)
from tests.browser.stage import (
    IPHONE,
    NOW,
    Stage,
    fill_a_week,
    fill_a_year,
    fill_with_oddities,
    staged,
    time_set_to,
)

from schedapp.accounts.models import User
from schedapp.appointments.models import Appointment

SCREENSHOTS = Path(__file__).with_name("screenshots")
SCHEMES: tuple[Scheme, ...] = ("light", "dark")

# What is left of 1280 pixels at a zoom of 200 and of 400 %.
NARROW = (640, 320)


@dataclass
class World:
    """The two books that the pages are shown of, one of them still empty, and who is in them."""

    stage: Stage
    empty: Stage
    people: dict[str, User]
    appointments: dict[str, Appointment]


Do = Callable[[Page], Any]


@dataclass(frozen=True)
class Scene:
    """A page to look at: how one comes there, and what it has to answer.

    `path` may name an appointment in angle brackets; `do` is done on the page, and what is looked
    at then is where it led.
    """

    name: str
    endpoint: str | None
    path: str
    who: str | None = "Ana"
    status: int = 200
    do: Do | None = None
    in_empty_book: bool = False


def send(page: Page) -> None:
    page.locator("main form .button").last.click()


def send_unchecked(page: Page) -> None:
    """Send what a browser would not, so that we see what the server says."""
    page.locator("main form").last.evaluate("form => form.noValidate = true")
    send(page)


def without_title(page: Page) -> None:
    page.fill("#start", "2027-10-31T02:30")
    page.fill("#end", "2027-10-31T02:45")
    send_unchecked(page)


def ending_before_the_start(page: Page) -> None:
    page.fill("#title", "Supper")
    page.fill("#start", "2027-03-11T19:00")
    page.fill("#end", "2027-03-11T18:00")
    send(page)


def skipped_by_the_clocks(page: Page) -> None:
    page.fill("#title", "Night train")
    page.fill("#start", "2027-03-28T02:30")
    page.fill("#end", "2027-03-28T04:00")
    send(page)


def edited_elsewhere(page: Page) -> None:
    other = page.context.new_page()
    other.goto(page.url)
    other.fill("#title", "Talk with Ben about May")
    other.fill("#location", "Garden")
    send(other)
    other.close()
    page.fill("#title", "First long talk with Ben")
    send(page)


def with_a_wrong_password(page: Page) -> None:
    page.fill("#username", "ana@example.org")
    page.fill("#password", "not this one")
    send(page)


def as_ana_but_badly(page: Page) -> None:
    page.fill("#name", "Ana")
    page.fill("#email", "ana")
    page.fill("#password", "short")
    send(page)


def with_short_new_password(page: Page) -> None:
    page.fill("#current", "correct horse battery staple")
    page.fill("#password", "short")
    send(page)


def with_a_false_token(page: Page) -> None:
    page.locator("main form [name=csrf_token]").last.evaluate("token => token.value = 'false'")
    send(page)


def from_another_site(page: Page) -> None:
    address = page.url
    page.goto("about:blank")
    page.set_content(f'<form method="post" action="{address}"><button>Send</button></form>')
    page.click("button")


SCENES = [
    Scene("first-user", "accounts.first_user", "/setup/", who=None, in_empty_book=True),
    Scene(
        "first-user-wrong",
        "accounts.first_user",
        "/setup/",
        who=None,
        in_empty_book=True,
        status=422,
        do=as_ana_but_badly,
    ),
    Scene("sign-in", "accounts.sign_in", "/login/", who=None),
    Scene("sign-in-first", "accounts.sign_in", "/appointments/create/", who=None),
    Scene(
        "sign-in-wrong",
        "accounts.sign_in",
        "/login/",
        who=None,
        status=422,
        do=with_a_wrong_password,
    ),
    Scene("sign-out", "accounts.sign_out", "/logout/"),
    Scene("settings", "accounts.settings", "/account/"),
    Scene("settings-german", "accounts.settings", "/account/", who="Dora"),
    Scene("password", "accounts.password", "/account/password/"),
    Scene(
        "password-wrong",
        "accounts.password",
        "/account/password/",
        status=422,
        do=with_short_new_password,
    ),
    Scene("sign-ins", "accounts.sign_ins", "/account/sign-ins/", who="Ben"),
    Scene("agenda", "appointments.agenda", "/appointments/"),
    Scene("agenda-new", "appointments.agenda", "/appointments/", who="Emil"),
    Scene("agenda-past", "appointments.agenda", "/appointments/?from=2028-01-01"),
    Scene("agenda-oddities", "appointments.agenda", "/appointments/", who="Cleo"),
    Scene("agenda-window", "appointments.agenda", "/appointments/", who="Dora"),
    Scene("search", "appointments.agenda", "/appointments/?q=ben"),
    Scene("search-nothing", "appointments.agenda", "/appointments/?q=zebra"),
    Scene("show", "appointments.show", "/appointments/<talk>/"),
    Scene("show-overlapping", "appointments.show", "/appointments/<walk>/"),
    Scene("show-long", "appointments.show", "/appointments/<long>/", who="Cleo"),
    Scene("show-word", "appointments.show", "/appointments/<word>/", who="Cleo"),
    Scene("show-arabic", "appointments.show", "/appointments/<arabic>/", who="Cleo"),
    Scene("create", "appointments.create", "/appointments/create/"),
    Scene(
        "create-wrong",
        "appointments.create",
        "/appointments/create/",
        status=422,
        do=without_title,
    ),
    Scene(
        "create-end-first",
        "appointments.create",
        "/appointments/create/",
        status=422,
        do=ending_before_the_start,
    ),
    Scene(
        "created-in-the-gap",
        "appointments.show",
        "/appointments/create/",
        do=skipped_by_the_clocks,
    ),
    Scene("edit", "appointments.edit", "/appointments/<talk>/edit/"),
    Scene("edit-all-day", "appointments.edit", "/appointments/<fair>/edit/"),
    Scene("edit-elsewhere", "appointments.edit", "/appointments/<elsewhere>/edit/", who="Cleo"),
    Scene(
        "edit-conflict",
        "appointments.edit",
        "/appointments/<talk>/edit/",
        status=409,
        do=edited_elsewhere,
    ),
    Scene("delete", "appointments.delete", "/appointments/<talk>/delete/"),
    Scene("deleted", "appointments.agenda", "/appointments/<choir>/delete/", do=send),
    Scene("error-400", None, "/logout/", status=400, do=with_a_false_token),
    Scene("error-403", None, "/logout/", status=403, do=from_another_site),
    Scene("error-404", None, "/appointments/nothing/", status=404),
    Scene("error-404-stranger", None, "/nothing/", who=None, status=404),
]

NO_PAGE = {
    "accounts.home": "leads elsewhere",
    "health.health": "tells programs",
    "static_file": "serves files",
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("book")
    with (
        time_set_to(NOW),
        staged(folder / "full") as stage,
        staged(folder / "empty") as empty,
    ):
        people = {name: stage.add_user(name) for name in ("Ana", "Ben", "Cleo", "Emil")}
        people["Dora"] = stage.add_user(
            "Dora Katharina von Hohenlohe-Waldenburg-Schillingsfürst",
            email="dora@example.org",
            locale="de",
        )
        written = fill_a_week(stage, people["Ana"])
        written |= fill_with_oddities(stage, people["Cleo"])
        written["walk"] = stage.write(
            people["Ana"], "Walk", "2027-03-16T16:30", "2027-03-16T17:30"
        )
        fill_a_year(stage, people["Dora"])
        stage.token(people["Ben"], user_agent=IPHONE, ip="2001:db8::17")
        stage.token(people["Ben"], user_agent="", ip="192.0.2.7")
        yield World(stage, empty, people, written)


@pytest.fixture(scope="module")
def context(chromium: Chromium) -> Iterator[BrowserContext]:
    with chromium.context() as made:
        yield made


@pytest.fixture(scope="module")
def shared_page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.fixture(autouse=True)
def day_of_the_stage(time: Any) -> None:
    time.moment = NOW


def pages_of(app: Flask) -> set[str]:
    return {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and rule.endpoint not in NO_PAGE
    }


def test_every_page_has_its_scene(world: World) -> None:
    assert pages_of(world.stage.app) == {scene.endpoint for scene in SCENES} - {None}


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_a_page_is_open_to_all(world: World, shared_page: Page, scene: Scene) -> None:
    page = shared_page
    complaints = complaints_of(page)
    set_width(page, DESK)

    assert open_scene(world, page, scene) == scene.status
    assert page.locator("h1").count() == 1
    assert page.title().endswith(" – sched")
    for width in (DESK, PHONE):
        set_width(page, width)
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            take_picture(page, f"{scene.name}-{width}-{scheme}")
            # Everything but the contrast is the same by day and by night.
            only = None if scheme == "light" else "color-contrast"
            assert axe_findings(page, only=only) == []
        assert sideways(page) == 0
    for width in NARROW:
        page.set_viewport_size({"width": width, "height": 800})
        assert sideways(page) == 0, f"{width} pixels"
    assert longest_motion(page) <= 0.15
    page.emulate_media(reduced_motion="reduce")
    assert longest_motion(page) == 0
    page.emulate_media(reduced_motion="no-preference")
    assert complaints == []


def open_scene(world: World, page: Page, scene: Scene) -> int:
    """Go to a page as whom the scene says, do there what it says, and return the status."""
    stage = world.empty if scene.in_empty_book else world.stage
    page.context.clear_cookies()
    if scene.who:
        stage.sign_in(page.context, world.people[scene.who])
    path = scene.path
    for name, appointment in world.appointments.items():
        path = path.replace(f"<{name}>", appointment.public_id)
    answer = page.goto(stage.url + path)
    if scene.do is not None:
        with page.expect_response(lambda response: is_page_of(page, response)) as answered:
            scene.do(page)
        answer = answered.value
        page.wait_for_load_state()
    assert answer is not None
    return answer.status


def is_page_of(page: Page, answer: Response) -> bool:
    leads_on = 300 <= answer.status < 400
    of_this = answer.request.is_navigation_request() and answer.frame == page.main_frame
    return of_this and not leads_on


def set_width(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": HEIGHTS[width]})


def take_picture(page: Page, name: str) -> None:
    SCREENSHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True, animations="disabled")


def sideways(page: Page) -> float:
    """Return by how many pixels what is on a page is wider than there is room."""
    wider: float = page.evaluate(
        "html => html.scrollWidth - html.getBoundingClientRect().width",
        page.query_selector("html"),
    )
    return wider


def longest_motion(page: Page) -> float:
    """Return how many seconds the slowest thing on a page moves, when it does."""
    longest: float = page.evaluate(
        """() => {
            const lasts = ({ animationName, animationDuration, transitionDuration }) => [
                ...(animationName === "none" ? [] : animationDuration.split(",")),
                ...transitionDuration.split(","),
            ]
            const all = [...document.querySelectorAll("*")]
            return Math.max(...all.flatMap(e => lasts(getComputedStyle(e))).map(parseFloat))
        }"""
    )
    return longest
