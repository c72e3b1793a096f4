"""FastAPI on uvicorn (uvloop, httptools): the same JSON in and out, no isolation at all."""

import http.client
import shutil
import subprocess

from measure import WORK, NotMeasured, tool_version, wait_until
from server import free_port

VENV = WORK / "venv"
APP = '''
from fastapi import FastAPI

app = FastAPI()


@app.post("/invoke")
async def invoke(event: dict):
    return {"success": True, "output": {"hello": event["input"].get("name")}}
'''


def install():
    """Once; a second bench finds it made."""
    if (VENV / "complete").exists():
        return
    shutil.rmtree(VENV, ignore_errors=True)
    for command in (["/usr/bin/python3", "-m", "venv", str(VENV)],
                    [str(VENV / "bin/pip"), "install", "-q", "fastapi", "uvicorn[standard]"]):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise NotMeasured(f"FastAPI could not be installed: {done.stderr.strip()[-200:]}")
    (VENV / "complete").touch()


def version():
    names = "fastapi", "uvicorn", "uvloop", "httptools"
    code = f"from importlib.metadata import version as v; print(*(f'{{n}} {{v(n)}}' for n in {names}))"
    return tool_version(str(VENV / "bin/python"), "-c", code)


class FastAPI:
    """A running peer: `with FastAPI(workers=2) as peer: load(peer.url, ...)`."""

    def __init__(self, workers):
        install()
        self.workers = workers
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/invoke"

    def __enter__(self):
        (WORK / "bench_app.py").write_text(APP)
        self.process = subprocess.Popen(
            [str(VENV / "bin/uvicorn"), "--app-dir", str(WORK), "--port", str(self.port),
             "--workers", str(self.workers), "--no-access-log", "--log-level", "error",
             "--loop", "uvloop", "--http", "httptools", "bench_app:app"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if not wait_until(self._answers, 20, 0.05):
            self.__exit__()
            raise NotMeasured("uvicorn did not become ready")
        return self

    def _answers(self):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
            connection.request("GET", "/")
            return connection.getresponse().status == 404
        except OSError:
            return False

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
