"""Works through a list, piece by piece. A cron job or another scheduler calls it; when its time
is nearly over it says where to go on: call it again with {"from": next} until next is null."""

ORDERS = [{"id": n, "total": 5 * n % 17} for n in range(1, 201)]
SPARE_MS = 1000  # for the answer to go out


def handler(event, context):
    at = event.get("from", 0)
    done = 0
    while at < len(ORDERS) and context.get_remaining_time_in_millis() > SPARE_MS:
        settle(ORDERS[at])
        at += 1
        done += 1
    left = len(ORDERS) - at
    print(f"{done} orders settled, {left} left")
    return {"done": done, "next": at if left > 0 else None}


def settle(order):
    """The work itself. It may run twice for the same order when a call fails: that must do no harm."""
    order["settled"] = True
