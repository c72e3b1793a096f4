"""The binary, run as people and scripts run it: with pipes, and on a terminal."""

import codecs
import os
import pty
import select
import signal
import subprocess
import termios
from pathlib import Path

from server import KEY

ROOT = Path(__file__).resolve().parents[2]
VIRGA = os.environ.get("VIRGA_BIN", str(ROOT / "build" / "virga"))
DEADLINE_S = 60


class Terminal:
    """A command whose standard input, output and error are one terminal."""

    def __init__(self, argv, env, home):
        self.shown = ""
        self.seen = 0
        self.decoder = codecs.getincrementaldecoder("utf-8")()  # a read may end within a character
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(home)
            os.execvpe(argv[0], argv, env)

    def read(self):
        """False at the end."""
        assert select.select([self.fd], [], [], DEADLINE_S)[0], self.shown
        try:
            more = os.read(self.fd, 65536)
        except OSError:
            return False  # EIO: the other side has closed
        self.shown += self.decoder.decode(more)
        return bool(more)

    def expect(self, text):
        """Waits for text behind what was expected before."""
        while text not in self.shown[self.seen:]:
            assert self.read(), (text, self.shown)
        self.seen = self.shown.index(text, self.seen) + len(text)
        return self

    def type(self, text):
        os.write(self.fd, text.encode())
        return self

    def echoes(self):
        return bool(termios.tcgetattr(self.fd)[3] & termios.ECHO)

    def end(self):
        """Status and all that was shown."""
        while self.read():
            pass
        status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        os.close(self.fd)
        return status, self.shown

    def kill(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.fd)


class Cli:
    def __init__(self, url, home):
        self.home = home
        self.env = {"PATH": os.environ["PATH"], "VIRGA_SERVER": url, "VIRGA_KEY": KEY,
                    "HOME": str(home), "TERM": "xterm", "TZ": "UTC"}

    def __call__(self, *args, stdin="", **env):
        done = subprocess.run([VIRGA, *args], input=stdin, env={**self.env, **env}, cwd=self.home,
                              capture_output=True, text=True, timeout=DEADLINE_S)
        # A sanitizer ends the process with a status that could pass for one of ours.
        assert "Sanitizer" not in done.stderr and "runtime error" not in done.stderr, done.stderr
        return done

    def ok(self, *args, **more):
        done = self(*args, **more)
        assert done.returncode == 0, (args, done.stdout, done.stderr)
        return done.stdout

    def terminal(self, *args, **env):
        return Terminal([VIRGA, *args], {**self.env, **env}, self.home)

    def on_terminal(self, *args, typed="", **env):
        """Status and what it showed."""
        terminal = self.terminal(*args, **env)
        if typed:
            terminal.type(typed)
        return terminal.end()
