"""Docker Engine: a dockerd of the bench's own (private data, socket and process; no bridge, no
iptables), through Docker's own command line. The program is `python3 -I -S -c pass`."""

import os
import shutil
import signal
import subprocess
import tempfile

from measure import WORK, NotMeasured, median, run_timed, spread, tool_version, wait_until
from peers import root

DOCKER = "/usr/bin/docker"
IMAGE = "virga-bench:1"
PROGRAM = ["python3", "-I", "-S", "-c", "pass"]


def version():
    return tool_version(DOCKER, "--version")


class Engine:
    def __init__(self):
        if os.getuid() != 0:
            raise NotMeasured("dockerd needs root")
        if not shutil.which("dockerd") or not os.path.exists(DOCKER):
            raise NotMeasured("docker.io is not installed")
        # Sockets have names of at most 107 bytes: they cannot live in a deep build tree.
        self.run_dir = tempfile.mkdtemp(prefix="virga-bench-")
        self.host = f"unix://{self.run_dir}/sock"

    def __enter__(self):
        with open(WORK / "dockerd.log", "wb") as log:
            self.process = subprocess.Popen(
                ["dockerd", "--iptables=false", "--ip6tables=false", "--ip-forward=false",
                 "--ip-masq=false", "--bridge=none", "--data-root", str(WORK / "docker"),
                 "--exec-root", f"{self.run_dir}/exec", "--pidfile", f"{self.run_dir}/pid",
                 "-H", self.host],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        ready = wait_until(lambda: self.process.poll() is not None or self.docker("version").returncode == 0,
                           30, 0.1)
        if not ready or self.process.poll() is not None:
            self.__exit__()
            raise NotMeasured("dockerd did not start; see build/bench/dockerd.log")
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.run_dir, ignore_errors=True)

    def docker(self, *args, stdin=subprocess.DEVNULL):
        return subprocess.run(self.command(*args), stdin=stdin, capture_output=True, text=True)

    def command(self, *args):
        return [DOCKER, "-H", self.host, *args]

    def import_image(self):
        if self.docker("image", "inspect", IMAGE).returncode == 0:
            return
        tar = subprocess.Popen(["tar", "-C", str(root.make()), "-c", "."], stdout=subprocess.PIPE)
        done = self.docker("import", "-", IMAGE, stdin=tar.stdout)
        tar.stdout.close()
        if tar.wait() != 0 or done.returncode != 0:
            raise NotMeasured(f"docker import failed: {done.stderr.strip()[-200:]}")


def measure(report):
    with Engine() as engine:
        engine.import_image()
        times = run_timed(engine.command("run", "--rm", "--network", "none", IMAGE, *PROGRAM),
                          5 if report.quick else 15, warm_up=2)
        report.show("docker run --rm --network none", spread(times), "docker run us", median(times) * 1e3)
        made = engine.docker("run", "-d", "--rm", "--network", "none", IMAGE, "sleep", "600")
        if made.returncode != 0:
            raise NotMeasured(f"docker run -d failed: {made.stderr.strip()[-200:]}")
        container = made.stdout.strip()
        try:
            times = run_timed(engine.command("exec", container, *PROGRAM), 10 if report.quick else 30)
            report.show("docker exec in a running container", spread(times), "docker exec us",
                        median(times) * 1e3)
        finally:
            engine.docker("rm", "-f", container)
