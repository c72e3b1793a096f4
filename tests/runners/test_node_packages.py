"""Packages of a layer in Node.js: found by walking up from the code, and missed."""

import os

import pytest

from frames import Runner
from layers import module_of
from test_node import FLAGS, NODE, RUNNER

pytestmark = pytest.mark.skipif(not os.path.exists(NODE), reason="needs nodejs")

LAYER = {
    "alpha/package.json": '{"name":"alpha","version":"1.2.0","main":"lib/main.js"}',
    "alpha/lib/main.js": "exports.value = require('beta').value + 1;",
    "alpha/sub.js": "exports.sub = 'sub';",
    "beta/package.json": '{"name":"beta","type":"module","exports":{"import":"./it.mjs","require":"./it.cjs"}}',
    "beta/it.mjs": "export const value = 60; export default 'esm';",
    "beta/it.cjs": "exports.value = 6;",
    "@scope/name/package.json": '{"name":"@scope/name"}',
    "@scope/name/index.js": "module.exports = __filename;",
    "needy/package.json": '{"name":"needy"}',
    "needy/index.js": "require('peer');",
}


@pytest.fixture
def node(tmp_path):
    """/code beside /node_modules, which is a link into the layer, as in a slot."""
    for name, text in LAYER.items():
        file = tmp_path / "layer/node_modules" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    (tmp_path / "node_modules").symlink_to(tmp_path / "layer/node_modules")
    (tmp_path / "code").mkdir()
    argv = [NODE, *FLAGS, str(RUNNER), "--direct", str(tmp_path / "code")]
    with Runner(argv, env={"PATH": "/usr/bin:/bin"}, entry="index.js", handler="index.handler") as runner:
        yield runner


@pytest.mark.parametrize("code, result", [
    ("const { value } = require('alpha'); exports.handler = () => value;", 7),
    ("exports.handler = () => require('alpha/sub').sub;", "sub"),
    ("import kind, { value } from 'beta'; export const handler = () => [kind, value];", ["esm", 60]),
    ("import alpha from 'alpha'; export const handler = () => alpha.value;", 7),
    ("exports.handler = async () => (await import('beta')).value;", 60),
    ("import name from '@scope/name'; export const handler = () => name.slice(-20);", "s/@scope/name/index.js"[-20:]),
])
def test_packages_are_found_by_require_and_import(node, code, result):
    assert node.load(code).call() == result


def test_a_package_in_the_code_comes_first(node):
    node.load({"index.js": "exports.handler = () => require('alpha').mine;", "node_modules/alpha/index.js": "exports.mine = 1;"})
    assert node.call() == 1


@pytest.mark.parametrize("code, module", [
    ("require('left-pad')", "left-pad"), ("require('@scope/other/sub')", "@scope/other/sub"), ("require('lodash/fp')", "lodash/fp"),
    ("import 'left-pad';", "left-pad"), ("import '@scope/other/sub';", "@scope/other"), ("await import('left-pad');", "left-pad"),
    ("require('needy')", "peer"), ("require('./near')", None), ("require('/far')", None), ("require('node:nope')", None),
    ("require('#inner')", None), ("require('helper')", None), ("import './near.mjs';", None), ("require('a b')", None),
    ("require('x'.repeat(256))", None), ("throw Object.assign(new Error('mine'), { code: 'MODULE_NOT_FOUND' })", None),
    ("try { require('left-pad') } catch (cause) { throw new Error('install it', { cause }) }", "left-pad"),
    ("throw Object.defineProperty(new Error('mine'), 'code', { get() { throw 1; } })", None),
])
def test_a_package_that_was_not_found_is_named(node, code, module):
    failed = node.load_fails({"index.js": code, "helper.js": ""})
    assert module_of(failed) == module


def test_a_package_that_a_call_misses_is_named(node):
    node.load("exports.handler = async () => import('left-pad');")
    assert module_of(node.call_fails()) == "left-pad"
