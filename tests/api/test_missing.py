"""A module that is missing is told with the package that provides it."""

import os

import pytest


@pytest.mark.parametrize("runtime, name, code, module, package, told", [
    ("python", "main.py", "import cv2\n", "cv2", "opencv-python-headless", " (the package opencv-python-headless provides it)"),
    ("python", "main.py", "import nowhere.at.all\n", "nowhere", "nowhere", ""),
    ("nodejs", "index.js", "require('@scope/name/sub');\n", "@scope/name/sub", "@scope/name",
     " (the package @scope/name provides it)"),
    ("nodejs", "index.js", "require('nowhere');\n", "nowhere", "nowhere", ""),
    ("nodejs", "index.js", "require('./nowhere');\n", None, None, ""),
], ids=["mapped", "dotted", "sub-path", "package", "file"])
def test_a_missing_module_names_its_package(shared, runtime, name, code, module, package, told):
    reply = shared.deploy({name: code.encode()}, f"f{os.urandom(4).hex()}", runtime=runtime)
    assert reply.status == 200, reply.body
    result = shared.request("POST", f"/api/functions/{reply.json['id']}/load").json
    problem = result["problem"]
    first, _, rest = problem["message"].partition("\n")
    assert (problem["module"], problem["package"]) == (module, package), result
    assert result["error"].partition("\n")[0].endswith(f": {first}{told}"), result
