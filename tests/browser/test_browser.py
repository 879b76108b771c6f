"""The browser that looks at the pages, and what it finds."""

import http.server
import threading
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from playwright.sync_api import Error
from tests.browser.browser import (
    DESK,
    PHONE,
    Chromium,
    Scheme,
    axe_findings,
    complaints_of,
    leave_out_scripts,
)

GOOD = """<!doctype html><html lang="en"><title>Tea</title><main><h1>Tea</h1>
<form><label for="when">When</label> <input id="when"></form></main></html>"""
SMALL = '<button type="button" style="font-size: 5px; padding: 0; border: 0">Tea</button>'
CROWD = f'<div style="display: flex">{SMALL}{SMALL}</div>'


def address_of(page: str) -> str:
    return f"data:text/html;charset=utf-8,{quote(page)}"


def test_a_good_page_has_no_finding(chromium: Chromium) -> None:
    with chromium.page() as page:
        page.goto(address_of(GOOD))

        assert axe_findings(page) == []


@pytest.mark.parametrize(
    ("fault", "finding"),
    [
        (('<label for="when">When</label>', ""), "label"),
        (('lang="en"', ""), "html-has-lang"),
        (("<h1>", '<h1 style="color: #ccc">'), "color-contrast"),
        (("<main>", "<div>"), "region"),
        (("<form>", f"{CROWD}<form>"), "target-size"),
    ],
)
def test_a_fault_is_found(chromium: Chromium, fault: tuple[str, str], finding: str) -> None:
    with chromium.page() as page:
        page.goto(address_of(GOOD.replace(*fault)))

        assert any(line.startswith(f"{finding}:") for line in axe_findings(page))


@pytest.mark.parametrize("width", [PHONE, DESK])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_has_the_width_and_the_colours_that_were_asked_for(
    chromium: Chromium, width: int, scheme: Scheme
) -> None:
    with chromium.page(width=width, scheme=scheme) as page:
        page.goto(address_of('<meta name="viewport" content="width=device-width"><p>Tea</p>'))

        assert page.evaluate("innerWidth") == width
        assert page.evaluate(f"matchMedia('(prefers-color-scheme: {scheme})').matches")


@pytest.mark.parametrize(("scripts", "expected"), [(True, "with"), (False, "without")])
def test_scripts_are_on_or_off(chromium: Chromium, *, scripts: bool, expected: str) -> None:
    page_with_script = "<title>without</title><script>document.title = 'with'</script>"
    with chromium.page(scripts=scripts) as page:
        page.goto(address_of(page_with_script))

        assert page.title() == expected


class StrictPages(http.server.BaseHTTPRequestHandler):
    """Pages that allow no script but their own, and try another one too."""

    def do_GET(self) -> None:
        is_script = self.path.endswith(".js")
        if is_script:
            body = "document.querySelector('h1').textContent += ' time'"
        else:
            body = GOOD.replace("<form>", "<script>document.title = ''</script><form>")
            body += '<script src="/own.js"></script>'
        self.send_response(200)
        self.send_header("Content-Type", "text/javascript" if is_script else "text/html")
        self.send_header("Content-Security-Policy", "default-src 'none'; script-src 'self'")
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def strict_page() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), StrictPages) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://localhost:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(("own_scripts", "heading"), [(True, "Tea time"), (False, "Tea")])
def test_axe_looks_at_a_page_under_a_strict_policy(
    chromium: Chromium, strict_page: str, heading: str, *, own_scripts: bool
) -> None:
    with chromium.context() as context:
        page = context.new_page()
        complaints = complaints_of(page)
        if not own_scripts:
            leave_out_scripts(page)
        page.goto(strict_page)

        assert axe_findings(page) == []
        assert page.title() == "Tea"
        assert page.text_content("h1") == heading
        assert "Content Security Policy" in complaints[0]


def test_a_complaint_of_the_page_fails_the_test(chromium: Chromium, strict_page: str) -> None:
    with pytest.raises(AssertionError, match="Content Security Policy"):  # noqa: SIM117
        with chromium.page() as page:
            page.goto(strict_page)


def test_axe_says_that_it_needs_scripts(chromium: Chromium) -> None:
    with chromium.page(scripts=False) as page:
        page.goto(address_of(GOOD))

        with pytest.raises(RuntimeError, match="needs scripts"):
            axe_findings(page)


def test_chromium_finds_nobody_else(chromium: Chromium) -> None:
    with chromium.context() as context:
        page = context.new_page()

        with pytest.raises(Error, match="ERR_NAME_NOT_RESOLVED"):
            page.goto("http://sched.example.org/")
