"""A store that 0.1 has left behind goes on: functions, versions and records are there, and belong to the owner."""

import sqlite3
import struct

import pytest
from virga import Server

pytestmark = pytest.mark.sqlite
CODE = b"def handler(event): return {'hello': event.get('name')}"
ID = "0123456789abcdef01234567"
# The tables as 0.1.0 made them.
OLD = """
CREATE TABLE schema_version (number bigint PRIMARY KEY, name text NOT NULL, applied_us bigint NOT NULL);
INSERT INTO schema_version VALUES (1, 'functions', 1), (2, 'function versions', 1), (3, 'calls', 1);
CREATE TABLE functions (id text PRIMARY KEY, name text NOT NULL UNIQUE, description text NOT NULL, runtime text NOT NULL,
    handler text NOT NULL, active_version bigint NOT NULL, status text NOT NULL, network_enabled bigint NOT NULL,
    public_logs bigint NOT NULL, memory_mb bigint NOT NULL, cpu_millis bigint NOT NULL, timeout_ms bigint NOT NULL,
    pids bigint NOT NULL, tmp_mb bigint NOT NULL, output_kb bigint NOT NULL, result_kb bigint NOT NULL, file_mb bigint NOT NULL,
    open_files bigint NOT NULL, concurrency bigint NOT NULL, queue bigint NOT NULL, reuse text NOT NULL, environment bytea,
    created_us bigint NOT NULL, updated_us bigint NOT NULL);
CREATE INDEX functions_by_age ON functions (created_us, id);
CREATE TABLE function_versions (function_id text NOT NULL REFERENCES functions (id) ON DELETE CASCADE, version bigint NOT NULL,
    runtime text NOT NULL, handler text NOT NULL, size bigint NOT NULL, created_us bigint NOT NULL, files text NOT NULL, entry text,
    code bytea NOT NULL, PRIMARY KEY (function_id, version));
CREATE TABLE calls (seq integer primary key, id text NOT NULL, function_id text NOT NULL, version bigint NOT NULL, status text NOT NULL,
    cold bigint NOT NULL, source text NOT NULL, http_method text, http_path text, created_us bigint NOT NULL,
    duration_us bigint NOT NULL, queue_us bigint NOT NULL, place_us bigint NOT NULL, load_us bigint NOT NULL,
    handler_us bigint NOT NULL, peak_bytes bigint NOT NULL, cpu_us bigint NOT NULL, cut bigint NOT NULL, input bytea, output bytea,
    error bytea, traceback bytea, stdout bytea, stderr bytea);
CREATE INDEX calls_by_function ON calls (function_id, seq);
"""


def old_store(path):
    db = sqlite3.connect(path)
    db.execute("PRAGMA journal_mode = WAL")
    db.executescript(OLD)
    db.execute("INSERT INTO functions VALUES (?, 'kept', 'from before', 'python', 'main.handler', 2, 'active', 0, 0, 128, 500, 30000, 64, 64,"
               " 1024, 6144, 64, 1024, 16, 256, 'always', NULL, 1700000000000000, 1700000000000000)", (ID,))
    for version, code in ((1, b"def handler(event): return 1"), (2, CODE)):
        section = struct.pack("<HHI", len("main.py"), 0o644, len(code)) + b"main.py" + code
        db.execute("INSERT INTO function_versions VALUES (?, ?, 'python', 'main.handler', ?, 1700000000000000, ?, ?, ?)",
                   (ID, version, len(code), '[{"path":"main.py","size":%d,"mode":"0644"}]' % len(code), code.decode(), section))
    for n in range(3):
        db.execute("INSERT INTO calls (id, function_id, version, status, cold, source, created_us, duration_us, queue_us, place_us, load_us,"
                   " handler_us, peak_bytes, cpu_us, cut, input, output) VALUES (?, ?, 2, ?, 0, 'direct', strftime('%s') * 1000000, 2000, 0, 0,"
                   " 0, 2000, 0, 0, 0, '{}', 'null')", (f"{n:036x}", ID, "success" if n else "error"))
    db.commit()
    db.close()


def test_a_store_of_0_1_goes_on_with_all_that_is_in_it(tmp_path):
    (tmp_path / "data").mkdir()
    old_store(tmp_path / "data" / "virga.db")
    with Server(tmp_path) as server:
        kept = server.request("GET", "/api/functions/kept").json
        assert (kept["id"], kept["active_version"], kept["code"], kept["access"], kept["project_id"]) == (ID, 2, CODE.decode(), "public", None)
        assert server.invoke({"id": ID}, {"name": "Ada"}).json["output"] == {"hello": "Ada"}
        assert [v["version"] for v in server.request("GET", f"/api/functions/{ID}/versions").json] == [2, 1]
        assert [r["status"] for r in server.records({"id": ID})][-3:] == ["success", "success", "error"]
        stats = server.request("GET", "/api/stats").json
        assert stats["total_invocations"] == 4 and stats["success_rate"] == 75
        assert server.request("PUT", f"/api/functions/{ID}", {"code": "def handler(e): return 3"}).json["active_version"] == 3
    with Server(tmp_path) as server:  # and is not migrated twice
        assert server.call({"id": ID})["output"] == 3
