// Greets whoever the event names.

export const handler = async (event, context) => {
  const name = event.name ?? "world";
  console.log("greeting %s", name); // goes to the log of the call
  return { message: `Hello, ${name}` }; // goes out as JSON
};
