"""A result in pieces: each one is on its way as soon as it is yielded. Here as server-sent events."""

import time


def handler(event):
    # Optional, and only as the first piece; without it the status is 200.
    yield {"statusCode": 200, "headers": {"content-type": "text/event-stream"}}
    for number in range(event.get("from", 3), 0, -1):
        print(f"counting {number}")  # goes to the call's log as ever
        yield f"data: {number}\n\n"
        time.sleep(event.get("pause", 0))
    yield "data: lift-off\n\n"
