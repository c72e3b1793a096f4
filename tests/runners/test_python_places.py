"""Where Python code failed, as the runner says it."""

import os
import pathlib

import pytest

import frames

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = ROOT / os.environ.get("BUILD", "build") / "runners/python/virga-python"


@pytest.fixture
def runner(tmp_path):
    with frames.Runner([str(PROGRAM), "--direct"], env={"VIRGA_CODE_DIR": str(tmp_path)}) as r:
        yield r


@pytest.mark.parametrize("code, place", [
    ("def handler(event):\n    return (1\n", ("main.py", 2, 12)),
    ("x = 1\n  y = 2\n", ("main.py", 2, 2)),
    ("\nif 1:\n\tx = 1\n        y = 2\n", ("main.py", 4, 1)),
    ("s = 'é'; import nowhere\n", ("main.py", 1, 10)),
    ({"main.py": "from lib import db\n", "lib/db.py": "x = 1\ny = = 2\n"}, ("lib/db.py", 2, 5)),
    ({"main.py": "import db\n", "db.py": "import json\njson.loads('{')\n"}, ("db.py", 2, 1)),
    ({"main.py": "import db\n", "db.py": "raise SystemExit(1)\n"}, ("db.py", 1, 1)),
    ("def other(event): pass\n", ("main.py", 1, None)),
    ("handler = 7\n", ("main.py", 1, None)),
    ({"other.py": ""}, None),
], ids=["open", "indentation", "tabs", "import", "second file", "library", "exit", "no handler", "no function", "no file"])
def test_a_load_that_fails_says_where(runner, code, place):
    assert runner.load_fails(code).place == place


def test_a_malformed_handler_has_no_place(runner):
    assert runner.load_fails("", "handler").place is None


@pytest.mark.parametrize("body, place", [
    ("return event['name']", ("main.py", 4, 12)),
    ("é = inner()", ("main.py", 2, 21)),
    ("return {1}", None),
    ("compile('(', 'their own', 'exec')", ("main.py", 4, 5)),
    ("exec('1/0')", ("main.py", 4, 5)),
    ("raise RuntimeError('again') from ValueError()", ("main.py", 4, 5)),
    ("import ast; ast.literal_eval('(')", ("main.py", 4, 17)),
    ("raise SyntaxError('theirs', ('/etc/passwd', 1, 1, 'root'))", ("main.py", 4, 5)),
    ("raise SyntaxError('theirs')", ("main.py", 4, 5)),
    ("await_me = later(); return await_me", ("main.py", 6, 16)),
])
def test_a_call_that_fails_says_where(runner, body, place):
    runner.load("import asyncio\ndef inner(): return 1 / 0\ndef handler(event):\n"
                f"    {body}\nasync def later():\n    return 1 + [][2]\n")
    failed = runner.call_fails({})
    assert failed.place == place, failed.traceback


def test_a_file_that_has_gone_is_named_all_the_same(runner):
    runner.load({"main.py": "import db\ndef handler(event):\n    import os; os.unlink(db.__file__); db.f()\n",
                 "db.py": "def f(): raise ValueError\n"})
    assert runner.call_fails().place[:2] == ("db.py", 1)


@pytest.mark.parametrize("body, offline", [
    ("raise OSError(errno.ENETUNREACH, 'no route')", True), ("raise socket.gaierror(socket.EAI_AGAIN, 'no name')", True),
    ("try: raise OSError(errno.ENETUNREACH, 'x')\n    except OSError as e: raise RuntimeError('wrapped') from e", True),
    ("try: raise OSError(errno.ENETUNREACH, 'x')\n    except OSError: raise RuntimeError('wrapped')", True),
    ("raise OSError(errno.ECONNREFUSED, 'refused')", None), ("raise socket.gaierror(socket.EAI_NONAME, 'no such name')", None),
    ("raise ValueError(errno.ENETUNREACH)", None), ("e = OSError(); e.__cause__ = e; raise e", None),
])
def test_a_failure_for_want_of_network_is_told(runner, body, offline):
    runner.load(f"import errno, socket\ndef handler(event):\n    {body}")
    assert runner.call_fails().frame.json.get("offline") is offline
