"""Stores with much in them, made by copying rows of a small one: saving 10,000 functions one by one would be a bench of the disk.

A row is copied as it is, whatever its columns are, and only what must differ is changed."""

import os
import sqlite3
import time


def new_id():
    return os.urandom(12).hex()


class Filled:
    """The store of a stopped server, open for copying."""

    def __init__(self, data):
        self.db = sqlite3.connect(data / "virga.db")
        self.db.row_factory = sqlite3.Row
        self.db.execute("PRAGMA synchronous = OFF")
        self.owner = (os.stat(data / "virga.db").st_uid, os.stat(data / "virga.db").st_gid)
        self.data = data

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.db.commit()
        self.db.close()
        for file in self.data.glob("virga.db*"):
            os.chown(file, *self.owner)

    def row(self, table, where="", *values):
        return dict(self.db.execute(f"SELECT * FROM {table} {where} LIMIT 1", values).fetchone())

    def insert(self, table, rows):
        """Rows are dictionaries with the same keys."""
        rows = iter(rows)
        first = next(rows)
        names = list(first)
        sql = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
        self.db.execute(sql, list(first.values()))
        self.db.executemany(sql, (list(r.values()) for r in rows))

    def projects(self, model, count):
        """Copies of a project with its members; their ids."""
        project = self.row("projects", "WHERE id = ?", model)
        member = self.row("project_members", "WHERE project_id = ?", model)
        ids = [new_id() for _ in range(count)]
        self.insert("projects", ({**project, "id": i, "slug": f"copy-{n}", "created_us": project["created_us"] + n}
                                 for n, i in enumerate(ids)))
        self.insert("project_members", ({**member, "project_id": i} for i in ids))
        return ids

    def functions(self, model, projects, each):
        """Copies of a function with its version, `each` in every project; their ids."""
        function = self.row("functions", "WHERE id = ?", model)
        version = self.row("function_versions", "WHERE function_id = ?", model)
        made = [(new_id(), p, f"copy {k}") for p in projects for k in range(each)]
        self.insert("functions", ({**function, "id": i, "project_id": p, "name": name,
                                   "created_us": function["created_us"] + n} for n, (i, p, name) in enumerate(made)))
        self.insert("function_versions", ({**version, "function_id": i} for i, _, _ in made))
        return [i for i, _, _ in made]

    def calls(self, function, count, days=7):
        """Records of one function, copies of its first, spread over the last days."""
        call = self.row("calls", "WHERE function_id = ?", function)
        now = int(time.time() * 1e6)
        step = days * 86400 * 1000000 // count
        self.insert("calls", ({**call, "seq": None, "id": f"{(now - n * step) // 1000:012x}{n:024x}", "created_us": now - n * step}
                              for n in range(count, 0, -1)))
