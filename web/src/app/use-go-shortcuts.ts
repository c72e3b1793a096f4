import { useNavigate } from "react-router";
import { useShortcut } from "@/lib/shortcuts";

/** "g" and a letter lead to the main pages. */
export function useGoShortcuts() {
  const navigate = useNavigate();
  useShortcut("g d", "Go to the dashboard", () => navigate("/"));
  useShortcut("g p", "Go to projects", () => navigate("/projects"));
  useShortcut("g f", "Go to functions", () => navigate("/functions"));
  useShortcut("g l", "Go to the log", () => navigate("/logs"));
  useShortcut("g s", "Go to settings", () => navigate("/settings"));
  useShortcut("n f", "New function", () => navigate("/functions/new"));
  useShortcut("n p", "New project", () => navigate("/projects/new"));
}
