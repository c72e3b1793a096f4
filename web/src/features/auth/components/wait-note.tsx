import { Hourglass } from "lucide-react";
import { useEffect, useState } from "react";
import { ApiError } from "@/api/error";
import { ErrorNote } from "@/components/error-note";
import { waitText } from "../words";

/** Why signing in failed; after too many attempts also when the next one is worth it, counted down. */
export function SignInError({ error, at }: { error: unknown; at: number }) {
  if (!(error instanceof ApiError) || error.status !== 429 || !error.retryAfterS) {
    return <ErrorNote error={error} shown={["login", "password"]} />;
  }
  return <WaitNote key={at} text={error.message} until={at + error.retryAfterS * 1000} />;
}

function WaitNote({ text, until }: { text: string; until: number }) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  const left = Math.max(0, Math.ceil((until - now) / 1000));
  return (
    <div className="flex gap-2 rounded-md bg-warning-soft px-3 py-2 text-warning">
      <Hourglass className="mt-0.5 size-4 shrink-0" aria-hidden />
      {/* Said once; only the eye follows the seconds. */}
      <p role="alert" className="sr-only">
        {text}
      </p>
      <p aria-hidden className="tabular-nums">
        {left > 0 ? `Too many attempts. Try again in ${waitText(left)}.` : "You can try again now."}
      </p>
    </div>
  );
}
