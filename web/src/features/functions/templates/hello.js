// Greets whoever the event names. What is returned goes out as JSON.

export const handler = async (event, context) => {
  const name = event.name ?? "world";
  console.log("greeting %s", name); // printed lines stand in the log of the call
  return { message: `Hello, ${name}` };
};
