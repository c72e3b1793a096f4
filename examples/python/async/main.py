"""A coroutine as handler. The loop lives as long as the slot, and so do connections made on it."""

import asyncio


async def square(number):
    await asyncio.sleep(0.01)
    return number * number


async def handler(event):
    squares = await asyncio.gather(*(square(n) for n in event["numbers"]))
    return {"squares": squares}
