"""Settings come from the environment, facts about the call from the second argument."""

import os

GREETING = os.environ.get("GREETING", "Hello")  # read once, when the code is loaded


def handler(event, context):
    return {
        "greeting": GREETING,
        "function": context.function_name,
        "version": context.function_version,
        "runtime": context.runtime,
        "time_left_ms": context.get_remaining_time_in_millis(),
    }
