"""What the pages say about the repository is so: links, commands, files, tables of the book."""

import re
from pathlib import Path

import click
import pytest
from tests.conftest import SECRET_KEY
from tests.docs.pages import DECISIONS, PAGES, block_after, code_in, prose_of, text_of
from tests.house.repository import ROOT

from schedapp.app import create_app
from schedapp.cli import main
from schedapp.config import Settings
from schedapp.plumbing.database import Base

ARCHITECTURE = "docs/architecture.md"
_LINK = re.compile(
    r"\[[^\]]*\]\(([^)\s]+)\)|<(?:img|a|source)\b[^>]*?(?:src|href|srcset)=\"([^\"]+)\""
)


def anchors_of(name: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", text_of(name), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_something(page: str) -> None:
    broken = []
    for link in ("".join(found) for found in _LINK.findall(prose_of(page))):
        if "://" in link or link.startswith(("mailto:", "../../security")):
            continue
        path, _, anchor = link.partition("#")
        target = (ROOT / page).parent / path if path else ROOT / page
        if not target.exists() or (
            anchor and anchor not in anchors_of(target.resolve().relative_to(ROOT).as_posix())
        ):
            broken.append(link)

    assert broken == []


def test_links_are_looked_at() -> None:
    assert sum(len(_LINK.findall(prose_of(page))) for page in PAGES) > 20


@pytest.mark.parametrize("page", PAGES)
def test_nothing_is_left_to_do_and_nobody_shouts(page: str) -> None:
    left = re.findall(r"\b(?:TODO|FIXME|XXX|TBD)\b", text_of(page))
    shouts = re.findall(r"\w+!(?![\[\"])", prose_of(page))

    assert left + shouts == []


# --- Commands ------------------------------------------------------------------------------------

_COMMAND = re.compile(r"^(?:[A-Z_]+=\S+ )*(?:\S*/)?sched( .*)?$")


def commands_in(page: str) -> list[str]:
    """Return what follows `sched` wherever a page quotes a command."""
    found = []
    for code in code_in(page):
        for part in re.split(r" && | \| |  +#", code.removeprefix("$ ")):
            match = _COMMAND.match(part.strip())
            if match:
                found.append((match[1] or "").strip())
    return found


def mistake_in(line: str) -> str | None:
    """Return what is wrong with a quoted command, or None: words that are no command or option."""
    command: click.Command = main
    for word in line.split("#", maxsplit=1)[0].split():
        if word in {"…", "...", "|", "<", ">"}:
            break
        if word.startswith("-"):
            options = {
                name for each in command.params for name in (*each.opts, *each.secondary_opts)
            }
            if word.strip("[]").split("=")[0] not in options | {"--help", "-h"}:
                return f"{line}: no option {word}"
        elif isinstance(command, click.Group):
            known = [command.commands.get(each) for each in word.split("|")]
            if None in known:
                return f"{line}: no command {word}"
            command = known[0] or command
    return None


@pytest.mark.parametrize("page", PAGES)
def test_its_commands_exist(page: str) -> None:
    assert [wrong for line in commands_in(page) if (wrong := mistake_in(line))] == []


def test_commands_are_looked_at() -> None:
    assert len({line for page in PAGES for line in commands_in(page)}) > 10
    assert (
        mistake_in("users remove ben@example.org")
        == "users remove ben@example.org: no command remove"
    )
    assert mistake_in("run --prot 1") == "run --prot 1: no option --prot"


def test_the_readme_names_every_command() -> None:
    told = " ".join(commands_in("README.md"))

    assert [name for name in main.commands if name not in told.split()] == []


# --- Files ---------------------------------------------------------------------------------------

_FILE = re.compile(
    r"^(?!/|SCHED_)[\w./-]+/[\w.-]*\w\.(?:py|md|toml|txt|in|html|css|mjs|po|svg)$|^bin/\w+$|^\.ci/\w+$"
)
_PLACES = (ROOT, ROOT / "src/schedapp", ROOT / "src")


@pytest.mark.parametrize("page", PAGES)
def test_the_files_that_it_names_exist(page: str) -> None:
    named = {word for code in code_in(page) for word in code.split() if _FILE.match(word)}

    assert [
        name for name in sorted(named) if not any((place / name).exists() for place in _PLACES)
    ] == []


def test_files_are_looked_at() -> None:
    assert sum(bool(_FILE.match(code)) for code in code_in(ARCHITECTURE)) > 20


# --- The architecture ----------------------------------------------------------------------------


def test_the_tables_are_those_of_the_book() -> None:
    told: dict[str, set[str]] = {}
    name = ""
    for line in block_after(ARCHITECTURE, "## The tables"):
        if line and not line.startswith(" "):
            name, _, line = line.partition(" ")  # noqa: PLW2901
            told[name] = set()
        told[name] |= set(re.findall(r"\w+", re.sub(r"\(.*?\)", "", line)))

    assert told == {
        table.name: {column.name for column in table.columns}
        for table in Base.metadata.sorted_tables
    }


def test_the_addresses_are_those_of_the_application() -> None:
    told = {
        (address, method)
        for address, methods in re.findall(
            r"^\| `(/[^`]*)` \| ([A-Z, ]+) \|", text_of(ARCHITECTURE), re.MULTILINE
        )
        for method in methods.split(", ")
    }
    app = create_app(Settings(data_dir=Path("/nowhere"), secret_keys=(SECRET_KEY,)))
    there = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"<\1>", rule.rule).replace("public_id", "id"), method)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }

    assert told == there


# --- Decisions -----------------------------------------------------------------------------------

PARTS = ["What", "Why", "What else was weighed"]


@pytest.mark.parametrize("page", DECISIONS)
def test_a_decision_has_its_three_parts(page: str) -> None:
    text = text_of(page)
    number = Path(page).name.split("-")[0]

    assert text.startswith(f"# {int(number)}. ")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == PARTS
    assert all(
        len(part.split()) > 15 for part in re.split(r"^## .+$", text, flags=re.MULTILINE)[1:]
    )


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = [Path(page).name.split("-")[0] for page in DECISIONS]

    assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)]


def test_every_dependency_has_its_reason() -> None:
    import tomllib  # noqa: PLC0415

    project = tomllib.loads(text_of("pyproject.toml"))
    lines = [
        *project["project"]["dependencies"],
        *project["build-system"]["requires"],
        *text_of("requirements/run.in").splitlines(),
        *text_of("requirements/test.in").splitlines(),
    ]
    needed = {
        re.split(r"[\[<>=~! ]", line)[0].lower()
        for line in lines
        if line and not line.startswith("#")
    }
    told = re.findall(
        r"^\| (\w[\w-]*) \|", text_of("docs/decisions/0002-dependencies.md"), re.MULTILINE
    )

    assert {name.lower() for name in told} - {"package"} == needed
