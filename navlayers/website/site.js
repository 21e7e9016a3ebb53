// What pages of a site do beyond what they say: search, other heats of a matrix, filters and orders of tables.
(() => {
  "use strict";
  const MOST = 6;

  function make(name, attributes = {}, ...children) {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children);
    return element;
  }

  // A row of buttons of which one is pressed; `choose` is called with its value.
  function segments(label, choices, chosen, choose) {
    const group = make("div", { class: "segments", role: "group", "aria-label": label });
    for (const [value, text] of choices) {
      const button = make("button", { type: "button", value, "aria-pressed": String(value === chosen) }, text);
      button.addEventListener("click", () => {
        for (const other of group.children) other.setAttribute("aria-pressed", String(other === button));
        choose(value);
      });
      group.append(button);
    }
    return group;
  }

  const named = (text) => text.charAt(0).toUpperCase() + text.slice(1);

  // Search.
  // Letters and numbers alone, without leading zeros: "ac 2" is "AC-02".
  const loose = (text) =>
    (text.toLowerCase().match(/\d+|[\p{L}\p{M}]+/gu) ?? []).map((part) => part.replace(/^0+(?=\d)/, "")).join(" ");

  // Where the pages of each kind are, below the folder of their set or that of the site.
  const FOLDERS = ["", "groups/", "capabilities/", "techniques/", "tactics/"];

  function prepared(index) {
    const parents = new Map(index.rows[TECHNIQUES].map(([id, name]) => [id, name || id]));
    return index.rows.map((rows, kind) =>
      rows.map(([id, name, file, number]) => {
        const [set, folder] = index.sets[number] ?? ["", ""];
        const parent = kind === TECHNIQUES && id.includes(".") ? parents.get(id.split(".")[0]) : undefined;
        const path = `${folder && `${folder}/`}${FOLDERS[kind]}${kind ? file || id.toLowerCase() : "index"}.html`;
        const called = name || id;
        const full = parent ? `${parent}: ${called}` : called;
        const words = loose(`${id} ${full}`);
        return { id, name: full, path, set: kind ? set : "", key: loose(id), words, plain: loose(called), full: loose(full) };
      }),
    );
  }

  // Of kinds that fit alike the first; where names are exactly what is asked for, ATT&CK's own come before a set's.
  const TECHNIQUES = 3;
  const BY_NAME = [0, 3, 4, 1, 2];
  const NAME = 2;
  // Exact ids, exact names, beginnings, words.
  const KIND_OF_FIT = [0, 0, 1, 2, 2, 3, 3, 3];

  // How well a row fits, the less the better; undefined: not at all.
  function rank(row, text, words, raw) {
    if (row.id.toLowerCase() === raw) return 0;
    if (row.key === text) return 1;
    if (row.plain === text || row.full === text) return NAME;
    if (row.id.toLowerCase().startsWith(raw)) return 3;
    if (row.plain.startsWith(text) || row.full.startsWith(text)) return 4;
    if (` ${row.words}`.includes(` ${text}`)) return 5;
    if (words.every((word) => ` ${row.words}`.includes(` ${word}`))) return 6;
    if (words.every((word) => row.words.includes(word))) return 7;
    return undefined;
  }

  function search(kinds, asked) {
    const raw = asked.trim().toLowerCase();
    const text = loose(asked);
    if (!text) return [];
    const words = text.split(" ");
    const found = kinds.map((rows, kind) => {
      const fitting = [];
      for (const row of rows) {
        const rest = rank(row, text, words, raw);
        if (rest !== undefined) fitting.push([rest, row]);
      }
      fitting.sort(([a], [b]) => a - b);
      return { kind, best: fitting[0]?.[0], rows: fitting.map(([, row]) => row) };
    });
    const order = (one) => [KIND_OF_FIT[one.best], one.best === NAME ? BY_NAME[one.kind] : one.kind];
    const before = ([fit, kind], [otherFit, otherKind]) => fit - otherFit || kind - otherKind;
    return found.filter((one) => one.rows.length).sort((a, b) => before(order(a), order(b)));
  }

  function searchBox(place) {
    const root = place.dataset.find;
    const input = make("input", {
      type: "search", class: "find", role: "combobox", "aria-label": "Search", "aria-expanded": "false", "aria-controls": "found",
      "aria-autocomplete": "list", "aria-keyshortcuts": "/", autocomplete: "off", spellcheck: "false",
      placeholder: "Search sets, capabilities, techniques",
    });
    const list = make("div", { id: "found", class: "found", role: "listbox", "aria-label": "Results", hidden: "" });
    const status = make("div", { class: "hidden", role: "status" });
    place.append(input, make("kbd", { "aria-hidden": "true" }, "/"), list, status);
    place.setAttribute("role", "search");
    let kinds;
    let names = [];
    let at = -1;

    function load() {
      if (kinds || document.getElementById("index-script")) return;
      const script = make("script", { id: "index-script", src: `${root}assets/search.js` });
      script.addEventListener("load", () => {
        kinds = prepared(globalThis.navlayersIndex);
        names = globalThis.navlayersIndex.kinds;
        show();
      });
      document.head.append(script);
    }

    function options() {
      return [...list.querySelectorAll("a")];
    }

    function select(number) {
      const all = options();
      at = all.length ? (number + all.length) % all.length : -1;
      all.forEach((option, n) => option.setAttribute("aria-selected", String(n === at)));
      if (at < 0) {
        input.removeAttribute("aria-activedescendant");
        return;
      }
      input.setAttribute("aria-activedescendant", all[at].id);
      all[at].scrollIntoView({ block: "nearest" });
    }

    function close() {
      list.hidden = true;
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
      at = -1;
    }

    function group(one, number) {
      const title = make("div", { role: "presentation", id: `kind-${number}` }, names[one.kind]);
      const made = make("div", { role: "group", "aria-labelledby": title.id }, title);
      one.rows.slice(0, MOST).forEach((row, n) => {
        const option = make("a", { role: "option", id: `found-${number}-${n}`, href: root + row.path, tabindex: "-1", "aria-selected": "false" });
        option.append(make("b", {}, row.id));
        if (row.name !== row.id) option.append(" ", make("span", {}, row.name));
        if (row.set) option.append(" ", make("i", {}, row.set));
        made.append(option);
      });
      const more = one.rows.length - MOST;
      if (more > 0) title.append(`, ${MOST} of ${one.rows.length}`);
      return made;
    }

    function show() {
      const asked = input.value;
      if (!asked.trim() || !kinds) {
        list.replaceChildren();
        close();
        return;
      }
      const found = search(kinds, asked);
      list.replaceChildren(...found.map(group));
      const number = found.reduce((sum, one) => sum + one.rows.length, 0);
      status.textContent = `${number} result${number === 1 ? "" : "s"}`;
      if (!found.length) list.append(make("div", { role: "option", "aria-disabled": "true", "aria-selected": "false" }, "Nothing is called so."));
      list.hidden = false;
      input.setAttribute("aria-expanded", "true");
      select(found.length ? 0 : -1);
    }

    input.addEventListener("focus", load);
    input.addEventListener("input", () => {
      load();
      show();
    });
    input.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        if (list.hidden) show();
        else select(at + (event.key === "ArrowDown" ? 1 : -1));
      } else if (event.key === "Enter" && at >= 0) {
        event.preventDefault();
        options()[at].click();
      } else if (event.key === "Escape") {
        event.preventDefault();
        if (list.hidden) {
          input.value = "";
          input.blur();
        } else close();
      }
    });
    list.addEventListener("pointerdown", (event) => event.preventDefault());
    input.addEventListener("blur", close);
    document.addEventListener("keydown", (event) => {
      const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
      if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      input.focus();
      input.select();
    });
  }

  // Matrices.
  function paint(matrix, number) {
    for (const cell of matrix.querySelectorAll("[data-views]")) {
      const views = cell.dataset.views.split("|");
      for (const view of views) if (view) cell.classList.remove(`c${view.split("=")[0]}`);
      const [color, text] = views[number].split("=");
      const score = cell.querySelector("b");
      cell.classList.toggle("on", text !== undefined);
      if (color) cell.classList.add(`c${color}`);
      if (score) score.textContent = text ?? "";
      cell.parentElement.classList.toggle("u", text === undefined);
    }
    for (const column of matrix.children) {
      const bases = [...column.querySelectorAll(":scope > ul > li")];
      const mapped = bases.filter((base) => base.querySelector(".on")).length;
      const ratio = column.querySelector(".ratio");
      ratio.textContent = ratio.textContent.replace(/^\d+/, String(mapped));
    }
  }

  // One stop for the tab key in a matrix; arrows move within it. Gives what to call when other cells are shown.
  function arrows(matrix) {
    const shown = (column) => [...column.querySelectorAll(".cell")].filter((cell) => cell.offsetParent);
    const cells = () => [...matrix.querySelectorAll(".cell")];
    for (const cell of cells()) cell.tabIndex = -1;
    let stop = matrix.querySelector(".cell");
    if (stop) stop.tabIndex = 0;
    matrix.addEventListener("focusin", (event) => {
      if (!event.target.matches(".cell")) return;
      stop.tabIndex = -1;
      stop = event.target;
      stop.tabIndex = 0;
    });
    matrix.addEventListener("keydown", (event) => {
      const cell = event.target;
      if (!cell.matches(".cell") || event.ctrlKey || event.altKey || event.metaKey) return;
      const column = cell.closest("section");
      const own = shown(column);
      const at = own.indexOf(cell);
      let next;
      if (event.key === "ArrowDown") next = own[at + 1];
      else if (event.key === "ArrowUp") next = own[at - 1];
      else if (event.key === "Home") next = own[0];
      else if (event.key === "End") next = own.at(-1);
      else if (event.key === "ArrowRight" || event.key === "ArrowLeft") {
        let beside = column;
        do beside = event.key === "ArrowRight" ? beside.nextElementSibling : beside.previousElementSibling;
        while (beside && !shown(beside).length);
        if (beside) {
          const top = cell.getBoundingClientRect().top;
          const far = (other) => Math.abs(other.getBoundingClientRect().top - top);
          next = shown(beside).reduce((best, other) => (far(other) < far(best) ? other : best));
        }
      } else return;
      event.preventDefault();
      next?.focus();
    });
    return () => {
      if (!stop || stop.offsetParent) return;
      stop.tabIndex = -1;
      stop = cells().find((cell) => cell.offsetParent) ?? stop;
      stop.tabIndex = 0;
    };
  }

  function matrices() {
    for (const place of document.querySelectorAll("[data-controls]")) {
      let frame = place.nextElementSibling;
      const legends = [];
      while (!frame.matches(".frame")) {
        legends.push(frame);
        frame = frame.nextElementSibling;
      }
      const matrix = frame.querySelector(".matrix");
      const heats = matrix.dataset.heats.split(" ");
      place.classList.add("controls", "screen");
      const settle = arrows(matrix);
      if (heats.length > 1) {
        place.append(
          segments("Scores", heats.map((heat) => [heat, named(heat)]), heats[0], (heat) => {
            for (const legend of legends) legend.hidden = legend.dataset.view !== heat;
            paint(matrix, heats.indexOf(heat));
            settle();
          }),
        );
      }
      if (matrix.querySelector("ul ul")) {
        const choices = [["mapped", "Mapped"], ["none", "None"]];
        if (matrix.querySelector(".u")) choices.unshift(["all", "All"]);
        const choose = (subs) => {
          matrix.dataset.subs = subs;
          settle();
        };
        place.append(make("span", {}, "Sub-techniques"), segments("Sub-techniques", choices, "mapped", choose));
      }
    }
  }

  // Tables.
  const FEW = 12;

  function units(table) {
    const bodies = [...table.tBodies];
    return bodies.length > 1 ? bodies : [...(bodies[0]?.rows ?? [])];
  }

  function filter(table) {
    const all = units(table);
    if (all.length <= FEW) return;
    const input = make("input", { type: "search", "aria-label": "Filter rows", placeholder: "Filter rows", autocomplete: "off" });
    const count = make("span", { role: "status" }, `${all.length} rows`);
    let texts;
    input.addEventListener("input", () => {
      texts ??= all.map((unit) => unit.textContent.toLowerCase());
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      all.forEach((unit, n) => {
        const fits = words.every((word) => texts[n].includes(word));
        unit.hidden = !fits;
        shown += fits;
      });
      count.textContent = shown === all.length ? `${all.length} rows` : `${shown} of ${all.length} rows`;
    });
    table.closest(".frame").before(make("div", { class: "controls screen" }, input, count));
  }

  function sort(table) {
    const heads = [...table.tHead.rows[0].cells];
    const body = table.tBodies[0];
    const compare = new Intl.Collator("en", { numeric: true }).compare;
    heads.forEach((head, column) => {
      const button = make("button", { type: "button" }, ...head.childNodes);
      head.append(button);
      head.setAttribute("aria-sort", "none");
      button.addEventListener("click", () => {
        const right = head.classList.contains("right");
        const way = head.getAttribute("aria-sort");
        const down = way === "none" ? right : way === "ascending";
        for (const other of heads) other.setAttribute("aria-sort", "none");
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const rows = [...body.rows].map((row) => [row.cells[column].textContent, row]);
        rows.sort(([a], [b]) => (down ? compare(b, a) : compare(a, b)));
        body.append(...rows.map(([, row]) => row));
      });
    });
  }

  // Browsers save what a link says is a download from hosts alone.
  if (location.protocol === "file:") for (const hint of document.querySelectorAll("[data-disk]")) hint.hidden = false;
  for (const place of document.querySelectorAll("[data-find]")) searchBox(place);
  matrices();
  for (const table of document.querySelectorAll("table[data-filter]")) filter(table);
  for (const table of document.querySelectorAll("table[data-sort]")) sort(table);
})();
