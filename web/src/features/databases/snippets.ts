/** Code that reaches the database from a function. */

export interface Snippet {
  name: string;
  /** The package that it takes, and in which language. */
  package: string;
  language: "python" | "node";
  /** What its client must be told, because connections are shared between transactions. */
  note: string;
  code: string;
}

const handler = (...lines: string[]) => `${lines.join("\n")}\n`;

export const snippets: Snippet[] = [
  {
    ...{ name: "psycopg", package: "psycopg[binary]", language: "python" },
    note: "prepare_threshold=None: statements prepared by name do not outlive a transaction here.",
    code: handler(
      "import os",
      "",
      "import psycopg",
      "",
      "db = None",
      "",
      "",
      "def handler(event):",
      "    global db",
      "    if db is None or db.closed:",
      "        db = psycopg.connect(",
      '            os.environ["DATABASE_URL"],',
      "            autocommit=True,",
      "            prepare_threshold=None,",
      "        )",
      '    return {"time": str(db.execute("SELECT now()").fetchone()[0])}',
    ),
  },
  {
    ...{ name: "asyncpg", package: "asyncpg", language: "python" },
    note: "statement_cache_size=0: statements prepared by name do not outlive a transaction here.",
    code: handler(
      "import asyncio",
      "import os",
      "",
      "import asyncpg",
      "",
      "",
      "async def now():",
      '    db = await asyncpg.connect(os.environ["DATABASE_URL"], statement_cache_size=0)',
      "    try:",
      '        return await db.fetchval("SELECT now()")',
      "    finally:",
      "        await db.close()",
      "",
      "",
      "def handler(event):",
      '    return {"time": str(asyncio.run(now()))}',
    ),
  },
  {
    ...{ name: "node-postgres", package: "pg", language: "node" },
    note: "Give queries no name: a named one is a prepared statement, which does not outlive a transaction here.",
    code: handler(
      'const { Pool } = require("pg");',
      "",
      "const db = new Pool({ connectionString: process.env.DATABASE_URL, max: 1 });",
      "",
      "exports.handler = async (event) => {",
      '  const { rows } = await db.query("SELECT now() AS time");',
      "  return rows[0];",
      "};",
    ),
  },
];
