"""attacks: serves packages whose build scripts do what they should not, until standard input ends.

Prints the URL of the Python index, of the npm registry, a port that no build may reach, and the URL of an index that
wants credentials, a line each.
src/deps/build_test.c builds them, each in a sandbox.
"""

import socket
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))
from packages import Registry  # noqa: E402

LAYER = "import os\nlayer = os.environ['HOME'] + '/../layer/python'\nos.makedirs(layer, exist_ok=True)\n"

HOOKS = {
    # Every way out but the one that is there must be closed. A hit fails the build by a name that the test looks for.
    "reaches-out": """
import os, socket, urllib.error, urllib.request
for family, address in ((socket.AF_INET, ("127.0.0.1", {secret})), (socket.AF_INET, ("192.0.2.1", 80)),
                        (socket.AF_INET6, ("2001:db8::1", 80))):
    try:
        socket.socket(family).connect(address)
    except OSError:
        continue
    raise SystemExit("REACHED by a socket")
for url in ("http://127.0.0.1:{secret}/", "http://elsewhere.example/", "http://169.254.169.254/"):
    try:
        urllib.request.urlopen(url, timeout=20)
    except urllib.error.HTTPError as error:
        if error.code == 403:
            continue
    raise SystemExit("REACHED " + url)
print("nothing was reached")
""",
    "writes-outside": """
import os
for path in ("/usr/x", "/etc/x", "/opt/virga/x", "/x", "/proc/sys/kernel/hostname", "/opt/layer/x"):
    try:
        open(path, "w").write("x")
    except OSError:
        continue
    raise SystemExit("WROTE " + path)
print("nothing was written")
""",
    "fills-the-disk": "with open('big', 'wb') as f:\n    while True: f.write(bytes(1 << 20))",
    "takes-memory": "kept = []\nwhile True: kept.append(bytearray(b'x') * (16 << 20))",
    "never-ends": "import signal\nwhile True: signal.pause()",
    "forks": "import os\nwhile True:\n    try: os.fork()\n    except OSError: raise SystemExit('no more processes')",
    "ends-the-program": "import os, signal\nos.kill(1, signal.SIGTERM)\nos.kill(-1, signal.SIGKILL)",
    "links-out": LAYER + "os.symlink('/etc', layer + '/etc')",
    "links-chained": LAYER + "os.makedirs(layer + '/a/b')\nos.symlink('../..', layer + '/a/b/up')\n"
                             "os.symlink('a/b/up/../..', layer + '/out')",
    "many-files": LAYER + "for i in range(3000): open(f'{layer}/f{i}', 'w').close()",
    "device-nodes": LAYER + "os.mkfifo(layer + '/pipe')\n"
                            "try: os.mknod(layer + '/null', 0o20666, os.makedev(1, 3))\n"
                            "except OSError: print('no device')",
    "prints-escapes": "print('\\033[31mred\\033]0;title\\007\\033[2Jafter')\nraise SystemExit(1)",
    "lies": LAYER + "os.makedirs(layer + '/lie-1.dist-info')\n"
                    "open(layer + '/lie-1.dist-info/METADATA', 'w').write('Name: <b>\\nVersion: 1\\n\\n')",
    "set-user-id": LAYER + "p = layer + '/tool'\nopen(p, 'w').close()\nos.chmod(p, 0o6777)",
}


def main():
    secret = socket.create_server(("127.0.0.1", 0))
    port = secret.getsockname()[1]
    with Registry() as registry, Registry("me:pass-word") as private:
        # pip shows what a build prints only when it fails: this one takes the log itself.
        private.source("prints-its-index", "1.0", "import os\nprint(os.environ['PIP_INDEX_URL'])\n"
                       "os.write(os.open('/proc/1/fd/1', os.O_WRONLY), os.environ['PIP_INDEX_URL'].encode() + b'\\n')",
                       {"x.py": ""})
        for name, hook in HOOKS.items():
            registry.source(name, "1.0", hook.replace("{secret}", str(port)), {f"{name}.py": "x = 1\n"})
        registry.wheel("hello", "1.0", {"hello/__init__.py": "WORD = 'hi'\n"}, requires=["dep-one"])
        registry.wheel("dep-one", "2.1", {"dep_one.py": "x = 1\n"})
        registry.npm("left", "1.0.0", {"index.js": "module.exports = 1"},
                     scripts={"install": "node -e \"require('fs').writeFileSync('made', 'x')\""})
        print(registry.index, registry.npm_url, port, private.index, sep="\n", flush=True)
        sys.stdin.read()


main()
