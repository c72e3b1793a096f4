"""Greets whoever the event names."""


def handler(event, context):
    name = event.get("name", "world")
    print(f"greeting {name}")  # goes to the log of the call
    return {"message": f"Hello, {name}"}  # goes out as JSON
