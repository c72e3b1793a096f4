"""The smallest function: an event comes in, what is returned goes out as JSON."""


def handler(event):
    name = event.get("name", "world")
    print(f"greeting {name}")  # goes to the call's log
    return {"message": f"Hello, {name}!"}
