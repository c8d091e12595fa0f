// Light or dark, before anything is drawn: a plain script, so that the page never flashes.
//
// The page follows the system until a person chooses otherwise; who chooses what the system has
// follows it again. `themechange` on the window tells whoever paints colors on a canvas.
"use strict";

(() => {
  const KEY = "whereshot-theme";
  const system = matchMedia("(prefers-color-scheme: dark)");
  const root = document.documentElement;

  function chosen() {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null; // storage may be switched off
    }
  }

  function apply() {
    const theme = chosen() ?? (system.matches ? "dark" : "light");
    if (root.dataset.theme === theme) return;
    root.dataset.theme = theme;
    dispatchEvent(new CustomEvent("themechange", { detail: theme }));
  }

  system.addEventListener("change", apply);
  addEventListener("storage", apply); // another tab has chosen
  addEventListener("togglechosentheme", () => {
    const other = root.dataset.theme === "dark" ? "light" : "dark";
    try {
      if (other === (system.matches ? "dark" : "light")) localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, other);
      apply();
    } catch {
      root.dataset.theme = other; // for this page
      dispatchEvent(new CustomEvent("themechange", { detail: other }));
    }
  });
  apply();
})();
