"""For schemathesis: bodies that are tar archives, and ids of what is really there.

Generated ids name nothing, so that all would end in a 404. WORLD (JSON, from run.py) holds ids by the name of the path
parameter; three of four requests get one. What a request deletes comes from a supply of its own, which runs out."""

import io
import json
import os
import random
import tarfile

import schemathesis
from hypothesis import strategies

WORLD = json.loads(os.environ["WORLD"])
dice = random.Random(int(os.environ["SEED"]))


def archive(files):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for path, content in files.items():
            info = tarfile.TarInfo(path)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return out.getvalue()


WHOLE = archive({"main.py": b"def handler(event):\n    return event\n"})
WITH_SETTINGS = archive({"index.js": b"exports.handler = (e) => e;\n", "virga.json": b'{"limits": {"pids": 9}}'})
schemathesis.openapi.media_type(
    "application/x-tar",
    strategies.one_of(strategies.sampled_from([WHOLE, WITH_SETTINGS, WHOLE[:700], archive({"../x": b""}), archive({})]),
                      strategies.binary(max_size=1024)))


@schemathesis.hook
def before_load_schema(context, raw_schema):
    """Any type will do for the gateway; schemathesis wants to know which."""
    for item in raw_schema["paths"].values():
        for operation in item.values():
            content = operation.get("requestBody", {}).get("content", {})
            if "*/*" in content:
                content["application/octet-stream"] = {"schema": {"type": "string", "format": "binary"}}
                content["application/json"] = content.pop("*/*")


def supply(method, path, name):
    """The ids that may stand for a parameter."""
    if name == "id":
        name = "project" if path.startswith("/api/projects") else "function"
    elif name == "name":
        name = "input"
    elif name == "key":
        name = "variable" if "/env/" in path else "key"
    return WORLD["doomed" if method == "DELETE" else "kept"].get(name, [])


@schemathesis.hook
def before_call(context, case, kwargs):
    method = case.method.upper()
    for name, drawn in (case.path_parameters or {}).items():
        ids = supply(method, case.operation.path, name)
        # A small quota for the account in use would be the end of the others' successes.
        if ids and (drawn == "owner" or dice.random() < 0.75):
            case.path_parameters[name] = ids.pop() if method == "DELETE" else dice.choice(ids)
