"""The examples for Python, run by the runner as they stand there."""

import pytest

import frames
from test_python import PROGRAM, ROOT, SANITIZER

EXAMPLES = ROOT / "examples/python"


@pytest.fixture
def runner(tmp_path):
    with frames.Runner([str(PROGRAM), "--direct"], env={"VIRGA_CODE_DIR": str(tmp_path), **SANITIZER}) as r:
        yield r


def example(name):
    return {path.name: path.read_text() for path in (EXAMPLES / name).glob("*.py")}


def test_example_hello(runner):
    runner.load(example("hello"))
    assert runner.call({"name": "Ada"}) == {"message": "Hello, Ada!"}
    assert runner.stdout() == b"greeting Ada\n"


def test_example_async(runner):
    """All of its coroutines wait at the same time."""
    runner.load({**example("async"), "timed.py": """
import asyncio, main
waiting, most = 0, 0
async def sleep(seconds, sleep=asyncio.sleep):
    global waiting, most
    waiting += 1
    most = max(most, waiting)
    await sleep(seconds)
    waiting -= 1
async def handler(event):
    asyncio.sleep = sleep
    return [await main.handler(event), most]
"""}, "timed.handler")
    answer, most = runner.call({"numbers": list(range(100))})
    assert answer["squares"][-1] == 9801 and most == 100


def test_example_errors(runner):
    runner.load(example("errors"))
    failed = runner.call_fails({"item": "plum"})
    assert (failed.type, failed.message) == ("OutOfStock", "there is no plum")
    assert runner.call({"item": "pear"}) == {"price": 4}


def test_example_environment(runner):
    runner.load(example("environment"), function="greet", version=3,
                environment={"GREETING": "Servus"})
    answer = runner.call({}, deadline_ms=90000)
    assert 0 < answer.pop("time_left_ms") <= 90000
    assert answer == {"greeting": "Servus", "function": "greet", "version": 3,
                      "runtime": "python"}
