// Light or dark as Airflow's own pages are, which keep it under this name; before anything is drawn.
"use strict";
(() => {
  const apply = () => {
    let theme = "system";
    try {
      theme = localStorage.getItem("theme") || "system";
    } catch {
      // A browser that keeps nothing: as the system has it.
    }
    const isDark = theme === "dark" || (theme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
    document.documentElement.dataset.theme = isDark ? "dark" : "light";
  };
  apply();
  addEventListener("storage", apply);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", apply);
})();
