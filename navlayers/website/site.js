// The pages of a site: search over all pages, filters and order of tables.

const MOST_RESULTS = 6;
const MOST_ROWS = 12; // of a table that needs no filter
const NARROW = matchMedia("(max-width: 720px)");
const TECHNIQUES = 3;

// Where the pages of each kind are, below the folder of their set or that of the site.
const FOLDERS = ["", "groups/", "capabilities/", "techniques/", "tactics/", "threats/", ""];
const PAGES = FOLDERS.length - 1;

// Letters and numbers alone, without leading zeros: "ac 2" is "AC-02".
function loose(text) {
  return (text.toLowerCase().match(/\d+|[\p{L}\p{M}]+/gu) ?? []).map((part) => part.replace(/^0+(?=\d)/, "")).join(" ");
}

// The index of the site, a list of { id, name, path, set, ... } per kind.
function readIndex({ rows, sets }) {
  const names = new Map(rows[TECHNIQUES].map(([id, name]) => [id, name || id]));
  return rows.map((kind, number) => kind.map(([id, short, file, at]) => {
    const [set, folder] = sets[at] ?? ["", ""];
    const parent = number === TECHNIQUES && id.includes(".") ? names.get(id.split(".")[0]) : undefined;
    const name = parent ? `${parent}: ${short || id}` : short || id;
    return {
      id, name, set: number ? set : "", key: loose(id), words: loose(`${id} ${name}`), names: [loose(short || id), loose(name)],
      path: `${folder && `${folder}/`}${FOLDERS[number]}${number ? file || id.toLowerCase() : "index"}.html`,
    };
  }));
}

const NAME = 2; // the rank of those whose name is the text

// How well a row matches, the less the better; -1: not at all.
function rank({ id, key, names, words }, text, raw) {
  const parts = text.split(" ");
  return [
    id.toLowerCase() === raw, key === text, names.includes(text), id.toLowerCase().startsWith(raw),
    names.some((name) => name.startsWith(text)), ` ${words}`.includes(` ${text}`),
    parts.every((part) => ` ${words}`.includes(` ${part}`)), parts.every((part) => words.includes(part)),
  ].indexOf(true);
}

// The matches of each kind, the best first: exact ids, exact names, beginnings, words. Of kinds that match alike, ATT&CK's
// own names come before a set's.
function find(kinds, query) {
  const text = loose(query);
  const raw = query.trim().toLowerCase();
  const found = kinds.map((rows, kind) => {
    const ranked = text ? rows.map((row) => [rank(row, text, raw), row]).filter(([at]) => at >= 0) : [];
    ranked.sort(([a], [b]) => a - b);
    const best = ranked[0]?.[0];
    const order = [0, 0, 1, 2, 2, 3, 3, 3][best] * 10 + (best === NAME ? [0, 3, 4, 1, 2, 5, 6] : [0, 1, 2, 3, 4, 5, 6])[kind];
    return { kind, order, rows: ranked.map(([, row]) => row) };
  });
  return found.filter(({ rows }) => rows.length).sort((a, b) => a.order - b.order);
}

function searchBox(place) {
  const root = place.dataset.find;
  const input = make("input", {
    type: "search", class: "find", role: "combobox", "aria-label": "Search", "aria-expanded": "false", "aria-controls": "found",
    "aria-autocomplete": "list", "aria-keyshortcuts": "/ Control+K", autocomplete: "off", spellcheck: "false",
    placeholder: "Search by id or name",
  });
  const list = make("div", { id: "found", class: "found", role: "listbox", "aria-label": "Results", hidden: true });
  const status = make("div", { class: "hidden", role: "status" });
  place.append(input, make("kbd", { "aria-hidden": "true" }, "/"), list, status);
  place.setAttribute("role", "search");
  let kinds = null;
  let at = -1;
  let wanted = false; // whether to list the pages once the index is there

  function load() {
    if (document.getElementById("index-script")) return;
    const script = make("script", { id: "index-script", src: `${root}assets/search.js` });
    script.addEventListener("load", () => {
      kinds = readIndex(globalThis.navlayersIndex);
      show(wanted);
    });
    document.head.append(script);
  }

  function select(number) {
    const all = [...list.querySelectorAll("a")];
    at = all.length ? (number + all.length) % all.length : -1;
    all.forEach((option, n) => option.setAttribute("aria-selected", String(n === at)));
    if (at < 0) input.removeAttribute("aria-activedescendant");
    else input.setAttribute("aria-activedescendant", all[at].id);
    all[at]?.scrollIntoView({ block: "nearest" });
  }

  function close() {
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
    at = -1;
  }

  function group({ kind, rows }, number) {
    const more = rows.length > MOST_RESULTS ? `, ${MOST_RESULTS} of ${rows.length}` : "";
    const title = make("div", { role: "presentation", id: `kind-${number}` }, globalThis.navlayersIndex.kinds[kind] + more);
    return make("div", { role: "group", "aria-labelledby": title.id }, title, ...rows.slice(0, MOST_RESULTS).map((row, n) =>
      make("a", { role: "option", id: `found-${number}-${n}`, href: root + row.path, tabindex: "-1", "aria-selected": "false" },
        make("b", {}, row.id), " ", row.name === row.id ? "" : make("span", {}, row.name), " ", row.set && make("i", {}, row.set))));
  }

  // Without a text, the pages of the site.
  function show(all = false) {
    if (!(input.value.trim() || all) || !kinds) {
      list.replaceChildren();
      close();
      return;
    }
    const found = input.value.trim() ? find(kinds, input.value) : [{ kind: PAGES, rows: kinds[PAGES] }];
    const nothing = make("div", { role: "option", "aria-disabled": "true", "aria-selected": "false" }, "No matches.");
    list.replaceChildren(...(found.length ? found.map(group) : [nothing]));
    status.textContent = plural(found.reduce((sum, { rows }) => sum + rows.length, 0), "result");
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
    const { key } = event;
    if (key === "ArrowDown" || key === "ArrowUp") {
      if (list.hidden) show(true);
      else select(at + (key === "ArrowDown" ? 1 : -1));
    } else if (key === "Enter" && at >= 0) list.querySelectorAll("a")[at].click();
    else if (key === "Escape" && !list.hidden) close();
    else if (key === "Escape") {
      input.value = "";
      input.blur();
    } else return;
    event.preventDefault();
  });
  list.addEventListener("pointerdown", (event) => event.preventDefault());
  input.addEventListener("blur", close);
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input:not([type=checkbox]), textarea");
    const other = event.ctrlKey || event.metaKey;
    const palette = event.key.toLowerCase() === "k" && other && !event.altKey && !event.shiftKey;
    if (!palette && (event.key !== "/" || typing || other || event.altKey)) return;
    event.preventDefault();
    wanted = palette;
    input.focus();
    input.select();
    if (palette) show(true);
  });
}

// A table of mappings has a body per mapping, with its comments and references.
const rowsOf = (table) => (table.tBodies.length > 1 ? [...table.tBodies] : [...(table.tBodies[0]?.rows ?? [])]);

// Filters the rows of long tables. Narrow windows show the first ones; filters, and the search of the browser, find all.
function addFilter(table) {
  const rows = rowsOf(table);
  if (rows.length <= MOST_ROWS) return;
  const input = make("input", { type: "search", "aria-label": "Filter rows", placeholder: "Filter rows", autocomplete: "off" });
  const count = make("span", { role: "status" });
  const frame = table.closest(".frame");
  const all = `Show all ${rows.length}`;
  const rest = make("button", { type: "button", class: "rest screen", "aria-label": `${all}: ${frame.getAttribute("aria-label")}` }, all);
  let texts = null;
  let whole = false;
  function show() {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    if (words.length) texts ??= new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
    const short = NARROW.matches && !whole && !words.length;
    let found = 0;
    rowsOf(table).forEach((row, n) => {
      const fits = words.every((word) => texts.get(row).includes(word));
      found += fits;
      if (short && n >= MOST_ROWS) row.hidden = "until-found";
      else row.hidden = !fits;
    });
    rest.hidden = !short;
    count.textContent = found === rows.length ? `${found} rows` : `${found} of ${rows.length} rows`;
  }
  function showAll() {
    whole = true;
    show();
  }
  input.addEventListener("input", show);
  table.addEventListener("change", show);
  table.addEventListener("beforematch", showAll);
  rest.addEventListener("click", showAll);
  NARROW.addEventListener("change", show);
  window.addEventListener("beforeprint", showAll);
  frame.before(make("div", { class: "filter screen" }, input, count));
  frame.after(rest);
  show();
}

function addOrder(table) {
  const heads = [...table.tHead.rows[0].cells];
  const { compare } = new Intl.Collator("en", { numeric: true });
  heads.forEach((head, column) => {
    const button = make("button", { type: "button" }, ...head.childNodes);
    head.append(button);
    head.setAttribute("aria-sort", "none");
    button.addEventListener("click", () => {
      const order = head.getAttribute("aria-sort");
      const down = order === "none" ? head.classList.contains("right") : order === "ascending";
      for (const other of heads) other.setAttribute("aria-sort", "none");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const rows = [...table.tBodies[0].rows].map((row) => [row.cells[column].textContent, row]);
      rows.sort(([a], [b]) => (down ? compare(b, a) : compare(a, b)));
      table.tBodies[0].append(...rows.map(([, row]) => row));
      table.dispatchEvent(new Event("change"));
    });
  });
}

// The download attribute works on hosts only.
if (location.protocol === "file:") for (const hint of document.querySelectorAll("[data-disk]")) hint.hidden = false;
for (const place of document.querySelectorAll("[data-find]")) searchBox(place);
for (const table of document.querySelectorAll("table[data-filter]")) addFilter(table);
for (const table of document.querySelectorAll("table[data-sort]")) addOrder(table);
