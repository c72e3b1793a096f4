"""What api/openapi.yaml says of an answer. Every answer that a test gets through virga.Server is held against it."""

import gzip
import json
import re
from functools import cache
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator, FormatChecker

CONTRACT = yaml.safe_load((Path(__file__).resolve().parents[2] / "api" / "openapi.yaml").read_text())
METHODS = {"get", "put", "post", "delete", "patch", "head", "options"}
# Answers to what is no request, or too large for one: given before anybody asks which operation it means.
BEFORE_ALL = {400, 413, 431}


FORMATS, ASKED = FormatChecker(), FormatChecker()
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"


@FORMATS.checks("date-time")
def is_time(value):
    """As the contract's Time says: with a zone. What jsonschema brings for it is there only with a package of its own."""
    return not isinstance(value, str) or bool(re.fullmatch(TIME + r"\.\d{6}Z", value))


@ASKED.checks("date-time")
def is_asked_time(value):
    """In a request any time of RFC 3339 will do."""
    return not isinstance(value, str) or bool(re.fullmatch(TIME + r"(\.\d+)?(Z|[+-]\d\d:\d\d)", value))


def operations():
    """(method, path, operation) for each of the contract."""
    for path, item in CONTRACT["paths"].items():
        for method in METHODS & item.keys():
            yield method.upper(), path, item[method]


def resolve(node):
    """What stands behind a $ref."""
    while "$ref" in node:
        where, node = node["$ref"].split("/")[1:], CONTRACT
        for step in where:
            node = node[step]
    return node


def validator(schema, formats=FORMATS):
    return Draft202012Validator({**schema, "components": CONTRACT["components"]}, format_checker=formats)


@cache
def patterns():
    """Of all paths, literals before parameters, as the server decides."""
    found = []
    for path in sorted(CONTRACT["paths"], key=lambda p: re.sub(r"{\w+}", "\uffff", p)):
        text = re.sub(r"/{path}$", "/.*", path)
        found.append((re.compile(re.sub(r"{\w+}", "[^/]+", text)), path))
    return found


def find(method, target):
    """The path of the contract that a request means, or None."""
    for pattern, path in patterns():
        if pattern.fullmatch(target.split("?")[0]):
            return path if method.lower() in CONTRACT["paths"][path] else None
    return None


@cache
def rule(method, path, status, content_type):
    """(headers, validator of the body or None) that the contract has for such an answer."""
    responses = CONTRACT["paths"][path][method.lower()]["responses"]
    response = responses.get(str(status)) or responses.get("default")
    assert response, f"{method} {path} answered {status}, which is not in the contract"
    response = resolve(response)
    content = response.get("content", {})
    media = content.get(content_type) or content.get("*/*")
    assert media or not content_type, f"{method} {path}: {status} is {content_type}, which is not in the contract"
    is_json = content_type == "application/json" and media.get("schema")
    return response.get("headers", {}), validator(media["schema"]) if is_json else None


def check(method, target, reply):
    """Status, headers and body of an answer are as the contract says. Nothing, for what is not in it."""
    path = find(method, target)
    if not path or reply.status in BEFORE_ALL:
        return
    content_type = (reply.headers["Content-Type"] or "").split(";")[0] if reply.body else ""
    headers, body = rule(method, path, reply.status, content_type)
    for name, header in headers.items():
        schema, value = resolve(header)["schema"], reply.headers.get(name)
        assert value is None or schema.get("type") != "integer" or value.isdigit(), (method, path, name, value)
    text = gzip.decompress(reply.body) if reply.headers.get("Content-Encoding") == "gzip" else reply.body
    errors = body.iter_errors(json.loads(text)) if body and method != "HEAD" else ()
    for error in errors:
        where = "/".join(map(str, error.absolute_path))
        raise AssertionError(f"{method} {path} {reply.status}: {where}: {error.message[:300]}")
