import { expect, test } from "vitest";
import { device, waitText } from "./words";

test.each([
  [
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
    "Chrome on Linux",
    "desktop",
  ],
  ["Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Windows", "desktop"],
  [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
    "Edge on Windows",
    "desktop",
  ],
  [
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
    "Safari on iPhone",
    "phone",
  ],
  [
    "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36",
    "Chrome on Android",
    "phone",
  ],
  ["virga/0.3.0", "virga on the command line", "program"],
  ["curl/8.0", "curl", "program"],
  ["", "A program without a name", "program"],
])("%s", (agent, name, kind) => {
  expect(device(agent)).toEqual({ name, kind });
});

test("times to wait are short", () => {
  expect([1, 59, 60, 75, 900].map(waitText)).toEqual(["1 s", "59 s", "1 min", "1 min 15 s", "15 min"]);
});
