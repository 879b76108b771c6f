"""The table of settings says what the program reads."""

import tomllib

import pytest
from tests.docs.pages import block_after, code_in, prose_of
from tests.docs.tables import SETTINGS, table_in, table_of_settings, text_of

from schedapp.config import Settings

RENEW = "run `.venv/bin/python -m tests.docs.tables`"


def test_the_table_is_that_of_the_program() -> None:
    assert table_in(text_of(SETTINGS)) == table_of_settings(), RENEW


def test_the_example_of_a_file_can_be_read(tmp_path_factory: pytest.TempPathFactory) -> None:
    example = "\n".join(block_after(SETTINGS, "## In a file"))
    file = tmp_path_factory.mktemp("settings") / "sched.toml"
    file.write_text(example, encoding="utf-8")

    settings = Settings.read({"SCHED_SETTINGS": str(file)})

    assert len(tomllib.loads(example)) >= 3
    assert settings.public_url == "https://sched.example.org"


def test_no_page_names_a_setting_that_there_is_not() -> None:
    from tests.docs.pages import PAGES  # noqa: PLC0415

    known = {f"SCHED_{name.upper()}" for name in Settings.__dataclass_fields__} | {
        "SCHED_SETTINGS"
    }
    named = {
        (page, word)
        for page in PAGES
        for text in [prose_of(page), *code_in(page)]
        for word in text.replace("=", " ").replace("/", " ").replace("$", " ").split()
        if word.startswith("SCHED_") and word.rstrip(".,;:") != "SCHED_…"
    }

    assert {(page, word) for page, word in named if word.rstrip(".,;:)\"'") not in known} == set()
