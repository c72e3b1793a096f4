import { expect, test } from "vitest";
import { ApiError } from "@/api/error";
import { corsError, corsForm, corsOf, shownCors } from "./cors";

test("the form gives back what the server has said", () => {
  const cors = {
    enabled: true,
    origins: ["https://a.example", "http://b:1"],
    methods: ["GET", "POST"],
    headers: ["Content-Type"],
    exposed: [],
    credentials: true,
    max_age_s: 60,
  };
  expect(corsOf(corsForm(cors))).toEqual(cors);
  expect(corsOf(corsForm({ ...cors, origins: "*", methods: ["*"] }))).toMatchObject({ origins: "*", methods: ["*"] });
});

test("origins stand on lines or behind commas", () => {
  const form = { ...corsForm({}), anyOrigin: false, origins: " https://a\nhttps://b, https://c " };
  expect(corsOf(form).origins).toEqual(["https://a", "https://b", "https://c"]);
});

test("a complaint about an item names the item, at its field", () => {
  const error = new ApiError(422, [{ loc: ["body", "cors", "origins", 1], msg: "no origin" }]);
  expect(corsError(error, "origins", { origins: ["https://a", "b"] })).toBe("b: No origin");
  expect(corsError(error, "headers", {})).toBeUndefined();
  expect(shownCors(error)).toEqual(["cors.origins.1"]);
});
