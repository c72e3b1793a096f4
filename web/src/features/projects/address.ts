import type { Schema } from "@/api/client";

/** Where a project's page is: its slug reads well, but "new" is the page that makes projects. */
export function projectPath({ id, slug }: Pick<Schema<"Project">, "id" | "slug">): string {
  return `/projects/${slug === "new" ? id : encodeURIComponent(slug)}`;
}

const slugBytes = 63;

/** The slug that the server is going to make of a name; a number follows when it is taken. */
export function slugOf(name: string): string {
  let slug = "";
  let gap = false;
  for (const character of name.trim().toLowerCase()) {
    if (/[\s_-]/.test(character)) gap = true;
    else if (/[\p{L}\p{N}]/u.test(character)) {
      const next = (gap && slug ? "-" : "") + character;
      if (new TextEncoder().encode(slug + next).length > slugBytes) break;
      slug += next;
      gap = false;
    }
  }
  return slug || "project";
}

/** The full URL below which a project's routes are. */
export function gatewayUrl(project: Pick<Schema<"Project">, "gateway_url">): string {
  return location.origin + project.gateway_url;
}
