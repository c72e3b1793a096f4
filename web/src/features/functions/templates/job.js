// Works through a list, piece by piece. A cron job or another scheduler
// calls it. When its time is nearly over it says where to go on: call it
// again with {"from": next} until next is null.

const orders = Array.from({ length: 200 }, (_, n) => ({ id: n + 1 }));
const spareMs = 1000; // for the answer to go out

export const handler = async (event, context) => {
  const first = event.from ?? 0;
  let at = first;
  while (at < orders.length && context.getRemainingTimeInMillis() > spareMs) {
    await settle(orders[at]);
    at += 1;
  }
  const left = orders.length - at;
  console.log("%d orders settled, %d left", at - first, left);
  return { done: at - first, next: left > 0 ? at : null };
};

// The work itself. When a call fails it is done again: twice must do no harm.
async function settle(order) {
  order.settled = true;
}
