// The theme: `data-theme` on <html>, "light", "dark" or unset for the system's. The script adds a switch to every
// [data-themes] of the page and stores the choice if the browser allows it.
(() => {
  "use strict";
  const KEY = "navlayers-theme";
  const NAMES = { system: "System", light: "Light", dark: "Dark" };
  const root = document.documentElement;

  // Browsers may refuse storage to files on disk.
  function remembered() {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null;
    }
  }

  function remember(theme) {
    try {
      if (theme === "system") localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, theme);
    } catch {
      // Not stored.
    }
  }

  function apply(theme) {
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
    else delete root.dataset.theme;
    for (const button of document.querySelectorAll("[data-themes] button")) {
      button.setAttribute("aria-pressed", String(button.value === (root.dataset.theme ?? "system")));
    }
  }

  function addSwitches() {
    for (const place of document.querySelectorAll("[data-themes]")) {
      place.classList.add("segments");
      place.setAttribute("role", "group");
      place.setAttribute("aria-label", "Theme");
      for (const [value, name] of Object.entries(NAMES)) {
        const button = document.createElement("button");
        Object.assign(button, { type: "button", value, textContent: name });
        button.addEventListener("click", () => {
          remember(value);
          apply(value);
        });
        place.append(button);
      }
    }
    apply(root.dataset.theme ?? "system");
  }

  // Prints have everything: open all <details> before printing, and close them after it.
  function openForPrint() {
    let opened = [];
    window.addEventListener("beforeprint", () => {
      opened = [...document.querySelectorAll("details:not([open])")];
      for (const one of opened) one.open = true;
    });
    window.addEventListener("afterprint", () => {
      for (const one of opened) one.open = false;
    });
  }

  // Make frames with wide tables focusable, so that the keyboard can scroll them.
  function watchFrames() {
    const watch = new ResizeObserver((changed) => {
      for (const { target } of changed) {
        if (target.scrollWidth > target.clientWidth + 1) target.tabIndex = 0;
        else target.removeAttribute("tabindex");
      }
    });
    for (const frame of document.querySelectorAll(".frame:not([role], .matrix-frame)")) watch.observe(frame);
  }

  apply(remembered());
  document.addEventListener("DOMContentLoaded", () => {
    addSwitches();
    openForPrint();
    watchFrames();
  });
})();
