"""api/openapi.yaml and the server say the same."""

import json
import re
import subprocess

import pytest
import yaml
from virga import PROGRAM, ROOT

CONTRACT = yaml.safe_load((ROOT / "api" / "openapi.yaml").read_text())
METHODS = {"get", "put", "post", "delete", "patch", "head", "options"}


def rows():
    text = subprocess.run([PROGRAM, "serve", "--print-routes"], capture_output=True, text=True, check=True).stdout
    return [json.loads(line) for line in text.splitlines()]


def operations():
    for path, item in CONTRACT["paths"].items():
        for method in METHODS & item.keys():
            yield method.upper(), path, item[method]


def as_template(path):
    return re.sub(r"[:*](\w+)", r"{\1}", path)


def undocumented(row):
    """Pages for people, and the contract itself."""
    return row["path"].split("/")[1] in ("docs", "openapi.json", "openapi.yaml")


def test_every_route_is_in_the_contract_and_every_operation_has_a_route():
    served = {(row["method"], as_template(row["path"])) for row in rows() if not undocumented(row)}
    described = {(method, path) for method, path, _ in operations()}
    assert served - described == set(), "not in api/openapi.yaml"
    assert described - served == set(), "no such route"


def test_the_contract_says_which_operations_need_no_credentials():
    permissions = {(row["method"], as_template(row["path"])): row["permission"] for row in rows()}
    anonymous = {"public", "call", "calls:read"}
    for method, path, operation in operations():
        open_to_all = {} in operation.get("security", [None]) or operation.get("security") == []
        assert open_to_all == (permissions[method, path] in anonymous), (method, path)


def test_operation_ids_are_unique_and_every_operation_names_its_errors():
    ids = [operation["operationId"] for _, _, operation in operations()]
    assert len(ids) == len(set(ids))
    for method, path, operation in operations():
        answers = set(operation["responses"])
        assert answers & {"200", "default"}, (method, path)
        if "requestBody" in operation and path.startswith("/api/") and "gateway" not in path:
            assert "422" in answers, (method, path)
        if operation.get("security") is None and path != "/metrics":
            assert "401" in answers and "403" in answers, (method, path)


def examples():
    for name, schema in CONTRACT["components"]["schemas"].items():
        for example in schema.get("examples", []):
            yield name, example


@pytest.mark.parametrize("name, example", list(examples()), ids=lambda v: v if isinstance(v, str) else "")
def test_an_example_fits_its_schema(name, example):
    from jsonschema import Draft202012Validator
    schema = {"$ref": f"#/components/schemas/{name}", "components": CONTRACT["components"]}
    Draft202012Validator(schema).validate(example)
