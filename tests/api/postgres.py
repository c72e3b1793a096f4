"""A private PostgreSQL for a session of tests, over ../postgres.sh."""

import atexit
import functools
import itertools
import os
import subprocess
import tempfile
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[1] / "postgres.sh"


class Postgres:
    """`url(name)` makes a fresh database. The server listens on a Unix socket that any user of the machine can reach
    who knows its path: the server under test gives up its rights before it connects."""

    def __init__(self, *settings):
        self.settings = settings
        self.directory = tempfile.mkdtemp(prefix="virga-pg-", dir="/tmp")
        self.numbers = itertools.count(1)

    def control(self, verb, *arguments):
        return subprocess.run([SCRIPT, verb, self.directory, *arguments], check=True, capture_output=True, text=True,
                              timeout=170).stdout.strip()

    def start(self):
        self.admin = self.control("start", *self.settings)
        return self

    def stop(self):
        self.control("stop")

    def restart(self):
        self.control("restart")

    def kill9(self):
        self.control("kill")

    def pause(self):
        """Connected, but silent."""
        self.control("pause")

    def resume(self):
        self.control("continue")

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_):
        self.control("remove")

    def sql(self, text, database="postgres"):
        """The rows of a statement as lists of texts."""
        done = subprocess.run(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-F", "\t", "-c", text, self.at(database)],
                              capture_output=True, text=True, timeout=90)
        assert done.returncode == 0, done.stderr
        return [line.split("\t") for line in done.stdout.splitlines()]

    def at(self, database):
        return self.admin.replace("/postgres?", f"/{database}?", 1)

    def url(self, name="virga"):
        database = f"{name}_{os.getpid()}_{next(self.numbers)}"
        self.sql(f'CREATE DATABASE "{database}"')
        return self.at(database)


@functools.cache
def shared():
    """One for all tests of this process. Who stops it starts it again."""
    running = Postgres().start()
    atexit.register(running.control, "remove")
    return running


@functools.cache
def database_of(directory):
    """The database of a server that is given none, when the tests are to run on PostgreSQL."""
    return shared().url("test")
