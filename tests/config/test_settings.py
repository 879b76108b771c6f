"""Reading the settings."""

import dataclasses
import ipaddress
from pathlib import Path

import pytest

from schedapp.config import Settings, WrongSetting, is_loopback

KEY = "Mg7wq0-Zb3xRk9_LtY2vHc5nJd8sFa1p"


def test_without_any_it_is_for_this_machine_alone(tmp_path: Path) -> None:
    settings = Settings.read({"SCHED_DATA_DIR": str(tmp_path)})

    assert settings.database_url == f"sqlite:///{tmp_path}/sched.db"
    assert settings.is_sqlite
    assert settings.is_for_this_machine
    assert not settings.is_https
    assert not settings.is_readable_on_the_way
    assert not settings.debug


def test_the_data_are_kept_where_a_systems_programs_keep_theirs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert Settings.read({}).data_dir == tmp_path / "sched"

    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Settings.read({}).data_dir == tmp_path / ".local/share/sched"


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("DATABASE_URL", "postgresql://sched@db/sched", "postgresql://sched@db/sched"),
        ("PUBLIC_URL", "https://sched.example.org", "https://sched.example.org"),
        ("PUBLIC_URL", "https://Sched.Example.org/", "https://sched.example.org"),
        ("PUBLIC_URL", "HTTPS://sched.example.org:443", "https://sched.example.org"),
        ("PUBLIC_URL", "http://sched.example.org:80", "http://sched.example.org"),
        ("PUBLIC_URL", "https://sched.example.org:80", "https://sched.example.org:80"),
        ("PUBLIC_URL", "http://192.0.2.1:8000", "http://192.0.2.1:8000"),
        ("PUBLIC_URL", "http://[2001:DB8::1]:8000", "http://[2001:db8::1]:8000"),
        ("PUBLIC_URL", "https://bücher.example", "https://xn--bcher-kva.example"),
        ("SECRET_KEYS", f"{KEY}, {KEY[::-1]},", (KEY, KEY[::-1])),
        (
            "TRUSTED_PROXIES",
            "127.0.0.1, 10.0.0.0/8,fd00::/8",
            tuple(map(ipaddress.ip_network, ("127.0.0.1", "10.0.0.0/8", "fd00::/8"))),
        ),
        ("TRUSTED_PROXIES", "", ()),
        ("PROCESSES", "4", 4),
        ("THREADS", "64", 64),
        ("DEBUG", "Yes", True),
        ("DEBUG", "off", False),
        ("DEBUG", "", False),
    ],
)
def test_each_is_read(name: str, text: str, value: object) -> None:
    settings = Settings.read({f"SCHED_{name}": text})

    assert getattr(settings, name.lower()) == value


@pytest.mark.parametrize(
    ("name", "text", "should_be"),
    [
        ("DATA_DIR", "", "a folder's path"),
        ("DATABASE_URL", "", "sqlite:///PATH or postgresql://USER@HOST/NAME"),
        ("DATABASE_URL", "mysql://x", "sqlite:///PATH or postgresql://USER@HOST/NAME"),
        ("PUBLIC_URL", "", "an address such as"),
        ("PUBLIC_URL", "sched.example.org", "an address such as"),
        ("PUBLIC_URL", "ftp://sched.example.org", "an address such as"),
        ("PUBLIC_URL", "https://", "an address such as"),
        ("PUBLIC_URL", "https://sched.example.org:port", "an address such as"),
        ("PUBLIC_URL", "https://sched.example.org:99999", "an address such as"),
        ("PUBLIC_URL", "https://[::1", "an address such as"),
        ("PUBLIC_URL", "https://a..b", "an address such as"),
        ("PUBLIC_URL", "https://sched.example.org/book", "an address without a path"),
        ("PUBLIC_URL", "https://sched.example.org?x", "an address without a path"),
        ("PUBLIC_URL", "https://ana@sched.example.org", "an address without a path"),
        ("PUBLIC_URL", "https://@sched.example.org", "an address without a path"),
        ("TRUSTED_PROXIES", "proxy", "addresses or networks such as"),
        ("TRUSTED_PROXIES", "10.0.0.1/8", "addresses or networks such as"),
        ("PROCESSES", "0", "a whole number from 1 to 64"),
        ("PROCESSES", "65", "a whole number from 1 to 64"),
        ("PROCESSES", "1.5", "a whole number from 1 to 64"),
        ("THREADS", "", "a whole number from 1 to 64"),
        ("THREADS", "٤", "a whole number from 1 to 64"),
        ("DEBUG", "perhaps", "yes or no"),
    ],
)
def test_a_wrong_one_is_refused_with_its_name_and_what_it_should_be(
    name: str, text: str, should_be: str
) -> None:
    with pytest.raises(WrongSetting, match=f"^SCHED_{name} should be {should_be}"):
        Settings.read({f"SCHED_{name}": text})


def test_one_that_there_is_not_is_refused() -> None:
    with pytest.raises(WrongSetting, match=r"^There is no setting SCHED_SECRET_KEY\.$"):
        Settings.read({"SCHED_SECRET_KEY": KEY})


def test_a_file_holds_them_too_and_the_environment_wins(tmp_path: Path) -> None:
    file = tmp_path / "sched.toml"
    file.write_text(
        f'public_url = "https://sched.example.org"\nthreads = 3\nprocesses = 2\ndebug = false\n'
        f'secret_keys = ["{KEY}"]\ntrusted_proxies = ["10.0.0.1", "10.0.0.2"]\n',
        encoding="utf-8",
    )

    settings = Settings.read({"SCHED_SETTINGS": str(file), "SCHED_THREADS": "5"})

    assert settings.public_url == "https://sched.example.org"
    assert (settings.processes, settings.threads) == (2, 5)
    assert settings.secret_keys == (KEY,)
    assert len(settings.trusted_proxies) == 2


@pytest.mark.parametrize("content", [b"threads =", b"\xff", None])
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "sched.toml"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(WrongSetting, match=r"^SCHED_SETTINGS should be a readable TOML file"):
        Settings.read({"SCHED_SETTINGS": str(file)})


def test_a_wrong_one_in_a_file_is_refused_too(tmp_path: Path) -> None:
    file = tmp_path / "sched.toml"
    file.write_text("thread = 3\n", encoding="utf-8")
    with pytest.raises(WrongSetting, match=r"^There is no setting SCHED_THREAD\.$"):
        Settings.read({"SCHED_SETTINGS": str(file)})


@pytest.mark.parametrize(
    ("address", "readable"),
    [
        ("http://sched.example.org", True),
        ("http://192.168.1.5:8000", True),
        ("https://sched.example.org", False),
        ("http://localhost:8000", False),
        ("http://127.0.0.1:8000", False),
        ("http://[::1]:8000", False),
    ],
)
def test_it_knows_when_pages_travel_readable(address: str, readable: bool) -> None:  # noqa: FBT001
    assert Settings(public_url=address).is_readable_on_the_way is readable


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.8.8", "::1", "[::1]"])
def test_it_knows_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    ["0.0.0.0", "::", "", "10.0.0.1", "127.0.0.1.evil.example", "127.evil", "localhost.x"],  # noqa: S104
)
def test_it_knows_others(host: str) -> None:
    assert not is_loopback(host)


def test_each_has_a_sentence() -> None:
    for each in dataclasses.fields(Settings):
        assert each.metadata["sentence"].endswith(".")
        assert each.metadata["shown"]
