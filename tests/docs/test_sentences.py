"""What the page on security promises is shown by tests that name the promise."""

from tests.docs.pages import text_of
from tests.docs.tables import (
    SENTENCES,
    sentences_shown,
    sentences_told,
    table_in,
    table_of_sentences,
)


def test_each_promise_is_shown() -> None:
    assert sorted(set(sentences_told()) - set(sentences_shown())) == []


def test_each_number_that_a_test_names_is_a_promise() -> None:
    assert sorted(set(sentences_shown()) - set(sentences_told())) == []


def test_the_table_names_the_tests() -> None:
    renew = "run `.venv/bin/python -m tests.docs.tables`"
    assert table_in(text_of(SENTENCES)) == table_of_sentences(), renew
