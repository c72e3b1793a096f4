"""Checks JSON before anything is done with it, and names all that is wrong."""

import re

EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
REQUIRED = {"email", "age"}
RULES = {
    "email": (str, EMAIL.fullmatch, "an e-mail address"),
    "age": (int, range(151).__contains__, "a whole number from 0 to 150"),
    "newsletter": (bool, lambda _: True, "true or false"),
}


def handler(event):
    # From the gateway, or called directly.
    data = event.get("body") if "method" in event else event
    problems = check(data)
    if problems:
        return {"statusCode": 422, "body": {"problems": problems}}
    return {"statusCode": 200, "body": {"accepted": data}}


def check(data):
    if not isinstance(data, dict):
        return {"": "should be an object"}
    problems = {name: "is missing" for name in REQUIRED - data.keys()}
    for name, value in data.items():
        kind, fits, wanted = RULES.get(name, (None, None, "left out"))
        if type(value) is not kind or not fits(value):
            problems[name] = f"should be {wanted}"
    return problems
