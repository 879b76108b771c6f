"""What the pages weigh over the wire, from the real program; the font is not counted."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page
from tests.browser.browser import Chromium
from tests.browser.stage import fill_a_year, staged
from tests.servers import Server, running_sched

from schedapp.accounts.models import User
from schedapp.plumbing import clock

FIRST_BYTES, NEXT_BYTES = 60_000, 15_000
PAGES = [
    "/appointments/",
    "/appointments/create/",
    "/appointments/?q=appointment",
    "/appointments/<one>/",
    "/appointments/<one>/edit/",
    "/appointments/<one>/delete/",
    "/account/",
    "/account/password/",
    "/account/sign-ins/",
    "/logout/",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("weight")


@pytest.fixture(scope="module")
def one_and_token(folder: Path) -> tuple[str, str]:
    """Fill a book that has a full window of the agenda, each line on a day of its own."""
    with clock.set_to(lambda: datetime.now(UTC)), staged(folder / "data") as stage:
        ana: User = stage.add_user("Ana")
        fill_a_year(stage, ana, after=clock.now())
        one = stage.write(ana, "Dinner with Ben", "2027-03-01T19:00", description="Ask him. " * 40)
        return one.public_id, stage.token(ana)


@pytest.fixture(scope="module")
def server(folder: Path, one_and_token: object) -> Iterator[Server]:
    with running_sched(folder) as running:
        yield running


class Scales:
    """Weighs what a browser fetches: address by address, in bytes over the wire."""

    def __init__(self, page: Page) -> None:
        self.weights: dict[str, int] = {}
        self._addresses: dict[str, str] = {}
        devtools = page.context.new_cdp_session(page)
        devtools.on("Network.requestWillBeSent", self._note)
        devtools.on("Network.loadingFinished", self._weigh)
        devtools.send("Network.enable")

    def _note(self, event: dict[str, dict[str, str]]) -> None:
        self._addresses[str(event["requestId"])] = event["request"]["url"]

    def _weigh(self, event: dict[str, str]) -> None:
        path = urlsplit(self._addresses[event["requestId"]]).path
        if not path.endswith(".woff2"):
            self.weights[path] = self.weights.get(path, 0) + int(event["encodedDataLength"])


def weigh(page: Page, address: str) -> dict[str, int]:
    scales = Scales(page)
    answer = page.goto(address, wait_until="networkidle")
    assert answer is not None
    assert answer.status == 200
    return scales.weights


def signed_in(context: BrowserContext, server: Server, token: str) -> None:
    context.add_cookies([{"name": "sched", "value": token, "url": server.url}])


@pytest.mark.parametrize("path", ["/login/", "/appointments/", "/account/"])
def test_the_first_page_is_light(
    chromium: Chromium,
    server: Server,
    one_and_token: tuple[str, str],
    path: str,
) -> None:
    with chromium.context() as context:
        if path != "/login/":
            signed_in(context, server, one_and_token[1])
        weights = weigh(context.new_page(), server.url + path)

    assert path in weights
    assert any(each.endswith(".css") for each in weights)
    assert sum(weights.values()) <= FIRST_BYTES, weights


def test_the_next_pages_are_lighter(
    chromium: Chromium, server: Server, one_and_token: tuple[str, str]
) -> None:
    one, token = one_and_token
    with chromium.context() as context:
        signed_in(context, server, token)
        page = context.new_page()
        page.goto(server.url + "/appointments/create/", wait_until="networkidle")
        for path in PAGES:
            weights = weigh(page, server.url + path.replace("<one>", one))
            assert 0 < sum(weights.values()) <= NEXT_BYTES, weights


def test_the_font_is_small(server: Server) -> None:
    with server.client() as client:
        page = client.get("/login/").text
        font = page.partition('rel="preload" href="')[2].partition('"')[0]

        assert len(client.get(font).body) <= 60_000
