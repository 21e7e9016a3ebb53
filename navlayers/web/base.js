// Light, dark, or as the system has it: `data-theme` on <html>, remembered where the browser lets a page remember.
// A switch is put into every [data-themes] of the page; without this script there is none, and the system decides.
(() => {
  "use strict";
  const KEY = "navlayers-theme";
  const NAMES = { system: "System", light: "Light", dark: "Dark" };
  const root = document.documentElement;

  function remembered() {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null; // Pages that are read from disk may not be let to.
    }
  }

  function remember(theme) {
    try {
      if (theme === "system") localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, theme);
    } catch {
      // It lasts as long as the page, then.
    }
  }

  function apply(theme) {
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
    else delete root.dataset.theme;
    for (const button of document.querySelectorAll("[data-themes] button")) {
      button.setAttribute("aria-pressed", String(button.value === (root.dataset.theme ?? "system")));
    }
  }

  function build() {
    for (const place of document.querySelectorAll("[data-themes]")) {
      place.classList.add("segments");
      place.setAttribute("role", "group");
      place.setAttribute("aria-label", "Theme");
      for (const [value, name] of Object.entries(NAMES)) {
        const button = document.createElement("button");
        button.type = "button";
        button.value = value;
        button.textContent = name;
        button.addEventListener("click", () => {
          remember(value);
          apply(value);
        });
        place.append(button);
      }
    }
    apply(root.dataset.theme ?? "system");
  }

  apply(remembered());
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", build);
  else build();
})();
