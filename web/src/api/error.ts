/** What the server refuses, in its own words. */

export interface Complaint {
  loc: (string | number)[];
  msg: string;
}

export class ApiError extends Error {
  readonly status: number;
  /** Of a 422: what does not fit, and where. */
  readonly complaints: Complaint[];
  /** Of a 429 or 503: after how many seconds it is worth another try. */
  readonly retryAfterS: number | undefined;

  constructor(status: number, detail: unknown, retryAfterS?: number) {
    const complaints = Array.isArray(detail) ? (detail as Complaint[]).map(readable) : [];
    super(text(detail, complaints) || `The server answered ${status}`);
    this.name = "ApiError";
    this.status = status;
    this.complaints = complaints;
    this.retryAfterS = retryAfterS;
  }

  /** The complaint about a field of the request, such as "name" or "limits.memory_mb". */
  field(path: string): string | undefined {
    return this.complaints.find((c) => where(c) === path)?.msg;
  }
}

/** The request did not reach the server, or its answer did not come back. */
export class OfflineError extends Error {
  constructor() {
    super("The server cannot be reached. Is it running, and are you connected?");
    this.name = "OfflineError";
  }
}

/** The words "Value error" are for programs. */
function readable(complaint: Complaint): Complaint {
  const msg = complaint.msg.replace(/^Value error, /, "");
  return { ...complaint, msg: msg.charAt(0).toUpperCase() + msg.slice(1) };
}

function where(complaint: Complaint): string {
  return complaint.loc.slice(1).join(".");
}

function text(detail: unknown, complaints: Complaint[]): string {
  if (typeof detail === "string") return detail;
  return complaints.map((c) => (where(c) ? `${where(c)}: ${c.msg}` : c.msg)).join("\n");
}

export function fieldError(error: unknown, path: string): string | undefined {
  return error instanceof ApiError ? error.field(path) : undefined;
}

/** An error for the form as a whole: whatever none of its fields shows. */
export function formError(error: unknown, shown: string[]): string | undefined {
  if (!error) return undefined;
  if (error instanceof ApiError && error.complaints.length > 0) {
    const rest = error.complaints.filter((c) => !shown.includes(where(c)));
    return rest.length > 0 ? text(rest, rest) : undefined;
  }
  return error instanceof Error ? error.message : String(error);
}
