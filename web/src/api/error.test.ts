import { expect, test } from "vitest";
import { ApiError, fieldError, formError } from "./error";

test("what a field shows is not said again for the form", () => {
  const error = new ApiError(422, [
    { loc: ["body", "name"], msg: "Value error, a name has no spaces" },
    { loc: ["body", "limits", "memory_mb"], msg: "Input should be less than 4096" },
  ]);
  expect(fieldError(error, "name")).toBe("A name has no spaces");
  expect(formError(error, ["name"])).toBe("limits.memory_mb: Input should be less than 4096");
  expect(formError(error, ["name", "limits.memory_mb"])).toBeUndefined();
});
