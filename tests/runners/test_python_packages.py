"""Packages of a layer in Python: found, imported ahead, reported, missed."""

import statistics
import time

import pytest

import frames
from layers import Ahead, direct, kilobytes, make_layer, module_of, real_layer

IMPORTS = "import alpha\ndef handler(event): return alpha.inner.value"


@pytest.fixture
def layer(tmp_path):
    return make_layer(tmp_path / "layer")


@pytest.fixture
def runner(tmp_path, layer):
    code = tmp_path / "code"
    code.mkdir()
    with direct(code, layer) as r:
        yield r


def learned(runner, code, **settings):
    """Loads and returns the names in LOADED."""
    runner.expect(frames.READY)
    runner.send_bytes(frames.encode_load({"main.py": code} if isinstance(code, str) else code, "main.handler", **settings))
    return runner.expect(frames.LOADED).payload.decode().split()


# Found

def test_packages_are_found_behind_the_standard_library_and_the_code(runner):
    runner.load({"main.py": "import beta, json, sys\ndef handler(event): return [beta.mine, hasattr(json, 'shadow'), "
                            "sys.path[0], sys.path[-2:]]", "beta.py": "mine = 1\n"})
    mine, shadowed, first, last = runner.call()
    assert (mine, shadowed) == (1, False)
    assert first.endswith("/code") and [p.rpartition("layer/")[2] for p in last] == ["python", "python/more"]


def test_pth_files_are_followed(runner):
    runner.load("import gamma, sys\ndef handler(event): return [gamma.name, sys.from_pth]")
    assert runner.call() == ["gamma", 1]


def test_metadata_of_packages_can_be_read(runner):
    runner.load("from importlib.metadata import version\ndef handler(event): return version('alpha')")
    assert runner.call() == "1.2"


def test_nothing_of_the_hosts_packages_is_seen(runner):
    runner.load("import sys\ndef handler(event): return [p for p in sys.path if 'dist-packages' in p or 'site-packages' in p]")
    assert runner.call() == []


def test_a_function_without_a_layer_is_as_before(tmp_path):
    with direct(tmp_path, tmp_path / "nothing") as runner:
        assert learned(runner, "import sys, os\ndef handler(event): return ['site' in sys.modules, 'OMP_NUM_THREADS' in os.environ]") == []
        assert runner.call() == [False, False]


def test_one_thread_for_blas_unless_the_function_says_otherwise(runner):
    runner.load("import os\ndef handler(event): return [os.environ[f'{n}_NUM_THREADS'] for n in ('OPENBLAS', 'OMP')]",
                environment={"OMP_NUM_THREADS": "2"})
    assert runner.call() == ["1", "2"]


# Reported

def test_modules_of_the_layer_that_the_load_imports_are_reported(runner):
    names = learned(runner, {"main.py": "import alpha, csv, helper\ndef handler(event): import beta", "helper.py": ""})
    assert names == ["alpha.inner", "alpha"]


def test_what_the_template_had_is_not_reported(tmp_path, layer):
    with Ahead(tmp_path, layer, ["alpha"]) as template, template.copy() as runner:
        assert learned(runner, "import alpha, beta\ndef handler(event): pass") == ["beta"]


# Imported ahead

def test_modules_are_imported_once_for_all_copies(tmp_path, layer):
    code = "import alpha, os\ndef handler(event): return [alpha.loaded_in, os.getpid()]"
    with Ahead(tmp_path, layer, ["alpha", "beta"]) as template:
        seen = []
        for _ in range(2):
            with template.copy() as runner:
                seen.append(runner.load(code).call())
        assert seen[0][0] == seen[1][0] == template.pid and seen[0][1] != seen[1][1]
        assert template.log() == "beta speaks\n"


@pytest.mark.parametrize("name, why", [
    ("broken", "ValueError: not today"), ("leaves", "SystemExit: code called sys.exit(3)"), ("nowhere", "ModuleNotFoundError: No module named 'nowhere'"),
    ("alpha.nothing", "ModuleNotFoundError: No module named 'alpha.nothing'"), ("a\xfc", "ModuleNotFoundError"), ("..", "ModuleNotFoundError"),
    ("mute", "Mute: (its text failed with RuntimeError)"), ("slow", "TooSlow: takes longer than 20 s"),
])
def test_a_module_that_cannot_be_imported_is_left_out_and_named(tmp_path, layer, name, why):
    with Ahead(tmp_path, layer, [name, "alpha"]) as template, template.copy() as runner:
        assert runner.load("import sys\ndef handler(event): return ['alpha' in sys.modules, 'broken' in sys.modules]").call() == [True, False]
        assert "is not imported ahead: " + why in template.log()


def test_a_template_with_threads_says_so_and_ends(tmp_path, layer):
    with Ahead(tmp_path, layer, ["threaded"]) as template:
        assert template.wait() == 1
        assert template.log() == "failed: 2 threads are running after what was loaded ahead\n"


def test_a_thread_that_has_ended_is_no_hindrance(tmp_path, layer):
    with Ahead(tmp_path, layer, ["joined"]) as template, template.copy() as runner:
        assert runner.load("import joined\ndef handler(event): return joined.t.is_alive()").call() is False


@pytest.mark.parametrize("setup", [b"", b"\5\0\0\0ab", b"\0\0\0\0\1\0\0\0", b"\0\0\0\0\0\0\0\0x", b"\xff\xff\xff\xff" + b"x" * 99])
def test_a_malformed_set_up_ends_the_template(tmp_path, layer, setup, monkeypatch):
    monkeypatch.setattr("layers.encode_setup", lambda *_: setup)
    with Ahead(tmp_path, layer) as template:
        assert template.wait() == 1
        assert "the set-up file is malformed" in template.log()


def test_fork_hooks_of_packages_run_in_copies(tmp_path, layer):
    with Ahead(tmp_path, layer, ["hooks"]) as template:
        for _ in range(2):
            with template.copy() as runner:
                runner.load("import hooks, os\ndef handler(event):\n"
                            "    seen = list(hooks.seen)\n    pid = os.fork()\n    if pid == 0: os._exit(len(hooks.seen))\n"
                            "    return [seen[-1], os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) - len(seen), hooks.seen[-1]]")
                assert runner.call() == ["child", 2, "parent"]


def test_a_package_that_cannot_be_seeded_does_not_keep_copies_from_starting(tmp_path):
    layer = make_layer(tmp_path / "layer", {"numpy/__init__.py": "", "numpy/random.py": "def seed(n): raise ValueError('mine')\n"})
    with Ahead(tmp_path, layer, ["numpy.random"]) as template, template.copy() as runner:
        assert runner.load("def handler(event): return event").call(1) == 1
        assert b"not seeded: ValueError: mine" in runner.stderr()


@pytest.mark.parametrize("files", [{"alpha.py": "mine = 1\n"}, {"alpha/__init__.py": "from .inner import mine\n", "alpha/inner.py": "mine = 1\n"}],
                         ids=["file", "package"])
def test_what_was_imported_ahead_does_not_hide_a_file_of_the_user(tmp_path, layer, files):
    with Ahead(tmp_path, layer, ["alpha"]) as template, template.copy() as runner:
        assert runner.load({"main.py": "import alpha\ndef handler(event): return alpha.mine", **files}).call() == 1


# Missed

@pytest.mark.parametrize("code, module", [
    ("import cv2", "cv2"), ("import google.protobuf.message", "google"), ("from alpha import inner, nowhere", None),
    ("import alpha.nothing", "alpha.nothing"), ("import helper.missing", None), ("import lib.missing", None), ("import json.nothing", None),
    ("import distutils.nothing", None), ("raise ModuleNotFoundError('made up')", None), ("raise ModuleNotFoundError(name=7)", None),
    ("raise ModuleNotFoundError(name='x' * 256)", None), ("raise ModuleNotFoundError(name='a\\nb')", None),
    ("try:\n    import yaml\nexcept ImportError as e:\n    raise RuntimeError('install yaml') from e", "yaml"),
    ("import broken", None),
])
def test_a_module_that_was_not_found_is_named(runner, code, module):
    failed = runner.load_fails({"main.py": f"{code}\ndef handler(event): pass", "helper.py": "", "lib/x.py": ""})
    assert module_of(failed) == module


def test_a_module_that_a_call_misses_is_named(runner):
    runner.load("def handler(event): import cv2")
    assert module_of(runner.call_fails()) == "cv2"


# Real ones

FRAMES = ("import numpy as np, pandas as pd\ndef handler(event):\n"
          "    df = pd.DataFrame({'g': ['x', 'y'] * 50, 'n': np.arange(100)})\n"
          "    return [df.groupby('g')['n'].sum().to_dict(), np.random.random(), float(np.ones((64, 64)).dot(np.ones(64))[0])]")


@pytest.fixture(scope="module")
def pandas():
    return real_layer("numpy", "pandas")


@pytest.fixture(scope="module")
def warm_template(pandas, tmp_path_factory):
    with Ahead(tmp_path_factory.mktemp("pandas"), pandas, ["numpy", "pandas"]) as template:
        yield template


def test_copies_work_with_numpy_and_pandas_and_share_no_randomness(warm_template):
    seen = set()
    for _ in range(3):
        with warm_template.copy() as runner:
            sums, random, dot = runner.load(FRAMES).call()
            assert (sums, dot) == ({"x": 2450, "y": 2500}, 64)
            seen.add(random)
    assert len(seen) == 3


def import_time(tmp_path, layer):
    """How long the same load takes where nothing was imported ahead, on this machine and now."""
    with direct(tmp_path, layer) as runner:
        runner.expect(frames.READY)
        start = time.perf_counter()
        runner.send_bytes(frames.encode_load({"main.py": FRAMES}, "main.handler"))
        runner.expect(frames.LOADED)
        return time.perf_counter() - start


def test_copies_with_pandas_are_quick_and_small(warm_template, pandas, tmp_path):
    whole = import_time(tmp_path, pandas)
    times, runners = [], []
    try:
        for _ in range(20):
            runners.append(runner := warm_template.copy())
            runner.expect(frames.READY)
            start = time.perf_counter()
            runner.send_bytes(frames.encode_load({"main.py": FRAMES}, "main.handler") + frames.encode_call({}, number=1))
            assert runner.expect(frames.LOADED).payload == b""
            runner.expect(frames.RESULT)
            times.append(time.perf_counter() - start)
        sizes = [kilobytes(r.pid, "Pss") for r in runners]
    finally:
        for runner in runners:
            runner.close()
    assert max(sizes) < 25 << 10, sizes
    assert statistics.median(times) < whole / 5, (times, whole)  # the bench measures how quick it is


def test_the_first_import_reports_modules_that_a_template_can_take(tmp_path, pandas):
    with direct(tmp_path, pandas) as runner:
        names = learned(runner, FRAMES)
    assert {"numpy", "pandas", "pandas.core.frame"} <= set(names)
    (tmp_path / "next").mkdir()
    with Ahead(tmp_path / "next", pandas, names) as template, template.copy() as runner:
        assert learned(runner, FRAMES) == []
        assert template.log() == ""


def test_psycopg_works_in_copies(tmp_path):
    layer = real_layer("psycopg[binary]")
    with Ahead(tmp_path, layer, ["psycopg"]) as template, template.copy() as runner:
        runner.load("import psycopg\ndef handler(event):\n    try: psycopg.connect('host=/nowhere')\n"
                    "    except psycopg.OperationalError as e: return [psycopg.pq.__impl__, 'No such file' in str(e)]")
        assert runner.call() == ["binary", True]
