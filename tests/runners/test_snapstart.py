"""Code that a template has loaded, and copies that take it up."""

import pytest

import frames
from layers import Ahead, make_layer

STATE = """
import os, random, sys, tempfile, uuid
loaded_in, at_load = os.getpid(), random.random()
made_of = uuid.uuid1()
print('loading', sys.argv)
os.environ['SET_BY_CODE'] = 'kept'
def after_restore():
    global restored_in
    restored_in = os.getpid()
    print('restored')
def handler(event, context):
    return {'loaded_in': loaded_in, 'restored_in': restored_in, 'at_load': at_load, 'random': random.random(),
            'uuid1': str(uuid.uuid1()), 'name': tempfile.mktemp(), 'argv': sys.argv, 'cwd': os.getcwd(),
            'env': [os.environ['KEY'], os.environ['SET_BY_CODE']], 'context': [context.function_name, context.function_version]}
"""


def load_of(code, **settings):
    return frames.encode_load(code if isinstance(code, dict) else {"main.py": code}, "main.handler", **settings)


@pytest.fixture
def snapshot(tmp_path):
    """Makes templates that have loaded a code; ends them."""
    layer = make_layer(tmp_path / "layer")
    made = []

    def make(load, modules=()):
        made.append(Ahead(tmp_path, layer, modules, load))
        return made[-1]
    yield make
    for template in made:
        template.__exit__()


def restore(template, load):
    runner = template.copy()
    runner.expect(frames.READY)
    runner.send_bytes(load)
    runner.expect(frames.LOADED)
    return runner


def restore_fails(template, load):
    with template.copy() as runner:
        runner.expect(frames.READY)
        runner.send_bytes(load)
        failed = frames.Failed(runner.expect(frames.FAILED))
        assert failed.fatal
        return failed


def test_the_module_runs_once_and_copies_take_it_up(snapshot):
    load = load_of(STATE, environment={"KEY": "value"}, function="price", version=7)
    template, seen = snapshot(load), []
    for _ in range(3):
        with restore(template, load) as runner:
            seen.append(runner.call({}))
            assert runner.stdout() == b"restored\n"
            assert seen[-1]["restored_in"] == runner.pid
    first = seen[0]
    assert {s["loaded_in"] for s in seen} == {template.pid} and len({s["at_load"] for s in seen}) == 1
    assert first["argv"] == [f"{template.code}/main.py"] and first["cwd"] == str(template.code)
    assert first["env"] == ["value", "kept"] and first["context"] == ["price", 7]
    assert template.log() == f"loading ['{template.code}/main.py']\n"
    for what in ("random", "uuid1", "name"):
        assert len({s[what] for s in seen}) == 3


def test_state_of_the_module_is_each_copys_own(snapshot):
    load = load_of("n = 0\ndef handler(event):\n    global n\n    n += 1\n    return n")
    template = snapshot(load)
    for _ in range(2):
        with restore(template, load) as runner:
            assert [runner.call(), runner.call()] == [1, 2]


def test_files_are_written_for_the_load_and_again_for_each_copy(snapshot):
    load = load_of({"main.py": "import lib.a\ndata = open('data.txt').read()\ndef handler(event):\n"
                               "    import lib.b\n    return [data, open('data.txt').read(), lib.a.x, lib.b.x]",
                    "data.txt": "text", "lib/a.py": "x = 1\n", "lib/b.py": "x = 2\n"})
    template = snapshot(load)
    for _ in range(2):
        with restore(template, load) as runner:
            assert runner.call() == ["text", "text", 1, 2]
        for name in ("main.py", "data.txt", "lib/a.py", "lib/b.py"):
            (template.code / name).unlink()


def test_an_async_handler_and_an_async_after_restore_get_a_loop_of_their_own(snapshot):
    load = load_of("import asyncio\nasync def after_restore():\n    global loop\n    await asyncio.sleep(0)\n"
                   "    loop = asyncio.get_running_loop()\nasync def handler(event):\n    await asyncio.sleep(0)\n"
                   "    return loop is asyncio.get_running_loop()")
    template = snapshot(load)
    for _ in range(2):
        with restore(template, load) as runner:
            assert runner.call() is True


def test_what_the_code_keeps_of_its_streams_writes_to_the_copys_log(snapshot):
    load = load_of("import logging, sys\nlogging.basicConfig(level='INFO', stream=sys.stderr)\nout = sys.stdout\n"
                   "logging.info('at load')\ndef handler(event): logging.info('in call'); out.write('kept\\n')")
    template = snapshot(load)
    with restore(template, load) as runner:
        runner.call()
        assert (runner.stdout(), runner.stderr()) == (b"kept\n", b"INFO:root:in call\n")
    assert template.log() == "INFO:root:at load\n"


def test_a_failing_after_restore_fails_the_load(snapshot):
    load = load_of("def after_restore():\n    raise ConnectionError('no database')\ndef handler(event): pass")
    failed = restore_fails(snapshot(load), load)
    assert (failed.type, failed.message, failed.place) == ("ConnectionError", "no database", ("main.py", 2, 5))


@pytest.mark.parametrize("other", [load_of("def handler(event): return 2"), load_of("def handler(event): return 1", version=2)],
                         ids=["code", "settings"])
def test_another_load_than_the_templates_is_refused(snapshot, other):
    failed = restore_fails(snapshot(load_of("def handler(event): return 1")), other)
    assert failed.message == "this slot's template has loaded other code"


@pytest.mark.parametrize("code, why", [
    ("raise ValueError('not today')", "ValueError: not today"), ("import sys; sys.exit(2)", "SystemExit: 2"),
    ("def other(): pass", "HandlerError: handler 'handler' not found in main.py; it has: other"), ("x = = 1", "SyntaxError"),
    ("import signal; signal.raise_signal(signal.SIGALRM)", "TooSlow: takes longer than 60 s"),
])
def test_code_that_does_not_load_ends_the_template(snapshot, code, why):
    template = snapshot(load_of(code))
    assert template.wait() == 1
    last = template.log().splitlines()[-1]
    assert last.startswith("failed: the code: ") and why in last
    assert "traceback" in template.log().lower() or "Error" in template.log()


def test_code_with_threads_ends_the_template(snapshot):
    template = snapshot(load_of("import threaded\ndef handler(event): pass"))
    assert template.wait() == 1
    assert "2 threads are running" in template.log()


def test_modules_that_only_the_template_has_loaded_are_not_reported(snapshot):
    load = load_of("import alpha\ndef handler(event): return alpha.inner.value")
    template = snapshot(load)
    with template.copy() as runner:
        runner.expect(frames.READY)
        runner.send_bytes(load)
        assert runner.expect(frames.LOADED).payload == b""
        assert runner.call() == 7
