import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { isRouteErrorResponse, Link, useRouteError } from "react-router";
import { Button } from "@/components/ui/button";
import { useTitle } from "@/lib/title";
import { healthQuery } from "./health";

/** Instead of a page: its address leads nowhere, its code did not come, or it broke. */
export function ErrorPage() {
  const error = useRouteError();
  if (isRouteErrorResponse(error) && error.status === 404) return <NoSuchPage />;
  if (isMissingCode(error)) return <CodeDidNotCome />;
  return <Message title="This page broke" text={error instanceof Error ? error.message : String(error)} />;
}

export function NoSuchPage() {
  return <Message title="There is no such page" />;
}

/** As the browsers say that a part of the program could not be fetched. */
function isMissingCode(error: unknown): boolean {
  return error instanceof TypeError && /dynamically imported module|importing a module script/i.test(error.message);
}

const lastReload = "virga.reloaded";

/** The server is away, or another version of it is there by now: the page is loaded anew once it answers, but not twice
 * in a short time, should that not help. */
function CodeDidNotCome() {
  const health = useQuery(healthQuery());
  const [since] = useState(Date.now);
  const answers = health.isSuccess && health.dataUpdatedAt > since;
  useEffect(() => void health.refetch(), [health.refetch]);
  useEffect(() => {
    const last = Number(sessionStorage.getItem(lastReload) ?? 0);
    if (!answers || Date.now() - last < 10_000) return;
    sessionStorage.setItem(lastReload, String(Date.now()));
    location.reload();
  }, [answers]);
  return <Message title="This page could not be fetched" text="It is loaded as soon as the server answers." />;
}

function Message({ title, text }: { title: string; text?: string | undefined }) {
  useTitle(title);
  return (
    <main className="flex min-h-[60dvh] flex-col items-center justify-center gap-3 p-6 text-center">
      <h1 className="text-xl font-semibold">{title}</h1>
      {text && <p className="max-w-lg whitespace-pre-wrap text-muted-foreground">{text}</p>}
      <div className="flex gap-2">
        <Button onClick={() => location.reload()}>Load it again</Button>
        <Button asChild variant="primary">
          <Link to="/">To the dashboard</Link>
        </Button>
      </div>
    </main>
  );
}
