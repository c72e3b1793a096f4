"""Checks JSON before anything is done with it, and answers with all that is wrong at once."""

import re

RULES = {
    "email": (str, lambda text: re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", text), "an e-mail address"),
    "age": (int, lambda years: 0 <= years <= 150, "a whole number from 0 to 150"),
    "newsletter": (bool, lambda _: True, "true or false"),
}
REQUIRED = {"email", "age"}


def handler(event):
    data = event.get("body") if "method" in event else event  # from the gateway, or called directly
    problems = check(data)
    if problems:
        return {"statusCode": 422, "body": {"problems": problems}}
    return {"statusCode": 200, "body": {"accepted": data}}


def check(data):
    if not isinstance(data, dict):
        return {"": "an object is needed"}
    problems = {name: "is missing" for name in sorted(REQUIRED - data.keys())}
    for name, value in data.items():
        if name not in RULES:
            problems[name] = "is not known"
            continue
        kind, fits, wanted = RULES[name]
        if type(value) is not kind or not fits(value):
            problems[name] = f"should be {wanted}"
    return problems
