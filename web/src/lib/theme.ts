import { useSyncExternalStore } from "react";
import { recall, remember } from "@/lib/storage";

/** Light, dark, or what the system has. public/theme.js sets it before the first paint. */
export type Theme = "light" | "dark" | "system";

const key = "virga.theme";
const system = matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set<() => void>();

export function theme(): Theme {
  const chosen = recall(key);
  return chosen === "light" || chosen === "dark" ? chosen : "system";
}

export function isDark(): boolean {
  return document.documentElement.dataset.theme === "dark";
}

function apply() {
  const chosen = theme();
  const dark = chosen === "dark" || (chosen === "system" && system.matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  for (const listener of listeners) listener();
}

system.addEventListener("change", apply);

export function setTheme(next: Theme) {
  remember(key, next === "system" ? null : next);
  apply();
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const useTheme = () => useSyncExternalStore(subscribe, theme);
export const useDark = () => useSyncExternalStore(subscribe, isDark);
