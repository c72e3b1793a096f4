"""Layers for tests: small packages made by hand, and real ones from the index, installed once."""

import contextlib
import fcntl
import json
import pathlib
import subprocess

import pytest

from frames import Runner, Template, encode_setup
from test_python import COPIES, PROGRAM, ROOT, SANITIZER

CACHE = ROOT / "build/packages"
INSTALL_S = 120  # less than a test may take: an index that is slow skips it

SMALL = {
    "alpha/__init__.py": "from . import inner\nimport os\nloaded_in = os.getpid()\n",
    "alpha/inner.py": "value = 7\n",
    "alpha-1.2.dist-info/METADATA": "Metadata-Version: 2.1\nName: alpha\nVersion: 1.2\n",
    "beta.py": "import os\nblas = os.environ.get('OPENBLAS_NUM_THREADS')\nprint('beta speaks')\n",
    "broken.py": "raise ValueError('not today')\n",
    "leaves.py": "raise SystemExit(3)\n",
    "mute.py": "class Mute(Exception):\n    def __str__(self): raise RuntimeError\nraise Mute\n",
    "slow.py": "import signal\ntry: signal.raise_signal(signal.SIGALRM)\nexcept Exception: pass\n",
    "threaded.py": "import threading\nstop = threading.Event()\nthreading.Thread(target=stop.wait, daemon=True).start()\n",
    "joined.py": "import threading\nt = threading.Thread(target=print); t.start(); t.join()\n",
    "json.py": "shadow = True\n",
    "extra.pth": "more\nimport sys; sys.from_pth = 1\n",
    "more/gamma.py": "name = 'gamma'\n",
    "hooks.py": "import os\nseen = []\nos.register_at_fork(before=lambda: seen.append('before'),\n"
                "    after_in_parent=lambda: seen.append('parent'), after_in_child=lambda: seen.append('child'))\n",
}


def make_layer(path, files=SMALL):
    for name, text in files.items():
        file = path / "python" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return path


def real_layer(*names):
    """The layer with these packages; skips the test when the index does not answer."""
    layer = CACHE / "-".join(names)
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / "lock", "w") as lock:  # tests may run side by side
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (layer / "done").exists():
            _install(layer, names)
    return layer


def _install(layer, names):
    command = ["/usr/bin/python3", "-m", "pip", "install", "--quiet", "--no-input", "--only-binary=:all:",
               "--disable-pip-version-check", "--root-user-action=ignore", "--upgrade",
               "--target", str(layer / "python"), *names]
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_S)
    except (OSError, subprocess.TimeoutExpired) as error:
        pytest.skip(f"packages cannot be installed: {error}")
    if run.returncode != 0:
        pytest.skip(f"packages cannot be installed: {run.stderr.strip()[-200:]}")
    (layer / "done").touch()


@contextlib.contextmanager
def direct(code_dir, layer):
    """A single runner with that layer, as a copy of a template without a set-up."""
    env = {"VIRGA_CODE_DIR": str(code_dir), **SANITIZER}
    with Runner([str(PROGRAM), "--direct", "--layer", str(layer)], env=env) as runner:
        yield runner


class Ahead(Template):
    """A template with a set-up. What it prints is in the file `log`."""

    def __init__(self, path, layer, modules=(), load=b""):
        self.path, self.code = path / "template.log", path / "code"
        self.code.mkdir(exist_ok=True)
        with open(self.path, "wb") as log:
            super().__init__([str(COPIES), "--code-dir", str(self.code), "--layer", str(layer)],
                             env=SANITIZER, setup=encode_setup(modules, load), log=log)

    def log(self):
        return self.path.read_text()


def kilobytes(pid, field):
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1])
    raise LookupError(field)


def module_of(failed):
    return json.loads(failed.frame.payload).get("module")


