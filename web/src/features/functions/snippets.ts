/** Ready lines of code that call a function. */
import type { Schema } from "@/api/client";

export const snippetLanguages = ["curl", "virga", "javascript", "python"] as const;
export type SnippetLanguage = (typeof snippetLanguages)[number];

export interface Target {
  method: string;
  url: string;
  /** The route as it was written; undefined for a call by id. */
  route?: string;
}

type Fn = Pick<Schema<"Function">, "id" | "access">;

const event = { name: "Ada" };

/** Where a function is reached: by its id first, then by each of its routes. */
export function targetsOf(origin: string, fn: Fn, gateway: string, routes: Schema<"Route">[]): Target[] {
  const direct = { method: "POST", url: `${origin}/api/invoke/${fn.id}` };
  const own = routes.filter((route) => route.function_id === fn.id);
  return [direct, ...own.map((route) => routeTarget(origin + gateway, route))];
}

/** Parameters stand in capitals, to be replaced: /users/:id is /users/ID. */
function routeTarget(base: string, { method, path }: Schema<"Route">): Target {
  const filled = path.split("/").map((part) => (/^[:*]/.test(part) ? part.slice(1).toUpperCase() : part));
  const url = base + filled.map(escaped).join("/");
  return { method: method === "ANY" ? "GET" : method, url, route: `${method} ${path}` };
}

/** A path may have any sign: in the code around it none of them may mean something. */
const escaped = (part: string) =>
  encodeURIComponent(part).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);

/** Undefined when there is no such way: the command line takes no routes. */
export function snippet(language: SnippetLanguage, target: Target, fn: Fn): string | undefined {
  const request = { ...target, body: bodyOf(target), key: fn.access !== "public" };
  if (language === "curl") return curl(request);
  if (language === "javascript") return javascript(request);
  if (language === "python") return python(request);
  return !target.route ? virga(target, fn) : undefined;
}

interface Request extends Target {
  body: object | undefined;
  key: boolean;
}

function bodyOf({ method, route }: Target): object | undefined {
  if (!route) return { input: event };
  return ["POST", "PUT", "PATCH"].includes(method) ? event : undefined;
}

/** As people write it: {"name": "Ada"}. */
function json(value: object): string {
  return JSON.stringify(value, null, 1).replace(/\n\s*/g, " ").replace(/\{ /g, "{").replace(/ \}/g, "}");
}

function curl({ method, url, body, key }: Request): string {
  const lines = [`curl ${method === "GET" ? "" : method === "HEAD" ? "-I " : `-X ${method} `}'${url}'`];
  if (key) lines.push(`-H "Authorization: Bearer $VIRGA_KEY"`);
  if (body) lines.push(`-H 'Content-Type: application/json'`, `-d '${json(body)}'`);
  return lines.join(" \\\n  ");
}

/** By the id: to find a name takes a key, also where the call takes none. */
function virga({ url }: Target, fn: Fn): string {
  return `virga invoke ${fn.id} '${json(event)}' \\\n  --server ${new URL(url).origin}`;
}

function javascript({ method, url, body, key, route }: Request): string {
  const headers = [
    body && `"Content-Type": "application/json"`,
    key && `Authorization: "Bearer " + process.env.VIRGA_KEY`,
  ];
  const options = [
    method !== "GET" && `method: "${method}"`,
    (body || key) && `headers: { ${headers.filter(Boolean).join(", ")} }`,
    body && `body: JSON.stringify(${json(body)})`,
  ].filter(Boolean);
  const rest = options.length > 0 ? `, {\n${options.map((each) => `  ${each},\n`).join("")}}` : "";
  return `const answer = await fetch("${url}"${rest});\nconsole.log(await answer.${route ? "text" : "json"}());`;
}

function python({ method, url, body, key, route }: Request): string {
  const headers = [
    body && `        "Content-Type": "application/json",\n`,
    key && `        "Authorization": f"Bearer {os.environ['VIRGA_KEY']}",\n`,
  ].filter(Boolean);
  return [
    (!route || body) && "import json\n",
    key && "import os\n",
    "import urllib.request\n\n",
    `request = urllib.request.Request(\n    "${url}",\n    method="${method}",\n`,
    headers.length > 0 && `    headers={\n${headers.join("")}    },\n`,
    body && `    data=json.dumps(${json(body)}).encode(),\n`,
    ")\nwith urllib.request.urlopen(request) as answer:\n",
    route ? "    print(answer.read().decode())" : "    print(json.load(answer))",
  ]
    .filter(Boolean)
    .join("");
}
