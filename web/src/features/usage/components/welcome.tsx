import { useQuery } from "@tanstack/react-query";
import { Check } from "lucide-react";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { CopyButton } from "@/components/copy-button";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { cn } from "@/lib/cn";
import { recentProjectsQuery } from "../queries";

/** The way from nothing to the first call, in the page and on the command line. */
export function Welcome({ hasFunctions }: { hasFunctions: boolean }) {
  const projects = useQuery(recentProjectsQuery());
  const hasProjects = (projects.data?.length ?? 0) > 0;
  const steps: StepProps[] = [
    {
      title: "Make a project",
      text: "It holds functions, routes and variables that belong together, and the people who work on them.",
      done: hasProjects,
      command: "virga project create shop",
      action: <Link to="/projects/new">New project</Link>,
    },
    {
      title: "Write a function",
      text: "A few lines of Python or JavaScript that take an event and return a result. There is a template to begin with.",
      done: hasFunctions,
      command: "virga deploy hello.py",
      action: <Link to="/functions/new">New function</Link>,
    },
    {
      title: "Call it",
      text: "From the function's page, by its address, or from the command line. What it does shows here.",
      done: false,
      command: "virga invoke hello",
      action: <Link to="/functions">To the functions</Link>,
    },
  ];
  const next = steps.findIndex((step) => !step.done);
  return (
    <section aria-labelledby="welcome" className="grid gap-4">
      <div>
        <h2 id="welcome" className="text-base font-semibold">
          From nothing to the first call
        </h2>
        <p className="text-muted-foreground">Three steps, here or on the command line.</p>
      </div>
      <ol className="grid gap-4 lg:grid-cols-3">
        {steps.map((step, at) => (
          <Step key={step.title} number={at + 1} isNext={at === next} {...step} />
        ))}
      </ol>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1.5 text-muted-foreground">
        On the command line, sign in first:
        <Command text={`virga login ${location.origin}`} />
      </div>
    </section>
  );
}

interface StepProps {
  title: string;
  text: string;
  done: boolean;
  command: string;
  action: ReactNode;
}

function Step({ number, isNext, title, text, done, command, action }: StepProps & { number: number; isNext: boolean }) {
  return (
    <li className="flex min-w-0">
      <Card className={cn("flex w-full min-w-0 flex-col gap-3 p-5", isNext && "border-ring")}>
        <div className="flex items-center gap-2.5">
          <span
            className={cn(
              "grid size-6 shrink-0 place-items-center rounded-full bg-accent text-xs font-semibold text-accent-foreground",
              done && "bg-success-soft text-success",
            )}
          >
            {done ? <Check className="size-3.5" aria-hidden /> : <span aria-hidden>{number}</span>}
          </span>
          <h3 className="font-semibold">
            {title}
            {done && <span className="sr-only"> (done)</span>}
          </h3>
        </div>
        <p className="grow text-muted-foreground">{text}</p>
        <Command text={command} />
        <div>
          <Button asChild variant={isNext ? "primary" : "outline"} size="small">
            {action}
          </Button>
        </div>
      </Card>
    </li>
  );
}

function Command({ text }: { text: string }) {
  return (
    <div className="flex max-w-full min-w-0 items-center gap-1 rounded-md border bg-muted/50 py-0.5 pr-0.5 pl-3">
      <code className="min-w-0 grow py-1 font-mono text-[0.8125rem] wrap-anywhere text-foreground">{text}</code>
      <CopyButton text={text} label={`Copy the command ${text}`} />
    </div>
  );
}
