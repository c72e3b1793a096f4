"""packages: a Python index and an npm registry for tests, with packages made on the spot.

    with Registry() as registry:
        registry.wheel("hello", "1.0", {"hello/__init__.py": "WORD = 'hi'"})
        registry.source("built", "1.0", "open('/tmp/seen', 'w')", {"built.py": ""})   # code runs while it is built
        registry.npm("left", "1.0.0", {"index.js": "module.exports = 1"}, scripts={"install": "node run.js"})
        virga(..., "--pip-index-url", registry.index, "--npm-registry", registry.npm_url)

`index` and `npm_url` are on one port, the files themselves on another one (`files_host`), as with the public
ones: who reads an index must find out where its files are. `asked` lists what was asked for; `credentials`
("user:password"), when set, is wanted for everything. `busy` is for how many more requests it has no time (503).
"""

import base64
import hashlib
import html
import http.server
import io
import json
import tarfile
import threading
import zipfile

JSON_INDEX = "application/vnd.pypi.simple.v1+json"

# A build backend in the package's own tree: needs nothing from any index. `HOOK` runs in the build.
BACKEND = '''
import base64, hashlib, os, zipfile
def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    with open("hook.py") as f:
        exec(compile(f.read(), "hook.py", "exec"), {{"__name__": "hook"}})
    name = "{wheel}"
    with zipfile.ZipFile(os.path.join(wheel_directory, name), "w") as z:
        for top, _, names in os.walk("content"):
            for each in names:
                path = os.path.join(top, each)
                z.write(path, os.path.relpath(path, "content"))
        z.writestr("{info}/METADATA", "Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n")
        z.writestr("{info}/WHEEL", "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        z.writestr("{info}/RECORD", "")
    return name
'''


def as_bytes(content):
    return content.encode() if isinstance(content, str) else content


def make_wheel(name, version, files, requires=()):
    """A wheel as bytes. `files`: {path: text or bytes}."""
    info = f"{name.replace('-', '_')}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    metadata += "".join(f"Requires-Dist: {r}\n" for r in requires)
    members = {**files, f"{info}/METADATA": metadata,
               f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"}
    record, out = [], io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in members.items():
            data = as_bytes(content)
            archive.writestr(path, data)
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            record.append(f"{path},sha256={digest},{len(data)}")
        archive.writestr(f"{info}/RECORD", "\n".join([*record, f"{info}/RECORD,,"]) + "\n")
    return out.getvalue()


def make_tar(files):
    """A gzipped tar as bytes. A content may also be a tarfile.TarInfo without data: a link, a device."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz", format=tarfile.PAX_FORMAT) as archive:
        for path, content in files.items():
            if isinstance(content, tarfile.TarInfo):
                content.name = path
                archive.addfile(content)
                continue
            member, data = tarfile.TarInfo(path), as_bytes(content)
            member.size, member.mode, member.mtime = len(data), 0o644, 1_000_000_000
            archive.addfile(member, io.BytesIO(data))
    return out.getvalue()


def make_source(name, version, hook, files):
    """A source distribution whose build runs `hook`, Python text, and then packs `files`."""
    plain = name.replace("-", "_")
    top, info = f"{plain}-{version}", f"{plain}-{version}.dist-info"
    backend = BACKEND.format(wheel=f"{top}-py3-none-any.whl", info=info, name=name, version=version)
    return make_tar({
        f"{top}/PKG-INFO": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{top}/pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n',
        f"{top}/backend.py": backend,
        f"{top}/hook.py": hook,
        **{f"{top}/content/{path}": content for path, content in files.items()},
    })


class Registry:
    """`python`: {name: {file name: bytes}}; `node`: {name: {version: (package.json, tarball)}}."""

    def __init__(self, credentials=None):
        self.python, self.node, self.asked = {}, {}, []
        self.credentials = credentials
        self.busy = 0
        self.pages, self.files = self._server(self._page), self._server(self._file)
        self.host = f"127.0.0.1:{self.pages.server_address[1]}"
        self.files_host = f"127.0.0.1:{self.files.server_address[1]}"
        login = f"{credentials}@" if credentials else ""
        self.index = f"http://{login}{self.host}/simple/"
        self.npm_url = f"http://{self.host}/npm/"

    def __enter__(self):
        for server in (self.pages, self.files):
            threading.Thread(target=server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        for server in (self.pages, self.files):
            server.shutdown()
            server.server_close()

    # What it has

    def wheel(self, name, version, files, requires=()):
        file = f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
        self.python.setdefault(name, {})[file] = make_wheel(name, version, files, requires)

    def source(self, name, version, hook, files):
        self.python.setdefault(name, {})[f"{name}-{version}.tar.gz"] = make_source(name, version, hook, files)

    def npm(self, name, version, files, scripts=None, dependencies=None, **more):
        package = {"name": name, "version": version, "main": "index.js", "scripts": scripts or {},
                   "dependencies": dependencies or {}, **more}
        tarball = make_tar({"package/package.json": json.dumps(package),
                            **{f"package/{path}": content for path, content in files.items()}})
        self.node.setdefault(name, {})[version] = (package, tarball)

    # How it answers

    def _server(self, answer):
        registry = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                registry.asked.append((self.headers.get("Host"), self.path))
                status, kind, body = registry._checked(self, answer)
                self.send_response(status)
                if status == 401:
                    self.send_header("WWW-Authenticate", 'Basic realm="packages"')
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        server.handle_error = lambda *_: None  # a build that was ended breaks its connections off
        return server

    def _checked(self, request, answer):
        if self.busy:
            self.busy -= 1
            return 503, "text/plain", b"later"
        wanted = self.credentials and "Basic " + base64.b64encode(self.credentials.encode()).decode()
        if wanted and answer == self._page and request.headers.get("Authorization") != wanted:
            return 401, "text/plain", b"who are you?"
        path = request.path.split("?")[0]
        return answer(path, request.headers) or (404, "text/plain", b"not here")

    def _page(self, path, headers):
        if path.startswith("/simple/"):
            return self._simple(path.split("/")[2], JSON_INDEX in headers.get("Accept", ""))
        if path.startswith("/npm/"):
            return self._packument(path[len("/npm/"):].replace("%2f", "/").replace("%2F", "/"))
        return None

    def _simple(self, name, as_json):
        if name not in self.python:
            return None
        rows = [(file, f"http://{self.files_host}/python/{name}/{file}", hashlib.sha256(data).hexdigest())
                for file, data in self.python[name].items()]
        if as_json:
            page = {"meta": {"api-version": "1.0"}, "name": name, "files": [
                {"filename": file, "url": url, "hashes": {"sha256": digest}} for file, url, digest in rows]}
            return 200, JSON_INDEX, json.dumps(page).encode()
        links = "".join(f'<a href="{html.escape(url)}#sha256={digest}">{file}</a><br>\n' for file, url, digest in rows)
        return 200, "text/html", f"<!DOCTYPE html><html><body>{links}</body></html>".encode()

    def _packument(self, name):
        if name not in self.node:
            return None
        versions = {}
        for version, (package, tarball) in self.node[name].items():
            digest = base64.b64encode(hashlib.sha512(tarball).digest()).decode()
            versions[version] = {**package, "dist": {
                "tarball": f"http://{self.files_host}/node/{name}/{version}.tgz", "integrity": f"sha512-{digest}"}}
        page = {"name": name, "dist-tags": {"latest": list(versions)[-1]}, "versions": versions}
        return 200, "application/json", json.dumps(page).encode()

    def _file(self, path, _headers):
        kind, _, rest = path.lstrip("/").partition("/")
        name, _, file = rest.rpartition("/")
        if kind == "python" and file in self.python.get(name, {}):
            return 200, "application/octet-stream", self.python[name][file]
        if kind == "node" and file.removesuffix(".tgz") in self.node.get(name, {}):
            return 200, "application/octet-stream", self.node[name][file.removesuffix(".tgz")][1]
        return None
