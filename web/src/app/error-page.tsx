import { isRouteErrorResponse, Link, useRouteError } from "react-router";
import { Button } from "@/components/ui/button";
import { useTitle } from "@/lib/title";

/** Instead of a page: its address leads nowhere, or it broke. */
export function ErrorPage() {
  const error = useRouteError();
  const missing = isRouteErrorResponse(error) && error.status === 404;
  return (
    <Message
      title={missing ? "There is no such page" : "This page broke"}
      text={missing ? undefined : message(error)}
    />
  );
}

export function NoSuchPage() {
  return <Message title="There is no such page" />;
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function Message({ title, text }: { title: string; text?: string | undefined }) {
  useTitle(title);
  return (
    <main className="flex min-h-[60dvh] flex-col items-center justify-center gap-3 p-6 text-center">
      <h1 className="text-xl font-semibold">{title}</h1>
      {text && <p className="max-w-lg font-mono text-[0.8125rem] whitespace-pre-wrap text-muted-foreground">{text}</p>}
      <div className="flex gap-2">
        <Button onClick={() => location.reload()}>Load it again</Button>
        <Button asChild variant="primary">
          <Link to="/">To the dashboard</Link>
        </Button>
      </div>
    </main>
  );
}
