import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from postgres import shared  # noqa: E402
from virga import ON_POSTGRES, Server  # noqa: E402


@pytest.fixture
def server(tmp_path):
    with Server(tmp_path) as running:
        yield running


@pytest.fixture(scope="module", name="shared")
def shared_server(tmp_path_factory):
    """One server for the tests of a file that do not disturb each other: they make functions of their own."""
    with Server(tmp_path_factory.mktemp("virga")) as running:
        yield running


@pytest.fixture(scope="session")
def postgres():
    """A PostgreSQL of our own for the whole session. Who stops it starts it again."""
    return shared()


def pytest_collection_modifyitems(items):
    if ON_POSTGRES:
        for item in items:
            if item.get_closest_marker("sqlite"):
                item.add_marker(pytest.mark.skip(reason="looks into the SQLite file"))


def pytest_configure(config):
    config.addinivalue_line("markers", "sqlite: looks into the file of the store; skipped on PostgreSQL")
