import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from postgres import Postgres  # noqa: E402
from virga import Server  # noqa: E402


@pytest.fixture
def server(tmp_path):
    with Server(tmp_path) as running:
        yield running


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """One server for the tests of a file that do not disturb each other: they make functions of their own."""
    with Server(tmp_path_factory.mktemp("virga")) as running:
        yield running


@pytest.fixture(scope="session")
def postgres():
    """A PostgreSQL of our own for the whole session. Who stops it starts it again."""
    with Postgres() as running:
        yield running
