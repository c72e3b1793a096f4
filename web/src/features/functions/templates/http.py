"""Answers HTTP requests. Give it the route ANY /greetings/*rest in its project."""

GREETINGS = {"en": "Hello", "fr": "Bonjour", "sw": "Habari"}


def handler(event):
    parts = [part for part in event.get("path", "/greetings").split("/") if part]
    match event.get("method", "GET"), parts:
        case "GET", ["greetings"]:
            return GREETINGS  # any value: 200, as JSON
        case "GET", ["greetings", language] if language in GREETINGS:
            return text(200, f"{GREETINGS[language]}, {who(event)}\n")
        case "POST", ["greetings"]:
            return {"statusCode": 201, "body": {"received": event.get("body")}}
        case method, _:
            return text(404, f"There is nothing at {method} /{'/'.join(parts)}\n")


def who(event):
    return event.get("query", {}).get("name", "world")  # ?name=Ada


def text(status, body):
    headers = {"Content-Type": "text/plain; charset=utf-8"}
    return {"statusCode": status, "headers": headers, "body": body}
