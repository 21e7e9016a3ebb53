// Elements. Texts are always texts: nothing here reads markup.

function make(name, options, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(options || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key === "class") element.className = value;
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

function colorClass(number) {
  return number >= 0 ? ` k${number}` : "";
}

const NOT_COVERED = "not covered";

// What stands for a score: a tick where something is covered without one, nothing where it is not covered.
function scoreText(entry) {
  if (entry === null || entry.score === false) return "";
  return entry.score === null ? "\u2713" : figure(entry.score);
}

// A score on its colour; what is not covered is empty, and in words for those who ask.
function chip(entry) {
  if (entry === null) {
    return make("span", { class: "chip none", title: NOT_COVERED }, make("span", { class: "hidden" }, NOT_COVERED));
  }
  const told = entry.score === false ? NOT_COVERED : scoreText(entry);
  const title = entry.score === null ? "covered without a score" : null;
  return make("span", { class: `chip${colorClass(entry.color)}`, title }, told);
}

// What a view says of a technique: its score, and the words that say more.
function said(name, entry, words) {
  const rest = entry.score === false ? words.replace(/^not covered\b[\s;]*/i, "") : words;
  return make("p", { class: "small" }, `${name}: `, chip(entry), rest ? ` ${rest}` : "");
}

// A link where the text is an address of the web, else the text.
function reference(text) {
  if (!/^https?:\/\/[^\s]+$/i.test(text)) return document.createTextNode(text);
  return make("a", { href: text, rel: "noreferrer" }, text.replace(/^https?:\/\//i, "").replace(/\/$/, ""));
}

// Whether an element is there to be seen and to have the focus.
function isSeen(element) {
  return element.isConnected && element.getClientRects().length > 0;
}

function plural(number, one, many) {
  return `${number.toLocaleString("en")} ${number === 1 ? one : many || `${one}s`}`;
}
// One view as a matrix: a column per tactic, a button per technique, sub-techniques below theirs when opened.

class Matrix {
  constructor(model, view) {
    this.model = model;
    this.view = view;
    this.cells = new Map(); // technique → its buttons, one per tactic
    this.columns = model.tactics.map((tactic) => this.buildColumn(tactic));
    this.heading = make("h3", { id: `view-${view.id}` }, view.title);
    this.count = make("p", { class: "soft small count" });
    this.legend = make("div", { class: "legend" });
    this.grid = make("div", { class: "matrix" }, ...this.columns.map((column) => column.element));
    this.frame = make("div", { class: "frame matrix-frame" }, this.grid);
    this.element = make("section", { class: "view", "aria-labelledby": this.heading.id },
      make("div", { class: "view-head" }, this.heading, this.count), this.legend, this.frame);
  }

  buildColumn(tactic) {
    const ratio = make("span", { class: "ratio" });
    const heading = make("h4", {}, make("span", { class: "tactic" }, tactic.name), " ", ratio);
    const list = make("ul", { "aria-label": tactic.name });
    const rows = tactic.cells.map(([technique, subs]) => {
      const row = this.buildItem(technique);
      row.subs = subs;
      if (subs.length) {
        row.more = make("button", { type: "button", class: "more", tabindex: "-1" });
        row.element.append(row.more);
      }
      list.append(row.element);
      return row;
    });
    return { element: make("div", { class: "column" }, heading, list), ratio, rows };
  }

  buildItem(technique) {
    const { id, name } = this.model.techniques[technique];
    const [base, sub] = id.split(".");
    const score = make("b", {});
    const cell = make("button", { type: "button", class: "cell", tabindex: "-1", "data-technique": technique },
      make("span", { class: "text" },
        make("span", { class: "id" }, make("span", { class: "base" }, base), sub ? `.${sub}` : ""), " ",
        make("span", { class: "name" }, name)), " ",
      score);
    if (!this.cells.has(technique)) this.cells.set(technique, []);
    this.cells.get(technique).push(cell);
    return { technique, cell, score, element: make("li", {}, cell), more: null, list: null, below: [] };
  }

  // Sub-techniques get their buttons when they are first shown.
  openRow(row) {
    if (row.list) return;
    row.below = row.subs.map((sub) => this.buildItem(sub));
    row.list = make("ul", {}, ...row.below.map((one) => one.element));
    row.element.append(row.list);
  }

  // Shows the state, whose filters are told as a text. `kept(technique)`: whether any of the views side by side shows it.
  update(state, filters, kept) {
    const { model, view } = this;
    this.open = openOf(model, state);
    // A layer's own figures are of all that it shows.
    const whole = state.platform < 0 && !(state.least > 0);
    const seen = new Set();
    const covered = new Set();
    const take = (technique) => {
      const entry = entryOf(model, state, view, technique);
      seen.add(technique);
      if (isCovered(view, entry)) covered.add(technique);
      return entry;
    };
    this.columns.forEach(({ rows, ratio, element }, at) => {
      let mapped = 0;
      let total = 0;
      for (const row of rows) {
        const subs = row.subs.filter((sub) => isThere(model, state, view, sub));
        const there = isThere(model, state, view, row.technique) ||
          (subs.length > 0 && onPlatform(model, state, row.technique));
        const entry = there ? take(row.technique) : null;
        const below = subs.filter((sub) => isCovered(view, take(sub))).length;
        const shown = there && (!state.only || kept(row.technique) || subs.some(kept));
        row.element.hidden = !shown;
        const own = there && isCovered(view, entry);
        // Of gaps each counts, of coverage a technique counts with what is below it.
        total += there + (view.kind === "gap" ? subs.length : 0);
        mapped += view.kind === "gap" ? own + below : there && (own || below > 0);
        this.show(row, entry);
        if (row.more) this.updateSubs(row, state, subs, below, kept);
      }
      if (view.ratios.length) {
        ratio.textContent = whole ? view.ratios[at] : "";
        ratio.title = whole ? view.counted : "";
      } else {
        ratio.textContent = `${mapped}/${total}`;
        ratio.title = view.kind === "gap"
          ? `${mapped} of ${total} techniques and sub-techniques`
          : `${mapped} of ${total} techniques, themselves or by a sub-technique`;
      }
      element.hidden = rows.every((row) => row.element.hidden);
    });
    this.updateLegend(state);
    const subs = [...covered].filter((one) => model.techniques[one].parent >= 0).length;
    this.total = { covered: covered.size, of: seen.size };
    const figures = view.told && whole ? view.told
      : `${plural(covered.size - subs, "technique")}, ${plural(subs, "sub-technique")} of ${seen.size.toLocaleString("en")}`;
    this.count.textContent = `${figures}${filters && ` \u00b7 ${filters}`}`;
    this.keepTabStop();
  }

  updateSubs(row, state, subs, below, kept) {
    const open = this.open.has(row.technique) && subs.length > 0;
    const { name } = this.model.techniques[row.technique];
    row.more.hidden = subs.length === 0;
    row.more.replaceChildren(make("span", {}, `${below}/${subs.length}`));
    row.more.className = `more${row.color}`;
    row.more.setAttribute("aria-expanded", String(open));
    row.more.setAttribute("aria-label", `${name}: ${below}/${plural(subs.length, "sub-technique")}`);
    if (open) this.openRow(row);
    if (!row.list) return;
    row.list.hidden = !open;
    if (!open) return;
    row.below.forEach((one) => {
      one.element.hidden = !subs.includes(one.technique) || (state.only && !kept(one.technique));
      this.show(one, entryOf(this.model, state, this.view, one.technique));
    });
  }

  show(row, entry) {
    row.color = entry ? colorClass(entry.color) || " bare" : "";
    row.cell.className = `cell${row.color}`;
    row.score.textContent = scoreText(entry);
  }

  updateLegend(state) {
    const shown = this.view.shown[measureOf(state, this.view)];
    const ticks = [...shown.entries.values()].some((entry) => entry.score === null) ? ["not rated", "covered"] : [];
    const items = shown.legend.map(([label, color]) => make("li", {}, make("span", { class: `swatch k${color}` }),
      ticks.includes(label) ? `\u2713 ${label}` : label));
    const ramp = shown.ramp.length
      ? make("span", { class: "ramp", "aria-hidden": "true" }, make("span", {}, shown.low),
        ...shown.ramp.map((color) => make("i", { class: `k${color}` })), make("span", {}, shown.high))
      : null;
    this.legend.replaceChildren(...[ramp, make("ul", { "aria-label": "Legend" }, ...items)].filter(Boolean));
  }

  // The buttons that are to be seen, in a column each.
  get visible() {
    const cells = (rows) => rows.filter((row) => !row.element.hidden)
      .flatMap((row) => [row.cell, ...(row.list && !row.list.hidden ? cells(row.below) : [])]);
    return this.columns.filter((column) => !column.element.hidden).map((column) => cells(column.rows));
  }

  get tabStop() {
    return this.grid.querySelector('.cell[tabindex="0"]');
  }

  set tabStop(cell) {
    const old = this.tabStop;
    if (old) old.tabIndex = -1;
    if (cell) cell.tabIndex = 0;
  }

  // One button of the matrix is reached by the tabulator key: the last one that was, or the first.
  keepTabStop() {
    const visible = this.visible;
    const old = this.tabStop;
    if (!old || !visible.some((column) => column.includes(old))) this.tabStop = (visible[0] || [])[0];
  }
}
// The keyboard in a matrix: arrows move, Home and End go to the ends of a column, with Ctrl to those of the matrix.

function moved(matrix, cell, event) {
  const columns = matrix.visible;
  const at = columns.findIndex((column) => column.includes(cell));
  if (at < 0) return null;
  const column = columns[at];
  const row = column.indexOf(cell);
  const last = (list) => list[list.length - 1];
  switch (event.key) {
    case "ArrowUp": return column[Math.max(row - 1, 0)];
    case "ArrowDown": return column[Math.min(row + 1, column.length - 1)];
    case "ArrowLeft": return beside(columns[at - 1], cell);
    case "ArrowRight": return beside(columns[at + 1], cell);
    case "Home": return event.ctrlKey ? columns[0][0] : column[0];
    case "End": return event.ctrlKey ? last(last(columns)) : last(column);
    default: return null;
  }
}

// The button of a column that stands at the height of a cell.
function beside(column, cell) {
  if (!column || !column.length) return cell;
  const middle = (element) => {
    const { top, bottom } = element.getBoundingClientRect();
    return (top + bottom) / 2;
  };
  const height = middle(cell);
  return column.reduce((best, one) => (Math.abs(middle(one) - height) < Math.abs(middle(best) - height) ? one : best));
}
// What is told of the technique below the pointer or the focus: its scores per set and category.

function measureNames(model) {
  return model.measures.map((one) => one.name);
}

// A row per set: what it gives the technique in each measure, and how many of its capabilities.
function scoreTable(model, technique) {
  const names = measureNames(model);
  const head = make("tr", {}, make("th", { scope: "col" }, "set"),
    ...names.map((name) => make("th", { scope: "col", class: "right" }, name)),
    make("th", { scope: "col", class: "right" }, "capabilities"));
  const rows = model.views.filter((view) => view.kind === "set").map((view) => {
    const set = model.sets[view.sets[0]];
    const entries = names.map((_, at) => (view.shown[at] || view.shown[0]).entries.get(technique) || null);
    const scores = entries.some((entry) => entry !== null)
      ? entries.map((entry) => make("td", { class: "right" }, chip(entry)))
      : [make("td", { class: "right soft", colspan: names.length }, NOT_COVERED)];
    const number = set.layer ? "" : String(set.counts[technique] || 0);
    return make("tr", {}, make("th", { scope: "row" }, set.name), ...scores, make("td", { class: "right" }, number));
  });
  return make("table", { class: "scores" }, make("thead", {}, head), make("tbody", {}, ...rows));
}

class Tip {
  constructor(model) {
    this.model = model;
    this.element = make("div", { id: "tip", role: "tooltip", class: "tip", hidden: true });
    this.cell = null;
  }

  // `title` is that of the view, whose entry of the technique of the cell it is.
  show(cell, view, title, entry) {
    const technique = Number(cell.dataset.technique);
    const { id, name, parent } = this.model.techniques[technique];
    const words = entry === null ? "" : this.model.texts[entry.words] || "";
    this.element.replaceChildren(...[
      make("p", { class: "tip-name" }, make("b", {}, id), " ", name),
      parent >= 0 ? make("p", { class: "soft" }, `of ${this.model.techniques[parent].name}`) : null,
      ["union", "difference", "gap", "layer"].includes(view.kind) && entry !== null
        ? said(title, entry, words) : null,
      view.kind === "set" && words ? make("p", {}, words) : null,
      scoreTable(this.model, technique),
    ].filter(Boolean));
    this.element.hidden = false;
    if (this.cell && this.cell !== cell) this.cell.removeAttribute("aria-describedby");
    this.cell = cell;
    cell.setAttribute("aria-describedby", "tip");
    this.place(cell.getBoundingClientRect());
  }

  // Below the cell, or above where there is more room; never beyond the edge of the window.
  place(cell) {
    const { width, height } = this.element.getBoundingClientRect();
    const room = document.documentElement;
    const left = Math.max(8, Math.min(cell.left, room.clientWidth - width - 8));
    const below = cell.bottom + 8;
    const top = below + height > room.clientHeight && cell.top > height + 8 ? cell.top - height - 8 : below;
    this.element.style.left = `${left}px`;
    this.element.style.top = `${Math.max(8, Math.min(top, room.clientHeight - height - 8))}px`;
  }

  // Stays with what has the focus or is still below the pointer, when something is scrolled.
  follow() {
    if (this.cell && this.cell.matches(":focus-visible, :hover")) this.place(this.cell.getBoundingClientRect());
    else this.hide();
  }

  hide() {
    if (this.cell) this.cell.removeAttribute("aria-describedby");
    this.cell = null;
    this.element.hidden = true;
  }
}
