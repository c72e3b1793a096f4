"""Every directory below examples/ is deployed as it is, with the command a reader would type, and called."""

import json
import os
import subprocess

from virga import PROGRAM, ROOT

EXAMPLES = ROOT / "examples"


def run(server, *arguments):
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=120, cwd=server.directory,
                          env={"PATH": os.environ["PATH"], "VIRGA_SERVER": f"http://127.0.0.1:{server.port}",
                               "VIRGA_KEY": server.key})


def deploy(server, directory, *options):
    """The function as the server describes it after `virga deploy`."""
    done = run(server, "deploy", directory, "--json", *options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def check(server, function, event, expected, printed=None):
    done = run(server, "invoke", function["name"], json.dumps(event))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == expected
    assert server.call(function, event)["output"] == expected  # once more, warm and over plain HTTP
    if printed:
        record = server.records(function)[0]
        assert printed in record["stdout"] + record["stderr"]


def test_python_hello(shared):
    fn = deploy(shared, EXAMPLES / "python/hello")
    assert fn["runtime"] == "python" and fn["name"] == "hello"
    check(shared, fn, {"name": "Ada"}, {"message": "Hello, Ada!"}, "greeting Ada")


def test_python_async(shared):
    check(shared, deploy(shared, EXAMPLES / "python/async"), {"numbers": [1, 2, 3]}, {"squares": [1, 4, 9]})


def test_python_environment(shared):
    fn = deploy(shared, EXAMPLES / "python/environment", "--env", "GREETING=Good day")
    output = shared.call(fn)["output"]
    assert 0 < output.pop("time_left_ms") <= 30000
    assert output == {"greeting": "Good day", "function": "environment", "version": 1, "runtime": "python"}


def test_python_errors(shared):
    fn = deploy(shared, EXAMPLES / "python/errors")
    check(shared, fn, {"item": "pear"}, {"price": 4})
    done = run(shared, "invoke", "errors", '{"item": "plum"}')
    assert done.returncode == 1 and "OutOfStock: there is no plum" in done.stderr
    assert "Traceback" in done.stderr  # the owner's key was used
    stranger = shared.invoke(fn, {"item": "plum"}, key=False).json
    assert stranger["status"] == "error" and "traceback" not in stranger
    assert not shared.call(fn, {"item": "pear"})["cold_start"]  # an exception costs no slot


def test_node(shared):
    fn = deploy(shared, EXAMPLES / "node")
    assert fn["runtime"] == "nodejs"
    check(shared, fn, {"name": "Bo"}, {"greeting": "hello, Bo"}, "greeting Bo")


def check_stream(server, function, event, content_type, body):
    """The command line prints what comes as it comes; a plain answer holds all of it."""
    done = run(server, "invoke", function["name"], json.dumps(event))
    assert (done.returncode, done.stdout) == (0, body), done.stderr
    assert server.call(function, event)["output"] == {"statusCode": 200, "headers": {"content-type": content_type}, "body": body}


def test_python_stream(shared):
    fn = deploy(shared, EXAMPLES / "python/stream")
    check_stream(shared, fn, {"from": 2}, "text/event-stream", "data: 2\n\ndata: 1\n\ndata: lift-off\n\n")
    assert "counting 2" in shared.records(fn)[0]["stdout"]


def test_node_stream(shared):
    check_stream(shared, deploy(shared, EXAMPLES / "node-stream"), {}, "text/plain; charset=utf-8",
                 "1 one line after the other\n2 leaves as soon as it is read\n")


def test_provided_bash(shared):
    fn = deploy(shared, EXAMPLES / "provided-bash")
    assert fn["runtime"] == "provided"
    check(shared, fn, {"name": "Ed"}, {"greeting": "hello, Ed"}, "greeting Ed")


def test_provided_c(shared, tmp_path):
    (tmp_path / "provided-c").mkdir()
    subprocess.run(["gcc", "-O2", "-static", "-o", tmp_path / "provided-c/bootstrap",
                    EXAMPLES / "provided-c/bootstrap.c"], check=True)
    fn = deploy(shared, tmp_path / "provided-c")
    assert fn["runtime"] == "provided"
    check(shared, fn, {"name": "Cy"}, {"greeting": "hello, Cy"}, "greeting Cy")


def test_every_example_is_tested_here():
    tested = {EXAMPLES / path for path in ("python/hello", "python/async", "python/environment", "python/errors", "python/stream",
                                           "node", "node-stream", "provided-bash", "provided-c")}
    found = {path.parent for path in EXAMPLES.rglob("*") if path.is_file() and path.suffix != ".md"}
    assert found == tested
