// Checks JSON before anything is done with it, and answers with all that is wrong at once.

const rules = {
  email: [(value) => typeof value === "string" && /^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(value), "an e-mail address"],
  age: [(value) => Number.isInteger(value) && value >= 0 && value <= 150, "a whole number from 0 to 150"],
  newsletter: [(value) => typeof value === "boolean", "true or false"],
};
const required = ["email", "age"];

export const handler = async (event) => {
  const data = "method" in event ? event.body : event; // from the gateway, or called directly
  const problems = check(data);
  if (Object.keys(problems).length > 0) return { statusCode: 422, body: { problems } };
  return { statusCode: 200, body: { accepted: data } };
};

function check(data) {
  if (typeof data !== "object" || data === null || Array.isArray(data)) return { "": "an object is needed" };
  const problems = {};
  for (const name of required) if (!Object.hasOwn(data, name)) problems[name] = "is missing";
  for (const [name, value] of Object.entries(data)) {
    if (!Object.hasOwn(rules, name)) problems[name] = "is not known";
    else if (!rules[name][0](value)) problems[name] = `should be ${rules[name][1]}`;
  }
  return problems;
}
