import { Send, Square } from "lucide-react";
import type { Schema } from "@/api/client";
import { Button } from "@/components/ui/button";
import { Card, CardBody, CardHeader } from "@/components/ui/card";
import { Field } from "@/components/ui/field";
import { Input, Select, Textarea } from "@/components/ui/input";
import { useTyped } from "@/lib/typed";
import { pathOf, takesBody } from "../request";
import { useSend } from "../use-send";
import type { Tested } from "../use-tester";
import { ReplyView } from "./reply-view";
import { TestResult } from "./test-result";

export const testerMethods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"] as const;
export type TesterMethod = (typeof testerMethods)[number];

interface TesterProps {
  project: Schema<"Project">;
  method: TesterMethod;
  path: string;
  onChange: (change: { method?: TesterMethod; path?: string }) => void;
  tested: Tested;
  functions: Schema<"Function">[];
}

/** Says where a request would go, and sends it. */
export function Tester({ project, method, path, onChange, tested, functions }: TesterProps) {
  const [text, setText] = useTyped(path, (typed) => onChange({ path: pathOf(typed, project.gateway_url) }));
  const request = useSend();
  const submit = (event: React.FormEvent) => {
    event.preventDefault();
    const target = pathOf(text, project.gateway_url);
    onChange({ path: target });
    if (!request.sending) request.send(method, project.gateway_url + target);
  };
  return (
    <Card className="mt-5">
      <CardHeader
        title="Try a request"
        description="Which route takes it shows while you type. Send calls the function for real, as you."
      />
      <CardBody>
        <form aria-label="Try a request" className="grid gap-3" onSubmit={submit}>
          <div className="flex flex-wrap gap-2 sm:flex-nowrap">
            <Select
              aria-label="Method of the request"
              className="w-28 font-mono"
              value={method}
              onChange={(event) => onChange({ method: event.target.value as TesterMethod })}
            >
              {testerMethods.map((each) => (
                <option key={each}>{each}</option>
              ))}
            </Select>
            <Input
              aria-label="Path of the request"
              className="min-w-40 flex-1 font-mono"
              placeholder="/users/7?verbose=1"
              value={text}
              onChange={(event) => setText(event.target.value)}
            />
            {request.sending ? (
              <Button className="max-sm:w-full" onClick={request.stop}>
                <Square /> Stop
              </Button>
            ) : (
              <Button type="submit" variant="primary" className="max-sm:w-full">
                <Send /> Send
              </Button>
            )}
          </div>
          <TestResult method={method} path={path} tested={tested} functions={functions} />
          <RequestParts method={method} request={request} />
        </form>
        <ReplyView request={request} />
      </CardBody>
    </Card>
  );
}

function RequestParts({ method, request }: { method: string; request: ReturnType<typeof useSend> }) {
  return (
    <details className="group" open={takesBody(method) || undefined}>
      <summary className="cursor-pointer text-[0.8125rem] text-muted-foreground hover:text-foreground">
        {takesBody(method) ? "Body and headers" : "Headers"}
      </summary>
      <div className="mt-2 grid gap-3 sm:grid-cols-2">
        {takesBody(method) && (
          <Field label="Body" hint="JSON if it reads as such, else text.">
            {(control) => (
              <Textarea
                {...control}
                className="font-mono text-[0.8125rem]"
                rows={5}
                placeholder='{"name": "Ada"}'
                value={request.body}
                onChange={(event) => request.setBody(event.target.value)}
              />
            )}
          </Field>
        )}
        <Field label="Headers" hint="A line for each.">
          {(control) => (
            <Textarea
              {...control}
              className="font-mono text-[0.8125rem]"
              rows={takesBody(method) ? 5 : 3}
              placeholder="X-Request-Name: value"
              value={request.headers}
              onChange={(event) => request.setHeaders(event.target.value)}
            />
          )}
        </Field>
      </div>
    </details>
  );
}
