"""Each import contract of pyproject.toml is seen to fail on a deliberate mistake."""

import itertools
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from tests.house.repository import ROOT

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CONTRACTS = {each["name"]: each for each in PYPROJECT["tool"]["importlinter"]["contracts"]}


def mistakes_against(contract: dict[str, Any]) -> list[tuple[str, str]]:
    """Return imports that the contract forbids: who imports, and what.

    Of the layers, each imports the one above it; of what is forbidden, the first source imports
    the first module, and the last the last.
    """
    if contract["type"] == "layers":
        layers = [layer.split(" | ")[0] for layer in contract["layers"]]
        return [(lower, upper) for upper, lower in itertools.pairwise(layers)]
    if contract["type"] == "forbidden":
        sources, forbidden = contract["source_modules"], contract["forbidden_modules"]
        return [(sources[0], forbidden[0]), (sources[-1], forbidden[-1])]
    raise NotImplementedError(f"Which mistake breaks a contract of type {contract['type']}?")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the package, as this one is except for what a test adds."""
    shutil.copytree(
        ROOT / "src/schedapp",
        tmp_path / "schedapp",
        ignore=shutil.ignore_patterns("static", "templates", "translations", "__pycache__"),
    )
    return tmp_path


def verdicts_on(copy: Path) -> tuple[dict[str, str], str]:
    """Return import-linter's verdict on each contract, and all that it prints."""
    linter = Path(sys.executable).with_name("lint-imports")
    command = [str(linter), "--no-logo", "--no-cache", "--config", str(ROOT / "pyproject.toml")]
    env = os.environ | {"PYTHONPATH": str(copy), "COLUMNS": "500", "NO_COLOR": "1"}
    said = subprocess.run(
        command, check=False, cwd=copy, env=env, capture_output=True, text=True, timeout=120
    )
    verdicts = dict(re.findall(r"^(.+) (KEPT|BROKEN)\b", said.stdout, re.MULTILINE))
    assert said.returncode == (1 if "BROKEN" in verdicts.values() else 0), said.stderr
    return verdicts, said.stdout


def test_the_package_as_it_is_keeps_them(copy: Path) -> None:
    verdicts, _ = verdicts_on(copy)

    assert verdicts == dict.fromkeys(CONTRACTS, "KEPT")


@pytest.mark.parametrize("name", CONTRACTS)
def test_a_deliberate_mistake_breaks_it(copy: Path, name: str) -> None:
    mistakes = mistakes_against(CONTRACTS[name])
    for importer, imported in mistakes:
        module = copy.joinpath(*importer.split("."))
        path = module / "__init__.py" if module.is_dir() else module.with_suffix(".py")
        with path.open("a", encoding="utf-8") as file:
            file.write(f"\nimport {imported}\n")

    verdicts, said = verdicts_on(copy)

    assert verdicts[name] == "BROKEN"
    for importer, imported in mistakes:
        assert re.search(rf"{importer}[\w.]* -> {imported}\b", said), (importer, imported)
