"""These tests take a minute each and mostly wait: they begin first, and the others run beside."""

import pytest


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: "durability" not in item.path.parts)
