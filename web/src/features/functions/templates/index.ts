import helloJs from "./hello.js?raw";
import helloPy from "./hello.py?raw";
import httpJs from "./http.js?raw";
import httpPy from "./http.py?raw";
import jobJs from "./job.js?raw";
import jobPy from "./job.py?raw";
import validationJs from "./validation.js?raw";
import validationPy from "./validation.py?raw";

export type Language = "python" | "nodejs";
export const templateNames = ["hello", "http", "job", "validation"] as const;
export type TemplateName = (typeof templateNames)[number];

export interface Template {
  title: string;
  description: string;
  code: Record<Language, string>;
}

/** What a new function may begin with. */
export const templates: Record<TemplateName, Template> = {
  hello: {
    title: "Hello",
    description: "Greets by name",
    code: { python: helloPy, nodejs: helloJs },
  },
  http: {
    title: "HTTP API",
    description: "Answers by method and path",
    code: { python: httpPy, nodejs: httpJs },
  },
  job: {
    title: "Scheduled job",
    description: "Works piece by piece",
    code: { python: jobPy, nodejs: jobJs },
  },
  validation: {
    title: "JSON validation",
    description: "Names all that is wrong",
    code: { python: validationPy, nodejs: validationJs },
  },
};
