/** What a handler is given, member by member: for completion and for what is said when the mouse rests on one. */

export interface Member {
  name: string;
  type: string;
  text: string;
  /** Of a context: how it is written when it is called. */
  call?: boolean;
}

const member = (name: string, type: string, text: string, call = false): Member => ({ name, type, text, call });

/** Of the event behind a route of the gateway. A direct call gets the input as it was sent. */
export const eventMembers: Member[] = [
  member("method", "text", "The request's method, such as `GET`."),
  member("path", "text", "The path behind the project's slug, decoded."),
  member("rawPath", "text", "The path as it was sent, with its escapes."),
  member("params", "object", "What the route's `:name` and `*rest` matched."),
  member("query", "object", "The query: the last value of each name."),
  member("multiQuery", "object", "The query: all values of each name, as lists."),
  member("headers", "object", "The headers: names in lower case, the last value of each."),
  member("multiHeaders", "object", "The headers: names in lower case, all values, as lists."),
  member("cookies", "object", "The cookies: the first value of each name."),
  member(
    "authorization",
    "text or null",
    "The `Authorization` header, so that a function can check its own users. Only with access `public` and without public logs; else null.",
  ),
  member(
    "body",
    "any JSON, text or null",
    "JSON when it is some, whatever the content type; else text; else base64, and `isBase64Encoded` is true. Null with `GET`, `HEAD`, `OPTIONS`, `DELETE` or when empty.",
  ),
  member("isBase64Encoded", "boolean", "Whether `body` is base64 of bytes that are no text."),
  member("requestId", "text", "The id of the call: `X-Virga-Call` of the answer, and of its record."),
  member("sourceIp", "text", "The address of the client."),
  member("host", "text", "The host that the client asked."),
  member("scheme", "text", "`http` or `https`."),
];

const pythonContext: Member[] = [
  member("function_name", "text", "The function's name."),
  member("function_version", "number", "The version that runs."),
  member("call_id", "text", "The id of this call, as in its record."),
  member("aws_request_id", "text", "The same as `call_id`."),
  member("runtime", "text", "`python`."),
  member("deadline", "number", "When the call is ended, in seconds of `time.monotonic()`."),
  member("get_remaining_time_in_millis", "number", "Milliseconds until the call is ended.", true),
];

const javascriptContext: Member[] = [
  member("functionName", "text", "The function's name."),
  member("functionVersion", "text", "The version that runs."),
  member("callId", "text", "The id of this call, as in its record."),
  member("awsRequestId", "text", "The same as `callId`."),
  member("runtime", "text", "`nodejs`."),
  member("getRemainingTimeInMillis", "number", "Milliseconds until the call is ended.", true),
];

export const contextMembers = (language: string) => (language === "python" ? pythonContext : javascriptContext);

interface Snippet {
  label: string;
  text: string;
  body: string;
}

/** `$0` is where one goes on writing. */
const python: Snippet[] = [
  {
    label: "handler",
    text: "A function's handler",
    body: 'def handler(event, context):\n    return {"hello": event.get("name", "world")}$0\n',
  },
  {
    label: "response",
    text: "A response with status and headers",
    body: 'return {\n    "statusCode": 200,\n    "headers": {"Content-Type": "text/plain"},\n    "body": "$0",\n}',
  },
  {
    label: "stream",
    text: "A handler that answers in pieces, as server-sent events",
    body: 'def handler(event, context):\n    yield {"headers": {"Content-Type": "text/event-stream"}}\n    for number in range(3):\n        yield f"data: {number}\\n\\n"$0\n',
  },
];

const javascript: Snippet[] = [
  {
    label: "handler",
    text: "A function's handler",
    body: 'exports.handler = async (event, context) => {\n  return { hello: event.name ?? "world" };$0\n};\n',
  },
  {
    label: "response",
    text: "A response with status and headers",
    body: 'return {\n  statusCode: 200,\n  headers: { "Content-Type": "text/plain" },\n  body: "$0",\n};',
  },
  {
    label: "stream",
    text: "A handler that answers in pieces, as server-sent events",
    body: 'exports.handler = async function* (event, context) {\n  yield { headers: { "Content-Type": "text/event-stream" } };\n  for (const number of [3, 2, 1]) yield "data: " + number + "\\n\\n";$0\n};\n',
  },
];

export const snippets = (language: string) => (language === "python" ? python : javascript);
