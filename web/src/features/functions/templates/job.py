"""Works through a list, piece by piece. A cron job or another scheduler
calls it. When its time is nearly over it says where to go on: call it
again with {"from": next} until next is null."""

ORDERS = [{"id": n, "total": 5 * n % 17} for n in range(1, 201)]
SPARE_MS = 1000  # for the answer to go out


def handler(event, context):
    first = at = event.get("from", 0)
    while at < len(ORDERS) and context.get_remaining_time_in_millis() > SPARE_MS:
        settle(ORDERS[at])
        at += 1
    left = len(ORDERS) - at
    print(f"{at - first} orders settled, {left} left")
    return {"done": at - first, "next": at if left > 0 else None}


def settle(order):
    """The work itself. When a call fails it is done again: twice must do no harm."""
    order["settled"] = True
