import { useEffect, useRef, useState } from "react";
import { type Reply, send } from "./request";

/** A request that is being put together, and the answer to the last one that was sent. */
export function useSend() {
  const [body, setBody] = useState("");
  const [headers, setHeaders] = useState("");
  const [reply, setReply] = useState<Reply>();
  const [failure, setFailure] = useState<string>();
  const [sending, setSending] = useState(false);
  const running = useRef<AbortController>(undefined);
  useEffect(() => () => running.current?.abort(), []);
  const start = (method: string, url: string) => {
    const control = new AbortController();
    running.current = control;
    setReply(undefined);
    setFailure(undefined);
    setSending(true);
    send({ method, url, headers, body }, control.signal, setReply)
      .catch((error: Error) => setFailure(control.signal.aborted ? "Stopped." : error.message))
      .finally(() => setSending(false));
  };
  return {
    ...{ body, setBody, headers, setHeaders, reply, failure, sending },
    send: start,
    stop: () => running.current?.abort(),
  };
}
