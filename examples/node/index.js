// A function in JavaScript: greets whoever the event names.

export const handler = async (event, context) => {
  const name = event.name ?? 'world';
  console.log('greeting %s, %d ms left', name, context.getRemainingTimeInMillis());
  return { greeting: `hello, ${name}` };
};
