"""Each sentence about accounts that has to hold by now is shown by a test that names it."""

import ast
from collections import defaultdict
from pathlib import Path

TESTS = Path(__file__).parents[1]
REQUIRED = {*range(1, 7), 8, *range(11, 15), 16, 17, 19, 20, *range(29, 37)}
ALL = set(range(1, 41))


def _numbers_in(expression: ast.expr) -> list[int]:
    """Return the numbers of `pytest.mark.sentence(…)` in a decorator or a `pytestmark`."""
    found = []
    for each in ast.walk(expression):
        if isinstance(each, ast.Call) and ast.unparse(each.func) == "pytest.mark.sentence":
            (number,) = each.args
            assert isinstance(number, ast.Constant), ast.unparse(each)
            assert isinstance(number.value, int), ast.unparse(each)
            found.append(number.value)
    return found


def sentences_of(file: Path) -> dict[str, set[int]]:
    """Return the tests of a file that name a sentence, and which."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for_all: set[int] = set()
    for each in tree.body:
        if isinstance(each, ast.Assign) and ast.unparse(each.targets[0]) == "pytestmark":
            for_all.update(_numbers_in(each.value))
    tests = [
        each
        for each in ast.walk(tree)
        if isinstance(each, ast.FunctionDef) and each.name.startswith("test_")
    ]
    return {
        f"{file.name}::{test.name}": numbers
        for test in tests
        if (numbers := for_all.union(*map(_numbers_in, test.decorator_list)))
    }


def _shown() -> dict[int, list[str]]:
    shown: dict[int, list[str]] = defaultdict(list)
    for file in sorted(TESTS.rglob("test_*.py")):
        for test, numbers in sentences_of(file).items():
            for number in numbers:
                shown[number].append(test)
    return shown


def test_each_required_sentence_has_a_test() -> None:
    assert REQUIRED - set(_shown()) == set()


def test_no_test_names_a_sentence_that_there_is_not() -> None:
    assert set(_shown()) - ALL == set()


def test_marks_are_found_where_they_stand(tmp_path: Path) -> None:
    file = tmp_path / "test_it.py"
    file.write_text(
        "import pytest\n"
        "pytestmark = [pytest.mark.sentence(1), pytest.mark.usefixtures('x')]\n"
        "@pytest.mark.parametrize('x', [3])\n"
        "@pytest.mark.sentence(2)\n"
        "def test_one(x): ...\n"
        "@pytest.mark.sentence(4)\n"
        "def no_test(): ...\n"
        "class TestMany:\n"
        "    def test_two(self): ...\n"
    )

    assert sentences_of(file) == {"test_it.py::test_one": {1, 2}, "test_it.py::test_two": {1}}
