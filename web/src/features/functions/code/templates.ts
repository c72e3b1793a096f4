/** Inputs to begin with. */
const request = {
  method: "POST",
  path: "/hello/Ada",
  rawPath: "/hello/Ada",
  params: { name: "Ada" },
  query: { q: "1" },
  multiQuery: { q: ["1"] },
  headers: { accept: "*/*", "content-type": "application/json" },
  multiHeaders: { accept: ["*/*"], "content-type": ["application/json"] },
  cookies: {},
  authorization: null,
  body: { x: 1 },
  isBase64Encoded: false,
  requestId: "0196f0c1d2e33f9c0a1b2c3d4e5f60718293",
  sourceIp: "127.0.0.1",
  host: "api.example",
  scheme: "https",
};

export const inputTemplates: [string, string][] = [
  ["Empty", "{}"],
  ["Gateway request", JSON.stringify(request, null, 2)],
];
