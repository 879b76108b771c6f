"""What tests stand on, whatever they are about: no network, a PostgreSQL, a browser."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests import network, postgresql

pytest_plugins = ["tests.browser.browser"]

FOLDER = pytest.StashKey[Path]()
OWNER = pytest.StashKey[int]()
SWITCH_ON = pytest.StashKey[Callable[[], None]]()


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[SWITCH_ON] = network.switch_off()
    told: dict[str, Any] = getattr(config, "workerinput", {})
    config.stash[FOLDER] = Path(told.get("postgresql") or postgresql.new_folder())
    config.stash[OWNER] = told.get("owner") or os.getpid()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput["postgresql"] = str(node.config.stash[FOLDER])
    node.workerinput["owner"] = os.getpid()


def pytest_unconfigure(config: pytest.Config) -> None:
    if not _is_worker(config):
        postgresql.stop(config.stash[FOLDER])
    config.stash[SWITCH_ON]()


@pytest.fixture(name="postgresql", scope="session")
def cluster(pytestconfig: pytest.Config) -> postgresql.Cluster:
    """The PostgreSQL of this test run, shared by all that run it."""
    return postgresql.cluster_in(pytestconfig.stash[FOLDER], owner=pytestconfig.stash[OWNER])
