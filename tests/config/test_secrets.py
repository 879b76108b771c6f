"""Starting with a secret that is none, or showing to others what is for the developer (36)."""

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from tests.servers import clean_environment, free_port

from schedapp.app import create_app
from schedapp.cli import check_may_listen
from schedapp.config import Settings, WrongSetting
from schedapp.plumbing.signing import secret_keys

pytestmark = pytest.mark.sentence(36)

GOOD = "Mg7wq0-Zb3xRk9_LtY2vHc5nJd8sFa1p"
BAD = {
    "empty": "",
    "only commas": " , ,",
    "short": GOOD[:-1],
    "one letter": "a" * 64,
    "a pattern": "abc" * 20,
    "the book's": "enydM2ANhdcoKwdVa0jWvEsbPFuQpMjf",
    "the tests'": "a key of the tests, 0123456789-qwertzuiop",
    "Flask's manual's": "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf",
    "Django's": "django-insecure-q8x!2v@7t#m4&k9^z1$p6*w3(e5)r0_y",
    "a sentence that says so": "this is my super Secret key 0123456789",
    "change me": "please-change-me-0123456789-abcdefgh",
    "one good and one bad": f"{GOOD},password password password password",
}


@pytest.mark.parametrize("keys", BAD.values(), ids=BAD)
def test_a_setting_with_a_bad_key_is_refused(keys: str) -> None:
    with pytest.raises(WrongSetting, match=r"^SCHED_SECRET_KEYS should be ") as refused:
        Settings.read({"SCHED_SECRET_KEYS": keys})

    assert keys.strip(", ") == "" or keys not in str(refused.value)


@pytest.mark.parametrize("keys", BAD.values(), ids=BAD)
def test_a_file_with_a_bad_key_is_refused(tmp_path: Path, keys: str) -> None:
    (tmp_path / "secret_keys").write_text(keys.replace(",", "\n").replace(" ", "_"))

    with pytest.raises(WrongSetting, match="secret_keys should hold ") as refused:
        create_app(Settings(data_dir=tmp_path))

    assert keys.strip(", ") == "" or keys not in str(refused.value)


def test_the_first_start_makes_one_that_its_owner_alone_can_read(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "new" / "data")

    (key,) = secret_keys(settings)

    assert len(key) >= 64
    file = settings.data_dir / "secret_keys"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert secret_keys(settings) == (key,)
    assert list(file.parent.iterdir()) == [file]
    assert Settings.read({"SCHED_SECRET_KEYS": key}).secret_keys == (key,)


def test_processes_that_start_together_agree_on_it(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    begin, made = threading.Barrier(8), []

    def start() -> None:
        begin.wait()
        made.append(secret_keys(settings))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(made) == 8
    assert len(set(made)) == 1


def test_several_in_the_file_are_one_a_line_the_newest_first(tmp_path: Path) -> None:
    (tmp_path / "secret_keys").write_text(f"{GOOD}\n{GOOD[::-1]}\n")

    assert secret_keys(Settings(data_dir=tmp_path)) == (GOOD, GOOD[::-1])


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.0.2.1", "2001:db8::1"])  # noqa: S104
def test_debug_is_refused_where_others_can_reach_it(address: str) -> None:
    for public_url in (None, "https://sched.example.org"):
        settings = Settings(debug=True, public_url=public_url)
        with pytest.raises(WrongSetting, match=r"^SCHED_DEBUG should be no"):
            check_may_listen(settings, address)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "127.0.0.2"])
def test_on_this_machine_it_is_allowed(address: str) -> None:
    check_may_listen(Settings(debug=True), address)


def test_debug_is_refused_behind_a_proxy_too() -> None:
    with pytest.raises(WrongSetting, match=r"^SCHED_DEBUG should be no"):
        Settings.read({"SCHED_DEBUG": "yes", "SCHED_PUBLIC_URL": "https://sched.example.org"})

    assert Settings.read({"SCHED_DEBUG": "yes", "SCHED_PUBLIC_URL": "http://localhost:8000"}).debug


def test_listening_for_others_needs_an_address_for_them() -> None:
    with pytest.raises(WrongSetting, match=r"^SCHED_PUBLIC_URL should be"):
        check_may_listen(Settings(), "0.0.0.0")  # noqa: S104

    check_may_listen(Settings(public_url="http://sched.example.org"), "0.0.0.0")  # noqa: S104


@pytest.mark.parametrize(
    ("options", "settings", "says"),
    [
        (["--host", "0.0.0.0"], {"debug": "yes"}, "SCHED_DEBUG should be no"),  # noqa: S104
        (["--host", "::"], {"debug": "yes"}, "SCHED_DEBUG should be no"),
        ([], {"secret_keys": "too short"}, "SCHED_SECRET_KEYS should be"),
        ([], {"secret_keys": BAD["the book's"]}, "SCHED_SECRET_KEYS should be"),
    ],
)
def test_the_program_does_not_start(
    tmp_path: Path, options: list[str], settings: dict[str, str], says: str
) -> None:
    ended = subprocess.run(
        [
            str(Path(sys.executable).with_name("sched")),
            "run",
            "--port",
            str(free_port()),
            *options,
        ],
        env=clean_environment(data_dir=str(tmp_path / "data"), **settings),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ended.returncode != 0
    assert says in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not os.path.lexists(tmp_path / "data" / "sched.db")
