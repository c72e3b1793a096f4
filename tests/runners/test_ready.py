"""What a runner says once it waits for code: the version of what will run it."""

import os

import pytest

from frames import LOADED, READY, Runner, encode_load
from test_node import FLAGS, NODE
from test_node import RUNNER as NODE_RUNNER
from test_provided import RUNNER as PROVIDED
from test_python import PROGRAM, SANITIZER


def check_version(runner, files, handler):
    """READY says what the code sees for itself."""
    version = runner.expect(READY).payload.decode()
    runner.send_bytes(encode_load(files, handler))
    runner.expect(LOADED)
    assert version and runner.call() == version


def test_ready_carries_the_version_of_the_interpreter(tmp_path):
    with Runner([str(PROGRAM), "--direct"], env={"VIRGA_CODE_DIR": str(tmp_path), **SANITIZER}) as runner:
        check_version(runner, {"main.py": "import sys\ndef handler(event): return sys.version.split()[0]"}, "main.handler")


@pytest.mark.skipif(not os.path.exists(NODE), reason="needs nodejs")
def test_ready_carries_the_version_of_node(tmp_path):
    with Runner([NODE, *FLAGS, str(NODE_RUNNER), "--direct", str(tmp_path)], env={"PATH": "/usr/bin:/bin"}) as runner:
        check_version(runner, {"index.js": "exports.handler = () => process.versions.node;"}, "index.handler")


def test_what_runs_a_bootstrap_is_the_functions_own_and_has_no_version(tmp_path):
    with Runner([str(PROVIDED), "--direct", str(tmp_path)], env={}) as runner:
        assert runner.expect(READY).payload == b""
