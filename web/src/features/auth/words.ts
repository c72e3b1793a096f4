/** What the server says in codes, as people say it. */

/** 75 -> "1 min 15 s". */
export function waitText(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  const rest = seconds % 60;
  return [minutes > 0 && `${minutes} min`, (rest > 0 || minutes === 0) && `${rest} s`].filter(Boolean).join(" ");
}

const browsers: [RegExp, string][] = [
  [/\bEdg(e|A|iOS)?\//, "Edge"],
  [/\bOPR\//, "Opera"],
  [/\bSamsungBrowser\//, "Samsung Internet"],
  [/\b(Firefox|FxiOS)\//, "Firefox"],
  [/\b(Chrome|Chromium|HeadlessChrome|CriOS)\//, "Chrome"],
  [/\bSafari\//, "Safari"],
];

const systems: [RegExp, string][] = [
  [/\biPhone\b/, "iPhone"],
  [/\biPad\b/, "iPad"],
  [/\bAndroid\b/, "Android"],
  [/\bWindows\b/, "Windows"],
  [/\bCrOS\b/, "ChromeOS"],
  [/\bMac OS X\b|\bMacintosh\b/, "macOS"],
  [/\bLinux\b/, "Linux"],
];

export interface Device {
  name: string;
  kind: "desktop" | "phone" | "program";
}

const first = (names: [RegExp, string][], agent: string) => names.find(([sign]) => sign.test(agent))?.[1];

/** What a session was begun with, from the User-Agent that it sent: "Firefox on Windows". */
export function device(agent: string): Device {
  const browser = first(browsers, agent);
  const system = first(systems, agent);
  if (/^virga\//.test(agent)) return { name: "virga on the command line", kind: "program" };
  if (!agent) return { name: "A program without a name", kind: "program" };
  if (!/^Mozilla\//.test(agent)) return { name: agent.split(/[/ ]/)[0] ?? agent, kind: "program" };
  const phone = system === "iPhone" || system === "Android";
  return { name: `${browser ?? "A browser"}${system ? ` on ${system}` : ""}`, kind: phone ? "phone" : "desktop" };
}

const actions: Record<string, string> = {
  setup: "set up this server",
  login: "signed in",
  logout: "signed out",
  "account.create": "created the account",
  "account.change": "changed the profile",
  "account.password": "changed the password",
  "account.password_reset": "reset the password of",
  "account.administrate": "changed an account:",
  "account.delete": "deleted an account",
  "session.revoke": "ended a session",
  "session.revoke_others": "ended all other sessions",
  "key.create": "made the key",
  "key.revoke": "revoked a key",
  "invite.create": "made an invitation",
  "invite.delete": "revoked an invitation",
  "project.create": "created the project",
  "project.update": "changed a project",
  "project.delete": "deleted the project",
  "member.set": "set a member",
  "member.remove": "removed a member",
  "variable.set": "set the variable",
  "variable.reveal": "had the variable revealed",
  "variable.delete": "deleted the variable",
  "variables.replace": "replaced all variables",
  "domain.add": "added the domain",
  "domain.remove": "removed the domain",
};

/** What somebody did, behind their name: "revoked a key". An action without words of ours keeps the server's. */
export const actionText = (action: string): string => actions[action] ?? action;
