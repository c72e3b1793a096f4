/** The rules for pages of other origins, as the form has them and as the server has them. */
import type { Schema } from "@/api/client";
import { ApiError } from "@/api/error";

type Cors = Schema<"Cors">;

export const corsMethods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

export interface CorsForm {
  enabled: boolean;
  anyOrigin: boolean;
  origins: string;
  anyMethod: boolean;
  methods: string[];
  headers: string;
  exposed: string;
  credentials: boolean;
  maxAge: string;
}

const list = (of: Cors["origins"]) => (Array.isArray(of) ? of : of ? [of] : []);
const words = (text: string) => text.split(/[\s,]+/).filter(Boolean);

export function corsForm(cors: Cors): CorsForm {
  const methods = list(cors.methods);
  const origins = list(cors.origins);
  const anyOrigin = origins.includes("*");
  return {
    enabled: cors.enabled ?? false,
    anyOrigin,
    origins: anyOrigin ? "" : origins.join("\n"),
    anyMethod: methods.includes("*"),
    methods: methods.filter((each) => each !== "*"),
    headers: list(cors.headers).join(", "),
    exposed: list(cors.exposed).join(", "),
    credentials: cors.credentials ?? false,
    maxAge: String(cors.max_age_s ?? 600),
  };
}

export function corsOf(form: CorsForm): Cors {
  return {
    enabled: form.enabled,
    origins: form.anyOrigin ? "*" : words(form.origins),
    methods: form.anyMethod ? ["*"] : form.methods,
    headers: words(form.headers),
    exposed: words(form.exposed),
    credentials: form.credentials,
    max_age_s: Number(form.maxAge),
  };
}

/** The complaint about a member of `cors` or about an item of it, which it names. */
export function corsError(error: unknown, member: keyof Cors, sent: Cors | undefined): string | undefined {
  if (!(error instanceof ApiError)) return undefined;
  const found = error.complaints.find(({ loc }) => loc[1] === "cors" && loc[2] === member);
  const items = sent?.[member];
  const item = Array.isArray(items) && found?.loc[3] !== undefined ? items[Number(found.loc[3])] : undefined;
  return item === undefined ? found?.msg : `${item}: ${found?.msg}`;
}

/** Complaints that a field of the form shows, as ErrorNote wants them named. */
export function shownCors(error: unknown): string[] {
  if (!(error instanceof ApiError)) return [];
  return error.complaints.map(({ loc }) => loc.slice(1).join(".")).filter((path) => /^cors\.\w/.test(path));
}
