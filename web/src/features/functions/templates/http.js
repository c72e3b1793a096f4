// Answers HTTP requests by method and path.
// Give it the route ANY /greetings/*rest in its project.

const greetings = { en: "Hello", fr: "Bonjour", sw: "Habari" };

export const handler = async (event) => {
  const { method = "GET", path = "/greetings", query = {} } = event;
  const [first, language, ...rest] = path.split("/").filter(Boolean);
  const action = `${method} ${first} ${language ? "one" : "all"}`;

  if (rest.length > 0) return nothing(method, path);
  if (action === "GET greetings all") return greetings; // any value: 200, as JSON
  if (action === "GET greetings one" && Object.hasOwn(greetings, language)) {
    const name = query.name ?? "world"; // ?name=Ada
    return text(200, `${greetings[language]}, ${name}\n`);
  }
  if (action === "POST greetings all") {
    return { statusCode: 201, body: { received: event.body ?? null } };
  }
  return nothing(method, path);
};

const nothing = (method, path) => text(404, `There is nothing at ${method} ${path}\n`);

function text(statusCode, body) {
  const headers = { "Content-Type": "text/plain; charset=utf-8" };
  return { statusCode, headers, body };
}
