"""What of a browser is needed here: cookies, forms, and the headers that a browser sends."""

import http.client
import time
from collections.abc import Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urlsplit

IDLE_SECONDS = 5


@dataclass(frozen=True)
class Answer:
    """What a server said."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """Return the body as text."""
        return self.body.decode()


class WrongAnswer(Exception):
    """A server that did not do what it is measured for."""


class Browser:
    """One person's browser at one server."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.cookies: dict[str, str] = {}
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self.used_at = time.monotonic()

    def ask(
        self,
        method: str,
        path: str,
        *,
        fields: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request and keep the cookies that come with the answer."""
        sent = self.headers() | dict(headers or {})
        body = None
        if method != "GET":
            sent |= {"Origin": f"http://127.0.0.1:{self.port}", "Sec-Fetch-Site": "same-origin"}
        if fields is not None:
            body = urlencode(fields)
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        if time.monotonic() - self.used_at > IDLE_SECONDS:
            # The server may have hung up by now.
            self.connection.close()
        try:
            self.connection.request(method, path, body, sent)
            response = self.connection.getresponse()
            answer = Answer(
                response.status,
                {name.lower(): value for name, value in response.getheaders()},
                response.read(),
            )
        except (http.client.HTTPException, ConnectionError):
            self.connection.close()
            raise
        self.used_at = time.monotonic()
        for line in response.headers.get_all("Set-Cookie") or []:
            for name, morsel in SimpleCookie(line).items():
                if morsel["max-age"] == "0" or not morsel.value:
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.value
        return answer

    def headers(self) -> dict[str, str]:
        """Return the headers that go with every request."""
        if not self.cookies:
            return {}
        return {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}

    def get(self, path: str, **headers: str) -> Answer:
        """Ask for a page."""
        return self.ask("GET", path, headers=headers)

    def fill_in(self, path: str, **typed: str) -> Answer:
        """Get the page with a form, type something into its fields and send it."""
        page = self.get(path)
        fields = fields_of(page.text, having=next(iter(typed)))
        return self.ask("POST", path, fields={**fields, **typed})

    def close(self) -> None:
        """Hang up."""
        self.connection.close()


def sign_in(browser: Browser, name: str, password: str) -> None:
    """Sign in by the form.

    Raises:
        WrongAnswer: if the server does not let us in.
    """
    answer = browser.fill_in("/login/", username=name, password=password)
    if answer.status not in {302, 303} or "login" in path_of(answer.headers["location"]):
        raise WrongAnswer(f"{name} is not let in: {answer.status}\n{answer.text[:2000]}")


def path_of(location: str) -> str:
    """Return the path of an address."""
    return urlsplit(location).path


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[dict[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag == "form":
            self.forms.append({})
        elif tag in {"input", "textarea", "select"} and self.forms and named.get("name"):
            if named.get("type") in {"checkbox", "radio", "submit"} and "checked" not in named:
                return
            self.forms[-1][named["name"] or ""] = named.get("value") or ""


def fields_of(page: str, *, having: str) -> dict[str, str]:
    """Return the fields of the form that has a certain one, with what stands in them.

    Raises:
        WrongAnswer: if there is no such form.
    """
    parser = _Forms()
    parser.feed(page)
    for form in parser.forms:
        if having in form:
            return form
    raise WrongAnswer(f"no form with {having!r} in:\n{page[:2000]}")
