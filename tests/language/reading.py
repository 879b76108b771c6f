"""What somebody reads on a page, or has read to them."""

import re
from html.parser import HTMLParser

_SAID = {"aria-label", "alt", "label", "placeholder", "title"}
_UNSEEN = {"script", "style"}


class _Texts(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.unseen = 0

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.unseen += tag in _UNSEEN
        self.found += [value for name, value in attributes if name in _SAID and value]

    def handle_endtag(self, tag: str) -> None:
        self.unseen -= tag in _UNSEEN

    def handle_data(self, text: str) -> None:
        if not self.unseen:
            self.found.append(text)


def texts_of(html: str) -> list[str]:
    """Return the texts of a page and what is said of its parts, each kind of space as a space."""
    parser = _Texts()
    parser.feed(html)
    parser.close()
    found = (re.sub(r"[\u2060\u2068\u2069]", "", text) for text in parser.found)
    return [" ".join(text.split()) for text in found if text.strip()]
