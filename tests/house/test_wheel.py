"""The wheel is the whole program: built offline, installed into an empty environment, started."""

import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from packaging.requirements import Requirement
from tests.house.repository import ROOT, names_of_files
from tests.servers import Client, clean_environment, free_port, running

GERMAN = ROOT / "src/schedapp/translations/de/LC_MESSAGES/messages.po"
PIP = [sys.executable, "-m", "pip", "-qq", "--disable-pip-version-check", "--no-input"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the files that are in git, so that nothing lying about gets in."""
    folder = tmp_path_factory.mktemp("wheel")
    for name in names_of_files():
        target = folder / "sources" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target)
    command = [*PIP, "wheel", "--no-index", "--no-deps", "--no-build-isolation"]
    command += ["--wheel-dir", str(folder), str(folder / "sources")]
    subprocess.run(command, check=True, timeout=300)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with the wheel and what it says it needs, and nothing else."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    python = str(folder / "bin/python")
    command = [*PIP, "--python", python, "install", "--no-index", "--no-deps", str(wheel)]
    subprocess.run(command, check=True, timeout=300)
    (site_packages,) = folder.glob("lib/python3*/site-packages")
    (own,) = site_packages.glob("sched-*.dist-info")
    for needed in _needed_by(Distribution.at(own)):
        for top in {file.parts[0] for file in needed.files or [] if file.parts[0] != ".."}:
            target = site_packages / top
            if top != "__pycache__" and not target.exists():
                target.symlink_to(str(needed.locate_file(top)))
    return folder


def _needed_by(package: Distribution) -> list[Distribution]:
    """Return all that a package needs, and what these need, as they are installed here."""
    found: dict[tuple[str, str], Distribution] = {}
    asked = [(package, "")]
    while asked:
        asking, extra = asked.pop()
        for line in asking.requires or []:
            requirement = Requirement(line)
            if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
                continue
            for wanted in {"", *requirement.extras}:
                if (requirement.name, wanted) not in found:
                    found[requirement.name, wanted] = distribution(requirement.name)
                    asked.append((found[requirement.name, wanted], wanted))
    return list(found.values())


@pytest.fixture(scope="module")
def client(environment: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A client of `sched run`, started in an empty folder by somebody with an empty home."""
    folder = tmp_path_factory.mktemp("empty")
    home = tmp_path_factory.mktemp("home")
    port = free_port()
    env = clean_environment() | {"HOME": str(home), "PATH": "/usr/bin:/bin"}
    for name in ("XDG_DATA_HOME", "PYTHONPATH", "VIRTUAL_ENV"):
        env.pop(name, None)
    command = [str(environment / "bin/sched"), "run", "--port", str(port)]
    log = folder / "log"
    with running(command, port=port, log=log, env=env) as server, server.client() as client:
        yield client


def test_it_holds_each_file_of_the_package(wheel: Path) -> None:
    names = [
        name.removeprefix("src/") for name in names_of_files() if name.startswith("src/schedapp/")
    ]
    assert len(names) > 50
    compiled = [re.sub(r"\.po$", ".mo", name) for name in names if name.endswith(".po")]

    held = set(zipfile.ZipFile(wheel).namelist())

    assert [name for name in [*names, *compiled] if name not in held] == []


def test_it_holds_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()

    assert {name.split("/")[0] for name in names} == {"schedapp", names[-1].split("/")[0]}
    assert names[-1].startswith("sched-")
    assert [name for name in names if "__pycache__" in name or "/tests/" in name] == []


def test_it_says_its_licence(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (licence,) = [name for name in archive.namelist() if name.endswith("/LICENSE")]

        assert b"MIT License" in archive.read(licence)


def test_it_serves_the_first_page_from_any_folder(client: Client) -> None:
    answer = client.get("/")
    assert answer.status == 303
    assert answer.location

    page = client.get(answer.location)
    assert page.status == 200
    assert page.field("csrf_token")


def test_it_serves_what_the_pages_are_made_of(client: Client) -> None:
    page = client.get(client.get("/").location or "/")
    files = re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text)

    assert any(".css" in name for name in files)
    assert {name: client.get(name).status for name in files} == dict.fromkeys(files, 200)


def test_it_speaks_german(client: Client) -> None:
    with GERMAN.open("rb") as file:
        welcome = read_po(file)["Welcome"].string

    page = client.get(client.get("/").location or "/", Accept_Language="de")

    assert '<html lang="de"' in page.text
    assert str(welcome) in page.text
