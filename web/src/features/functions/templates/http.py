"""Answers HTTP requests by method and path.

Give it the route ANY /greetings/*rest in its project."""

GREETINGS = {"en": "Hello", "fr": "Bonjour", "sw": "Habari"}


def handler(event):
    path = event.get("path", "/greetings")
    parts = [part for part in path.split("/") if part]
    match event.get("method", "GET"), parts:
        case "GET", ["greetings"]:
            return GREETINGS  # any value: 200, as JSON
        case "GET", ["greetings", language] if language in GREETINGS:
            name = event.get("query", {}).get("name", "world")  # ?name=Ada
            return text(200, f"{GREETINGS[language]}, {name}\n")
        case "POST", ["greetings"]:
            return {"statusCode": 201, "body": {"received": event.get("body")}}
        case method, _:
            return text(404, f"There is nothing at {method} {path}\n")


def text(status, body):
    headers = {"Content-Type": "text/plain; charset=utf-8"}
    return {"statusCode": status, "headers": headers, "body": body}
