import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from harness import Cli  # noqa: E402
from server import Api  # noqa: E402


@pytest.fixture
def api():
    server = Api()
    yield server
    server.close()


@pytest.fixture
def cli(api, tmp_path):
    return Cli(api.url, tmp_path)
