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
