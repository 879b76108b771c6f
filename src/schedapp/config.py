"""Every setting: its type, its default and one sentence about it."""

from __future__ import annotations

import dataclasses
import ipaddress
import os
import tomllib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

type_of_network = ipaddress.IPv4Network | ipaddress.IPv6Network

SECRET_KEY_BYTES = 32
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")


class WrongSetting(Exception):
    """A setting that cannot be used; the sentence names it and says what it should be."""


def setting(
    sentence: str,
    *,
    read: Callable[[str], Any],
    default: Any = None,
    make: Callable[[], Any] | None = None,
    shown: str | None = None,
) -> Any:
    """Declare one field of `Settings`, with the function that reads its text."""
    metadata = {"sentence": sentence, "read": read, "shown": str(shown or default)}
    if make is not None:
        return field(default_factory=make, metadata=metadata)
    return field(default=default, metadata=metadata)


def _path(text: str) -> Path:
    if not text:
        raise ValueError("a folder's path")
    if "?" in text:
        raise ValueError("a folder's path without a question mark")
    return Path(text).expanduser()


def _database_url(text: str) -> str:
    kind, _, rest = text.partition("://")
    parts = urlsplit(text)
    # A database in memory would be another one for each connection, and gone at the end.
    is_file = kind == "sqlite" and len(rest) > 1 and rest[0] == "/" and rest != "/:memory:"
    if is_file or (kind in {"postgresql", "postgresql+psycopg"} and len(parts.path) > 1):
        with suppress(ValueError):
            parts.port  # noqa: B018  (it is read, and refused, only now)
            return text
    raise ValueError("sqlite:///PATH or postgresql://USER@HOST/NAME")


def _public_url(text: str) -> str:
    try:
        parts = urlsplit(text)
        port = parts.port
        name = (parts.hostname or "").encode("idna").decode("ascii")
    except ValueError:
        name = ""
    if not name or parts.scheme not in {"http", "https"}:
        raise ValueError("an address such as https://sched.example.org")
    if parts.path not in {"", "/"} or parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError("an address without a path, such as https://sched.example.org")
    # As browsers write it in Host and Origin: a usual port is left out.
    usual = {"http": 80, "https": 443}[parts.scheme]
    host = f"[{name}]" if ":" in name else name
    return (
        f"{parts.scheme}://{host}" if port in {None, usual} else f"{parts.scheme}://{host}:{port}"
    )


def _secret_keys(text: str) -> tuple[str, ...]:
    keys = tuple(key.strip() for key in text.split(",") if key.strip())
    if not keys:
        raise ValueError("one or more keys, the newest first, with commas between them")
    for key in keys:
        check_secret_key(key)
    return keys


def check_secret_key(key: str) -> None:
    """Check that a key was drawn at random and is long enough.

    Raises:
        ValueError: if it has fewer than 32 characters, or is one that has been published.
    """
    if len(key) < SECRET_KEY_BYTES:
        raise ValueError(f"keys of at least {SECRET_KEY_BYTES} random characters")
    if len(set(key)) < 10 or any(word in key.lower() for word in PUBLISHED_KEYS):
        raise ValueError("keys drawn at random, not published or patterned ones")


PUBLISHED_KEYS = (
    "secret",
    "password",
    "changeme",
    "change-me",
    "change_me",
    "development",
    "example",
    "insecure",
    # The key in the repository of the book's program of 2013, and the one of our tests.
    "enydm2anhdcokwdva0jwvesbpfuqpmjf",
    "a key of the tests",
    # Flask's manual has shown these.
    "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf",
    "a0zr98j/3yx r~xhh!jmn]lwx/,?rt",
)


def is_loopback(host: str) -> bool:
    """Say whether a name or an address, as one listens on it, means this machine alone."""
    name = host.strip("[]").lower()
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


def _networks(text: str) -> tuple[type_of_network, ...]:
    try:
        return tuple(
            ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip()
        )
    except ValueError:
        raise ValueError("addresses or networks such as 127.0.0.1,10.0.0.0/8") from None


def _number(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.isascii() or not text.isdecimal() or not low <= int(text) <= high:
            raise ValueError(f"a whole number from {low} to {high}")
        return int(text)

    return read


def _yes_or_no(text: str) -> bool:
    answers = {"yes": True, "true": True, "1": True, "on": True, "no": False, "false": False}
    answers |= {"0": False, "off": False, "": False}
    if text.lower() not in answers:
        raise ValueError("yes or no")
    return answers[text.lower()]


def _default_data_dir() -> Path:
    base = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(base).expanduser() / "sched"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the administrator decides. Each field is `SCHED_` and its name, in capitals."""

    data_dir: Path = setting(
        "The folder that holds the database, the secret keys and the backups.",
        make=_default_data_dir,
        read=_path,
        shown="~/.local/share/sched",
    )
    database_url: str = setting(
        "Where the database is: a SQLite file, or PostgreSQL 15 or later.",
        default="",
        read=_database_url,
        shown="the file sched.db in SCHED_DATA_DIR",
    )
    public_url: str | None = setting(
        "The address under which people reach sched; https turns on secure cookies."
        " Needed when it listens on more than this machine.",
        default=None,
        read=_public_url,
        shown="this machine alone, at any port",
    )
    secret_keys: tuple[str, ...] = setting(
        "Keys that sign; the first signs, all verify. Commas between them, 32 random characters"
        " or more each.",
        default=(),
        read=_secret_keys,
        shown="made at the first start, kept in SCHED_DATA_DIR/secret_keys",
    )
    trusted_proxies: tuple[type_of_network, ...] = setting(
        "Addresses or networks of proxies whose X-Forwarded-For, -Proto and -Host are believed.",
        default=(),
        read=_networks,
        shown="none",
    )
    processes: int = setting(
        "How many server processes answer requests.", default=1, read=_number(1, 64)
    )
    threads: int = setting(
        "How many requests one process answers at the same time.", default=8, read=_number(1, 64)
    )
    debug: bool = setting(
        "Show tracebacks in the browser; only on this machine itself.",
        default=False,
        read=_yes_or_no,
        shown="no",
    )

    def __post_init__(self) -> None:
        """Put the database into the data folder where nothing else is said."""
        if not self.database_url:
            url = f"sqlite:///{self.data_dir.absolute() / 'sched.db'}"
            object.__setattr__(self, "database_url", url)

    @property
    def is_for_this_machine(self) -> bool:
        """Whether only this machine's own browsers are meant to reach sched."""
        return self.public_url is None or is_loopback(urlsplit(self.public_url).hostname or "")

    @property
    def is_readable_on_the_way(self) -> bool:
        """Whether passwords and pages travel through a network without encryption."""
        return not self.is_for_this_machine and not self.is_https

    @property
    def is_https(self) -> bool:
        """Whether people reach sched by HTTPS, so that cookies are secure ones."""
        return self.public_url is not None and self.public_url.startswith("https://")

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is the embedded one."""
        return self.database_url.startswith("sqlite:")

    @property
    def hosts(self) -> tuple[str, ...]:
        """Return the names that a request may ask for; a name without a port goes with any."""
        if self.public_url is None:
            return LOOPBACK_NAMES
        return (urlsplit(self.public_url).netloc,)

    @classmethod
    def read(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read the settings from the environment and the file that SCHED_SETTINGS names.

        The file is TOML with the fields' names in small letters; the environment wins.

        Raises:
            WrongSetting: with the name of the setting and what it should be.
        """
        environment = os.environ if environment is None else environment
        texts = _texts_of_file(environment.get("SCHED_SETTINGS"))
        known = {each.name: each for each in dataclasses.fields(cls)}
        for name, text in environment.items():
            if name.startswith("SCHED_") and name != "SCHED_SETTINGS":
                texts[name.removeprefix("SCHED_").lower()] = text
        values = {}
        for name, text in texts.items():
            label = f"SCHED_{name.upper()}"
            if name not in known:
                raise WrongSetting(f"There is no setting {label}.")
            try:
                values[name] = known[name].metadata["read"](text)
            except ValueError as wrong:
                raise WrongSetting(f"{label} should be {wrong}.") from None
        settings = cls(**values)
        if settings.debug and not settings.is_for_this_machine:
            raise WrongSetting(
                "SCHED_DEBUG should be no when SCHED_PUBLIC_URL is for more than this machine."
            )
        return settings


def _texts_of_file(path: str | None) -> dict[str, str]:
    if not path:
        return {}
    try:
        content = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as wrong:
        raise WrongSetting(f"SCHED_SETTINGS should be a readable TOML file: {wrong}.") from None
    return {name: _text_of(value) for name, value in content.items()}


def _text_of(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ",".join(str(item) for item in value)
    return str(value)
