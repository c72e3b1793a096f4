// Answers HTTP requests. Give it the route ANY /greetings/*rest in its project.

const greetings = { en: "Hello", fr: "Bonjour", sw: "Habari" };

export const handler = async (event) => {
  const { method = "GET", path = "/greetings", query = {}, body } = event;
  const [first, language, ...rest] = path.split("/").filter(Boolean);
  const found = first === "greetings" && rest.length === 0;

  if (found && method === "GET" && !language) return greetings; // any value: 200, as JSON
  if (found && method === "GET" && Object.hasOwn(greetings, language))
    return text(200, `${greetings[language]}, ${query.name ?? "world"}\n`); // ?name=Ada
  if (found && method === "POST" && !language) return { statusCode: 201, body: { received: body } };
  return text(404, `There is nothing at ${method} ${path}\n`);
};

function text(statusCode, body) {
  return { statusCode, headers: { "Content-Type": "text/plain; charset=utf-8" }, body };
}
