// Before anything is painted: the theme that was chosen, or that of the system.
(() => {
  let chosen = null;
  try {
    chosen = localStorage.getItem("virga.theme");
  } catch {
    // A browser that keeps nothing for this page: the system's theme it is.
  }
  const dark = chosen === "dark" || (chosen !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
})();
