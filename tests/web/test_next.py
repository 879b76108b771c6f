"""The page that one comes back to after signing in is one of ours (sentence 34)."""

import random
import re
from urllib.parse import quote, unquote, urljoin, urlsplit

import pytest
from tests.conftest import PASSWORD, Browsing

from schedapp.accounts.models import User
from schedapp.plumbing.security import is_own_address

pytestmark = pytest.mark.sentence(34)

OWN = [
    "/",
    "/appointments/",
    "/appointments/?q=lunch&after=2027-03-01T08:00:00Z_0123",
    "/appointments/?q=http%3A%2F%2Fexample.org",
    "/appointments/?q=a%5cb",
    "/account/sign-ins/",
    "/appointments/%C3%A9t%C3%A9/",
]
TRICKS = [
    "",
    " ",
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "/\t/evil.example",
    "\t//evil.example",
    "/\n/evil.example",
    "/\r\n/evil.example",
    "\x00//evil.example",
    "\x1f//evil.example",
    " //evil.example",
    "/ /evil.example",
    "/%5cevil.example",
    "/%5C/evil.example",
    "/%2f/evil.example",
    "/%2fevil.example",
    "/%2F%2Fevil.example",
    "/%09/evil.example",
    "/.%2f%2fevil.example",
    "http:evil.example",
    "http:/evil.example",
    "http:///evil.example",
    "https://evil.example",
    "HtTpS://evil.example",
    "http://localhost@evil.example",
    "http://localhost:80@evil.example",
    "http://localhost/",
    "http://localhost\\@evil.example",
    "http://localhost.evil.example",
    "@evil.example",
    ":80@evil.example",
    "evil.example",
    ".evil.example",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\nscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "file:///etc/passwd",
    "blob:http://localhost/0",
    "?next=//evil.example",
    "#//evil.example",
    "./..//evil.example",
    "/\N{FULLWIDTH SOLIDUS}\\evil.example",
    "\N{FULLWIDTH SOLIDUS}\N{FULLWIDTH SOLIDUS}evil.example",
    "/\\\N{ZERO WIDTH SPACE}/evil.example",
    "/\x7f/evil.example",
    "//[::1]evil",
]
PIECES = [
    *"/\\\t\n\r ./@:?#%;&=",
    *(
        "\x00",
        "\x01",
        "\x1f",
        "\x7f",
        "\x85",
        "\xa0",
        "\N{LINE SEPARATOR}",
        "\N{ZERO WIDTH SPACE}",
    ),
    *("\N{FULLWIDTH SOLIDUS}", "\N{FRACTION SLASH}", "\N{SET MINUS}", "\N{FULLWIDTH COLON}"),
    *("//", "/\\", "\\\\", "..", "%2f", "%2F", "%5c", "%5C", "%09", "%0a", "%0d", "%00", "%20"),
    *("http:", "https:", "javascript:", "data:", "//evil.example", "evil.example", "localhost"),
    *("http://", "[::1]", "appointments", "account", "next=", "q=", "é", "\N{GRINNING FACE}"),
]


def _as_browsers_read(target: str) -> str:
    """Return the host that a browser goes to, as the URL Standard has it.

    Control characters and spaces at the ends are dropped, tabs and line ends everywhere; a
    backslash is a slash; however many slashes stand before a host.
    """
    target = target.strip("".join(map(chr, range(33))))
    target = re.sub(r"[\t\n\r]", "", target)
    head = re.split("[?#]", target, maxsplit=1)[0].replace("\\", "/")
    scheme = re.match(r"([a-zA-Z][a-zA-Z0-9+.-]*):", head)
    if scheme and scheme[1].lower() not in {"http", "https"}:
        return f"another scheme: {scheme[1]}"
    if scheme:
        head = "//" + head[scheme.end() :].lstrip("/")
    if head.startswith("//"):
        authority = head.lstrip("/").partition("/")[0]
        return authority.rpartition("@")[2].partition(":")[0]
    return "localhost"


def _leads_away(target: str) -> bool:
    try:
        joined = urlsplit(urljoin("http://localhost/login/", target))
        if (joined.scheme, joined.netloc) != ("http", "localhost"):
            return True
    except ValueError:
        return True
    return _as_browsers_read(target) != "localhost"


def _tricks(count: int) -> list[str]:
    chance = random.Random(34)  # noqa: S311
    return [
        chance.choice(["/", "/", "//", ""])
        + "".join(chance.choices(PIECES, k=chance.randint(1, 6)))
        for _ in range(count)
    ]


@pytest.mark.parametrize("target", OWN)
def test_a_page_of_ours_is_one(target: str) -> None:
    assert is_own_address(target)
    assert not _leads_away(target)


@pytest.mark.parametrize("target", TRICKS, ids=ascii)
def test_a_trick_is_not(target: str) -> None:
    assert not is_own_address(target)


def test_of_ten_thousand_none_leads_away() -> None:
    tricks = _tricks(10_000)
    believed = [target for target in tricks if is_own_address(target)]

    assert [target for target in believed if _leads_away(target)] == []
    # Proxies that decode and browsers that do not must read the same.
    assert [target for target in believed if _leads_away(unquote(target.partition("?")[0]))] == []
    assert 100 < len(believed) < 5_000
    assert sum(map(_leads_away, tricks)) > 1_000


def test_signing_in_leads_back(anonymous: Browsing, ana: User) -> None:
    for target in OWN:
        assert _signed_in(anonymous, target) == target
        anonymous.set_cookie("sched", "")


def test_signing_in_leads_to_our_own_pages_alone(anonymous: Browsing, ana: User) -> None:
    for target in (*TRICKS[::4], *_tricks(20)):
        location = _signed_in(anonymous, target)
        anonymous.set_cookie("sched", "")

        wanted = unquote(target) if is_own_address(target) else "/appointments/"
        assert unquote(location) == wanted, ascii(target)
        assert not _leads_away(location), ascii(target)


def _signed_in(browser: Browsing, target: str) -> str:
    fields = {"username": "ana@example.org", "password": PASSWORD, "next": target}
    answer = browser.submit("/login/", fields)
    assert answer.status_code == 303
    return answer.headers["Location"]


def test_who_is_signed_in_is_led_on_at_once_and_never_away(as_ana: Browsing) -> None:
    for target in (*OWN, *TRICKS, *_tricks(200)):
        answer = as_ana.get(f"/login/?next={quote(target, errors='surrogatepass')}")
        assert answer.status_code == 303
        assert not _leads_away(answer.headers["Location"])
        if target in OWN:
            assert answer.headers["Location"] == target


def test_the_page_asked_for_travels_through_the_form(anonymous: Browsing, ana: User) -> None:
    asked = anonymous.get("/appointments/?q=lunch").headers["Location"]

    page = anonymous.get(asked)

    assert 'value="/appointments/?q=lunch"' in page.text


def test_addresses_that_the_program_itself_mends_stay_too(anonymous: Browsing) -> None:
    for address in (
        "//evil.example/appointments",
        "/login//",
        "//evil.example/..",
        "/appointments",
    ):
        answer = anonymous.get(address)
        assert not _leads_away(answer.headers.get("Location", "/").replace("http://localhost", ""))
