import { History, Play, SquareTerminal } from "lucide-react";
import { useState } from "react";
import { CodeArea } from "@/components/code-area";
import { Empty } from "@/components/empty";
import { RoleNote } from "@/components/role-note";
import { Button } from "@/components/ui/button";
import { Kbd } from "@/components/ui/kbd";
import { Menu, MenuItem, MenuLine } from "@/components/ui/menu";
import { Switch } from "@/components/ui/switch";
import { milliseconds, plural } from "@/lib/format";
import { keyNames, useShortcut } from "@/lib/shortcuts";
import { addToHistory, clearHistory, readHistory } from "../history";
import { type Result, useRunQuery } from "../queries";
import { ResultGrid } from "./result-grid";
import { SqlError } from "./sql-error";

interface SqlPaneProps {
  id: string;
  mayEdit: boolean;
  /** How many tables there are, as far as is known. */
  tables: number | undefined;
}

/** What was typed last, per project: a look at a table must not take it away. */
const texts = new Map<string, string>();

export function leaveSql(id: string, sql: string) {
  texts.set(id, sql);
}

/** A text of SQL, the keys that run it, and what PostgreSQL answers. */
export function SqlPane({ id, mayEdit, tables }: SqlPaneProps) {
  const [sql, setSql] = useState(() => texts.get(id) ?? "");
  const [readOnly, setReadOnly] = useState(false);
  const [history, setHistory] = useState(() => readHistory(id));
  const run = useRunQuery(id);
  const type = (text: string) => {
    leaveSql(id, text);
    setSql(text);
  };
  const go = () => {
    if (!mayEdit || !sql.trim() || run.isPending) return;
    setHistory(addToHistory(id, sql));
    run.mutate({ sql, readOnly });
  };
  useShortcut("mod+Enter", "Run the SQL", go);
  if (!mayEdit)
    return <RoleNote>Editors and owners of the project run SQL. The columns of the tables are listed here.</RoleNote>;
  return (
    <section aria-label="SQL" className="grid min-w-0 gap-3">
      <CodeArea
        aria-label="SQL"
        className="h-44"
        placeholder={tables === 0 ? firstTable : "SELECT 1"}
        value={sql}
        onChange={type}
      />
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <Button variant="primary" pending={run.isPending} disabled={!sql.trim()} onClick={go}>
          {!run.isPending && <Play />} Run
        </Button>
        <span className="flex gap-1 max-sm:hidden" aria-hidden>
          {keyNames("mod+Enter").map((key) => (
            <Kbd key={key}>{key}</Kbd>
          ))}
        </span>
        <Switch label="Read only" checked={readOnly} onChange={setReadOnly} />
        <div className="ml-auto">
          {history.length > 0 && (
            <HistoryMenu
              entries={history}
              onPick={type}
              onClear={() => {
                clearHistory(id);
                setHistory([]);
              }}
            />
          )}
        </div>
      </div>
      <div aria-live="polite" aria-busy={run.isPending} className="grid min-w-0 gap-2">
        {run.error && <SqlError error={run.error} />}
        {run.data && !run.error && <Answer key={run.submittedAt} result={run.data} />}
        {!run.data && !run.error && (
          <Empty icon={SquareTerminal} title="Ask the database">
            SQL runs as the project's own role, all of it in one transaction. Rows show here.
          </Empty>
        )}
      </div>
    </section>
  );
}

const firstTable =
  "CREATE TABLE notes (\n  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,\n  text text NOT NULL\n);";

function Answer({ result }: { result: Result }) {
  return (
    <>
      <p className="flex flex-wrap gap-x-3 text-[0.8125rem] text-muted-foreground tabular-nums">
        <span className="font-mono text-foreground">{result.command}</span>
        {result.columns.length > 0 && <span>{plural(result.rows.length, "row")}</span>}
        <span>{milliseconds(result.duration_ms)}</span>
        {result.truncated && <span className="text-warning">There are more rows: only the first ones are shown.</span>}
      </p>
      {result.columns.length > 0 && <ResultGrid label="Result" result={result} />}
    </>
  );
}

interface HistoryMenuProps {
  entries: string[];
  onPick: (sql: string) => void;
  onClear: () => void;
}

const entriesShown = 15;

function HistoryMenu({ entries, onPick, onClear }: HistoryMenuProps) {
  return (
    <Menu
      trigger={
        <Button size="small">
          <History /> History
        </Button>
      }
    >
      {entries.slice(0, entriesShown).map((sql) => (
        <MenuItem key={sql} title={sql} onSelect={() => onPick(sql)}>
          <span className="max-w-[min(28rem,80vw)] truncate font-mono text-xs">{sql.replace(/\s+/g, " ")}</span>
        </MenuItem>
      ))}
      <MenuLine />
      <MenuItem onSelect={onClear}>Forget them on this browser</MenuItem>
    </Menu>
  );
}
