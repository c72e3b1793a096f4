import { useState } from "react";
import { CopyButton } from "@/components/copy-button";
import { Badge, type Tone } from "@/components/ui/badge";
import { Segmented } from "@/components/ui/segmented";
import { bytes, milliseconds } from "@/lib/format";
import { type Reply, readable } from "../request";

interface ReplyViewProps {
  request: { reply: Reply | undefined; failure: string | undefined; sending: boolean };
}

/** What came back: status, time and size, and the body or the headers. */
export function ReplyView({ request: { reply, failure, sending } }: ReplyViewProps) {
  return (
    <section aria-label="Answer" aria-live="polite" aria-busy={sending}>
      {reply && <Answer reply={reply} />}
      {failure && <p className="mt-3 text-danger">{failure}</p>}
    </section>
  );
}

function tone(status: number): Tone {
  if (status >= 500) return "danger";
  if (status >= 400) return "warning";
  return status >= 300 ? "accent" : "success";
}

function Answer({ reply }: { reply: Reply }) {
  const [part, setPart] = useState<"body" | "headers">("body");
  const text = part === "body" ? readable(reply) : reply.headers.map((each) => each.join(": ")).join("\n");
  return (
    <div className="mt-4 overflow-hidden rounded-md border">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2 border-b bg-muted/50 px-3 py-2">
        <Badge tone={tone(reply.status)}>{reply.status}</Badge>
        <span className="text-[0.8125rem] text-muted-foreground tabular-nums">
          {milliseconds(reply.ms)}
          {reply.ms - reply.firstMs > 20 && `, first byte after ${milliseconds(reply.firstMs)}`}
          {` · ${bytes(reply.bytes)}`}
        </span>
        <span className="grow" />
        <Segmented
          label="Part of the answer"
          value={part}
          onChange={setPart}
          options={[
            ["body", "Body"],
            ["headers", `Headers (${reply.headers.length})`],
          ]}
        />
        <CopyButton text={text} label={part === "body" ? "Copy the body" : "Copy the headers"} />
      </div>
      <pre
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be within reach of the keyboard
        tabIndex={0}
        className="max-h-96 overflow-auto px-3 py-2.5 font-mono text-[0.8125rem] whitespace-pre-wrap wrap-anywhere"
      >
        {text || <span className="text-muted-foreground">{reply.done ? "An empty body" : "Waiting for the body"}</span>}
      </pre>
    </div>
  );
}
