import { Link } from "react-router";
import { CodeBlock } from "@/components/code-block";
import { Card, CardBody, CardHeader } from "@/components/ui/card";
import { Segmented } from "@/components/ui/segmented";
import { choiceParam, useSearch } from "@/lib/search";
import { snippets } from "../snippets";

const search = { client: choiceParam("psycopg", "asyncpg", "node-postgres") };

/** Ready code for the usual clients, with what the pooler asks of them. */
export function SnippetsCard({ id }: { id: string }) {
  const [{ client }, change] = useSearch(search);
  const shown = snippets.find(({ name }) => name === client) ?? snippets[0];
  if (!shown) return null;
  const add = new URLSearchParams({ add: shown.package, ...(shown.language === "node" && { language: "node" }) });
  return (
    <Card aria-label="Use it in a function">
      <CardHeader
        title="Use it in a function"
        description="Many functions share few connections: each has one for the time of a transaction"
      />
      <CardBody className="grid grid-cols-1 gap-3">
        <CodeBlock
          code={shown.code}
          label={`${shown.name} code`}
          title={
            <Segmented
              label="Client"
              value={client}
              onChange={(next) => change({ client: next })}
              options={[
                ["psycopg", "psycopg"],
                ["asyncpg", "asyncpg"],
                ["node-postgres", "node-postgres"],
              ]}
            />
          }
        />
        <p className="text-[0.8125rem] text-muted-foreground">
          {shown.note} LISTEN, session-wide SET and advisory locks of sessions do not work either.
        </p>
        <Link
          to={`/projects/${id}/dependencies?${add}`}
          className="justify-self-start text-[0.8125rem] text-primary underline-offset-4 hover:underline"
        >
          Add {shown.package} to the packages of the project
        </Link>
      </CardBody>
    </Card>
  );
}
