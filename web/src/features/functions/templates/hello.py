"""Greets whoever the event names. What is returned goes out as JSON."""


def handler(event, context):
    name = event.get("name", "world")
    print(f"greeting {name}")  # printed lines stand in the log of the call
    return {"message": f"Hello, {name}"}
