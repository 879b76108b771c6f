"""Debian's Chromium, driven by Playwright: widths, light and dark, with scripts and without."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import axe_playwright_python  # type: ignore[import-untyped]
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect, sync_playwright

Scheme = Literal["light", "dark"]

PHONE, DESK = 390, 1280
PATIENCE = 20_000  # milliseconds, on a machine that has other things to do too
HEIGHTS = {PHONE: 844, DESK: 900}

FLAGS = [
    "--no-sandbox",  # Chromium's own sandbox does not start as root
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--force-color-profile=srgb",
    "--font-render-hinting=none",
    # Whatever is not this machine cannot be found.
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost",
]

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")
AXE_TAGS = [
    "wcag2a",
    "wcag2aa",
    "wcag21a",
    "wcag21aa",
    "wcag22a",
    "wcag22aa",
    "best-practice",
]


@dataclass(frozen=True)
class Chromium:
    """The one browser of a test run; each context in it is a person's own."""

    browser: Browser

    @contextmanager
    def context(
        self,
        *,
        width: int = DESK,
        scheme: Scheme = "light",
        scripts: bool = True,
        **options: Any,
    ) -> Iterator[BrowserContext]:
        """Give a context without cookies, closed afterwards; as wide as a phone, it is one.

        Further options are Playwright's own: `base_url`, `locale`, `reduced_motion`, ...
        """
        usual: dict[str, Any] = {
            "locale": "en-GB",
            "timezone_id": "Europe/Berlin",
            "is_mobile": width == PHONE,
            "has_touch": width == PHONE,
        }
        context = self.browser.new_context(
            viewport={"width": width, "height": HEIGHTS.get(width, 900)},
            color_scheme=scheme,
            java_script_enabled=scripts,
            **(usual | options),
        )
        context.set_default_timeout(PATIENCE)
        try:
            yield context
        finally:
            context.close()

    @contextmanager
    def page(self, **options: Any) -> Iterator[Page]:
        """Give one page in a context of its own. What its console says amiss fails the test."""
        with self.context(**options) as context:
            page = context.new_page()
            complaints = complaints_of(page)
            yield page
            assert not complaints


def complaints_of(page: Page) -> list[str]:
    """Return the list that fills with what a page's scripts and security policy find wrong."""
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda message: (
            complaints.append(message.text)
            if message.type == "error" and "status of" not in message.text
            else None
        ),
    )
    return complaints


def leave_out_scripts(page: Page) -> None:
    """Give a page that is opened from now on empty files for its scripts."""

    def answer(route: Route) -> None:
        if route.request.resource_type == "script":
            route.fulfill(body="", content_type="text/javascript")
        else:
            route.continue_()

    page.route("**/*", answer)


def axe_findings(page: Page, *, only: str | None = None) -> list[str]:
    """Return what axe-core finds wrong with a page, a line for each element.

    The page's security policy does not hold it up, as it comes in by the debugger's door. It
    needs a browser with scripts; `leave_out_scripts` shows it a page as it is without its own.
    `only` is the one rule to ask, where others cannot answer differently than before.
    """
    if not page.evaluate("matchMedia('(scripting: enabled)').matches"):
        raise RuntimeError("axe-core needs scripts: see leave_out_scripts")
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    options: dict[str, Any] = {"resultTypes": ["violations"]}
    if only is None:
        options["runOnly"] = {"type": "tag", "values": AXE_TAGS}
        # Of WCAG 2.2, off unless asked for.
        options["rules"] = {"target-size": {"enabled": True}}
    else:
        options["runOnly"] = {"type": "rule", "values": [only]}
    result = page.evaluate("options => axe.run(document, options)", options)
    return [
        f"{finding['id']}: {finding['help']}: {json.dumps(node['target'])} {node['html']}"
        for finding in result["violations"]
        for node in finding["nodes"]
    ]


@contextmanager
def launched() -> Iterator[Chromium]:
    """Start Debian's Chromium, and end it afterwards."""
    program = shutil.which("chromium")
    assert program, "There is no Chromium; bin/setup --for-tests installs it."
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        try:
            yield Chromium(browser)
        finally:
            browser.close()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    """Debian's Chromium, started once."""
    with launched() as browser:
        yield browser
