"""What the files of the repository must not say."""

import pytest
from tests.house.repository import ROOT, names_of_files

# Put together here, so that this file does not say them either.
REGISTRIES = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("yarnpkg", "com"),
        ("deb", "debian", "org"),
    )
]
FOLDERS = [f"/{name}/" for name in ("work", "root")]


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return {name: (ROOT / name).read_bytes() for name in names_of_files()}


@pytest.mark.parametrize("words", REGISTRIES + FOLDERS)
def test_no_file_names_a_registry_or_a_folder_of_one_machine(
    files: dict[str, bytes], words: str
) -> None:
    assert [name for name, content in files.items() if words.encode() in content] == []


@pytest.mark.parametrize("name", ["run", "test"])
def test_the_locks_have_hashes_and_no_addresses(files: dict[str, bytes], name: str) -> None:
    lock = files[f"requirements/{name}.txt"].decode()
    entries = lock.replace("\\\n", " ").splitlines()

    assert "://" not in lock
    assert "--index" not in lock
    assert "--find-links" not in lock
    assert len(entries) > 20
    assert [entry for entry in entries if "==" not in entry or "--hash=sha256:" not in entry] == []


def test_what_runs_is_tested_in_the_same_versions(files: dict[str, bytes]) -> None:
    run, test = (
        set(files[f"requirements/{name}.txt"].decode().replace("\\\n", " ").splitlines())
        for name in ("run", "test")
    )

    assert run <= test
