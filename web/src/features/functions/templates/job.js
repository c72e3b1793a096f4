// Works through a list, piece by piece. A cron job or another scheduler calls it; when its time
// is nearly over it says where to go on: call it again with {"from": next} until next is null.

const orders = Array.from({ length: 200 }, (_, n) => ({ id: n + 1, total: (5 * n) % 17 }));
const spareMs = 1000; // for the answer to go out

export const handler = async (event, context) => {
  const from = event.from ?? 0;
  let at = from;
  while (at < orders.length && context.getRemainingTimeInMillis() > spareMs) await settle(orders[at++]);
  const left = orders.length - at;
  console.log("%d orders settled, %d left", at - from, left);
  return { done: at - from, next: left > 0 ? at : null };
};

// The work itself. It may run twice for the same order when a call fails: that must do no harm.
async function settle(order) {
  order.settled = true;
}
