// Checks JSON before anything is done with it, and names all that is wrong.

const email = /^[^@\s]+@[^@\s]+\.[^@\s]+$/;
const required = ["email", "age"];
const rules = {
  email: [(text) => typeof text === "string" && email.test(text), "an e-mail address"],
  age: [(n) => Number.isInteger(n) && n >= 0 && n <= 150, "a whole number from 0 to 150"],
  newsletter: [(flag) => typeof flag === "boolean", "true or false"],
};

export const handler = async (event) => {
  const data = "method" in event ? event.body : event; // from the gateway, or called directly
  const problems = check(data);
  if (Object.keys(problems).length > 0) return { statusCode: 422, body: { problems } };
  return { statusCode: 200, body: { accepted: data } };
};

function check(data) {
  if (data === null || typeof data !== "object") return { "": "should be an object" };
  const problems = {};
  for (const name of required) {
    if (!Object.hasOwn(data, name)) problems[name] = "is missing";
  }
  for (const [name, value] of Object.entries(data)) {
    const [fits, wanted] = Object.hasOwn(rules, name) ? rules[name] : [() => false, "left out"];
    if (!fits(value)) problems[name] = `should be ${wanted}`;
  }
  return problems;
}
