import type { RouteObject } from "react-router";

/** Every page by its address; the code of a page is fetched when it is first opened. */
const project: RouteObject[] = [
  { index: true, lazy: () => import("@/routes/project-functions") },
  { path: "routes", lazy: () => import("@/routes/project-routes") },
  { path: "dependencies", lazy: () => import("@/routes/project-dependencies") },
  { path: "database", lazy: () => import("@/routes/project-database") },
  { path: "environment", lazy: () => import("@/routes/project-environment") },
  { path: "members", lazy: () => import("@/routes/project-members") },
  { path: "logs", lazy: () => import("@/routes/project-logs") },
  { path: "metrics", lazy: () => import("@/routes/project-metrics") },
  { path: "settings", lazy: () => import("@/routes/project-settings") },
];

const oneFunction: RouteObject[] = [
  { index: true, lazy: () => import("@/routes/function-code") },
  { path: "versions", lazy: () => import("@/routes/function-versions") },
  { path: "logs", lazy: () => import("@/routes/function-logs") },
  { path: "metrics", lazy: () => import("@/routes/function-metrics") },
  { path: "settings", lazy: () => import("@/routes/function-settings") },
];

const settings: RouteObject[] = [
  { index: true, lazy: () => import("@/routes/settings-profile") },
  { path: "sessions", lazy: () => import("@/routes/settings-sessions") },
  { path: "keys", lazy: () => import("@/routes/settings-keys") },
  { path: "accounts", lazy: () => import("@/routes/settings-accounts") },
  { path: "audit", lazy: () => import("@/routes/settings-audit") },
];

/** For whoever is signed in. */
export const pages: RouteObject[] = [
  { index: true, lazy: () => import("@/routes/dashboard") },
  { path: "projects", lazy: () => import("@/routes/projects") },
  { path: "projects/new", lazy: () => import("@/routes/projects-new") },
  { path: "projects/:id", lazy: () => import("@/routes/project"), children: project },
  { path: "projects/:id/functions/new", lazy: () => import("@/routes/functions-new") },
  { path: "functions", lazy: () => import("@/routes/functions") },
  { path: "functions/new", lazy: () => import("@/routes/functions-new") },
  { path: "functions/:id", lazy: () => import("@/routes/function"), children: oneFunction },
  { path: "logs", lazy: () => import("@/routes/logs") },
  { path: "settings", lazy: () => import("@/routes/settings"), children: settings },
];

/** For whoever is not. */
export const entry: RouteObject[] = [
  { path: "/setup", lazy: () => import("@/routes/setup") },
  { path: "/sign-in", lazy: () => import("@/routes/sign-in") },
  { path: "/sign-up", lazy: () => import("@/routes/sign-up") },
];
