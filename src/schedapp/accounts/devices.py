"""What a browser says it is, in plain words."""

import re

_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chromium", "Chromium"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
    ("curl", "curl"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("Linux", "Linux"),
)


def device_of(user_agent: str) -> str:
    """Return words such as "Firefox · Linux" for a User-Agent; "" when it tells nothing."""
    found = [
        next((name for sign, name in names if sign in user_agent), None)
        for names in (_BROWSERS, _SYSTEMS)
    ]
    words = " · ".join(name for name in found if name)
    return words or re.sub(r"[^\w ./-]", "", user_agent)[:40].strip()
