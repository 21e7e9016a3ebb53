// One view as a matrix: a column per tactic, a cell per technique, sub-techniques below theirs when opened.

class Matrix {
  constructor(model, view) {
    this.model = model;
    this.view = view;
    this.cells = new Map(); // technique → its cells, one per tactic
    this.columns = model.tactics.map((tactic) => this.buildColumn(tactic));
    this.heading = make("h3", { id: `view-${view.id}` }, view.title);
    this.count = make("p", { class: "soft small count" });
    this.legend = make("div", { class: "legend" });
    this.grid = make("div", { class: "matrix" }, ...this.columns.map((column) => column.element));
    this.frame = make("div", { class: "frame matrix-frame" }, this.grid);
    this.element = make("section", { class: "view", "aria-labelledby": this.heading.id },
      make("div", { class: "view-head" }, this.heading, this.count), this.legend, this.frame);
  }

  // Shows a view of another model of the same release.
  renew(model, view) {
    this.model = model;
    this.view = view;
    this.heading.textContent = view.title;
  }

  // The page of a technique or tactic on a site, or that of its release if the site has none.
  pageOf(folder, { id, page }) {
    if (this.model.absent.has(id)) return page ?? `https://attack.mitre.org/${folder}/${id.replace(".", "/")}/`;
    return `${this.model.pages}${folder}/${id.toLowerCase()}.html`;
  }

  buildColumn(tactic) {
    const ratio = make("span", { class: "ratio" });
    const name = this.model.pages === null ? make("span", { class: "tactic" }, tactic.name)
      : make("a", { class: "tactic", href: this.pageOf("tactics", tactic) }, tactic.name);
    const list = make("ul", { "aria-label": tactic.name });
    // In narrow windows, a tactic is a strip of squares until it is unfolded.
    const unfold = make("button", { type: "button", class: "unfold", "aria-expanded": "false", "aria-label": `Techniques of ${tactic.name}` });
    const strip = make("div", { class: "strip", "aria-hidden": "true" });
    const rows = tactic.techniques.map(([technique, subs]) => {
      const heading = tactic.headings?.includes(technique) ?? false;
      const row = { ...this.buildItem(technique), subs, heading, fold: null, list: null, below: [] };
      if (heading) row.cell.classList.add("outside");
      if (subs.length) {
        row.fold = make("button", { type: "button", class: "fold", tabindex: "-1" });
        row.cell.after(row.fold);
      }
      list.append(row.element);
      return row;
    });
    const element = make("div", { class: "column" }, make("h4", {}, name, " ", ratio, unfold), strip, list);
    unfold.addEventListener("click", () => this.unfold(element, !element.classList.contains("shown")));
    return { element, ratio, rows, strip };
  }

  unfold(column, is = true) {
    column.classList.toggle("shown", is);
    column.querySelector(".unfold").setAttribute("aria-expanded", String(is));
  }

  // Scrolls to a cell, which may be in a folded tactic.
  reveal(cell) {
    this.unfold(cell.closest(".column"));
    cell.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  buildItem(technique) {
    const one = this.model.techniques[technique];
    const [base, sub] = one.id.split(".");
    const score = make("b", {});
    const what = this.model.pages === null ? { type: "button" } : { href: this.pageOf("techniques", one) };
    const cell = make(what.href ? "a" : "button", { ...what, class: "cell", tabindex: "-1", "data-technique": technique },
      make("span", { class: "name" }, ...breakable(one.name)), " ",
      make("span", { class: "end" },
        make("span", { class: "id" }, make("span", { class: "base" }, base), sub ? `.${sub}` : ""), " ", score));
    if (!this.cells.has(technique)) this.cells.set(technique, []);
    this.cells.get(technique).push(cell);
    return { technique, cell, score, fill: "", element: make("li", {}, make("div", { class: "item" }, cell)) };
  }

  // `kept(technique)`: whether any of the views side by side covers it, so that it stays when empty cells are hidden.
  update(kept) {
    const { model, view } = this;
    const { state } = model;
    const seen = new Set();
    const covered = new Set();
    const take = (technique) => {
      seen.add(technique);
      const is = model.isCovered(view, technique);
      if (is) covered.add(technique);
      return is;
    };
    // The own figures of a layer hold only without filters.
    const whole = state.platform < 0 && !(state.least > 0);
    this.columns.forEach(({ rows, ratio, element, strip }, at) => {
      let mapped = 0;
      let total = 0;
      for (const row of rows) {
        const subs = row.subs.filter((sub) => model.isThere(view, sub));
        const counts = !row.heading && (model.isThere(view, row.technique) || (subs.length > 0 && model.isOnPlatform(row.technique)));
        const there = counts || (row.heading && subs.length > 0);
        const own = counts && take(row.technique);
        const below = subs.filter(take).length;
        row.element.hidden = !there || (state.only && !kept(row.technique) && !subs.some(kept));
        total += counts + subs.length;
        mapped += own + below;
        this.updateCell(row, counts ? model.entry(view, row.technique) : null);
        if (row.fold) this.updateSubs(row, subs, below, kept);
      }
      ratio.textContent = !view.ratios.length ? `${mapped}/${total}` : whole ? view.ratios[at] : "";
      ratio.title = !view.ratios.length ? `${mapped} of ${total} techniques and sub-techniques` : whole ? view.counted : "";
      element.hidden = rows.every((row) => row.element.hidden);
      const fills = rows.filter((row) => !row.element.hidden).map((row) => row.fill.trim());
      if (strip.dataset.fills !== fills.join()) {
        strip.dataset.fills = fills.join();
        strip.replaceChildren(...fills.map((fill) => make("i", { class: fill })));
      }
    });
    const isSub = (one) => model.techniques[one].parent >= 0;
    const subs = [...covered].filter(isSub).length;
    const figures = view.summary && whole ? view.summary
      : `${plural(covered.size - subs, "technique")}${[...seen].some(isSub) ? `, ${plural(subs, "sub-technique")}` : ""} of ${seen.size.toLocaleString("en")}`;
    const below = view.ratios.length && whole && view.counted
      ? `below each tactic: ${view.counted.replace(/^techniques and sub-techniques /, "")} / all` : "";
    this.count.textContent = [figures, below, this.filters()].filter(Boolean).join(" \u00b7 ");
    this.summary = `${view.title}: ${covered.size} of ${seen.size} shown`;
    this.updateLegend();
    const visible = this.visible;
    if (!visible.some((column) => column.includes(this.tabStop))) this.tabStop = visible[0]?.[0];
  }

  updateSubs(row, subs, below, kept) {
    const { model, view } = this;
    const open = model.open.has(row.technique) && subs.length > 0;
    const { fold } = row;
    const ratio = `${view.kind === "gap" ? subs.length - below : below}/${subs.length}`;
    const about = `${ratio}${row.fill}${open}`;
    // The page changes only where the view does: a slider asks for many views.
    if (fold.dataset.about !== about) {
      fold.dataset.about = about;
      fold.hidden = subs.length === 0;
      fold.replaceChildren(make("span", {}, ratio));
      fold.className = `fold${row.fill}`;
      fold.setAttribute("aria-expanded", String(open));
      fold.setAttribute("aria-label", `${model.techniques[row.technique].name}: ${ratio} ${subs.length === 1 ? "sub-technique" : "sub-techniques"}`);
    }
    // Sub-techniques get their cells when first opened: 450 fewer elements at the start.
    if (open && !row.list) {
      row.below = row.subs.map((sub) => this.buildItem(sub));
      row.list = make("ul", {}, ...row.below.map((one) => one.element));
      row.element.append(row.list);
    }
    if (row.list) row.list.hidden = !open;
    if (!open) return;
    for (const one of row.below) {
      one.element.hidden = !subs.includes(one.technique) || (model.state.only && !kept(one.technique));
      this.updateCell(one, model.entry(view, one.technique));
    }
  }

  updateCell(row, entry) {
    const fill = entry ? entry.fill || " bare" : "";
    const score = scoreText(entry);
    if (row.fill !== fill) row.cell.className = `cell${fill}`;
    if (row.score.textContent !== score) row.score.textContent = score;
    row.fill = fill;
  }

  // The active filters, and a note for a capability that does not apply.
  filters() {
    const { model, view } = this;
    const { platform, capability, least } = model.state;
    const measure = model.measureOf(view);
    const chosen = model.capabilities[capability]?.[1];
    return [
      measure > 0 ? model.measures[measure].name : "",
      model.platforms[platform],
      chosen && (model.hasCapabilities(view) ? chosen : `all ${model.noun[1]} (the filter does not apply)`),
      least > 0 ? `from ${figure(least)}` : "",
    ].filter(Boolean).join(", ");
  }

  updateLegend() {
    const { model } = this;
    const { entries, legend } = this.view.shown[model.measureOf(this.view)];
    const ticks = [...entries.values()].some((entry) => entry.score === null) ? ["not rated", model.covered] : [];
    const items = legend.map(([label, fill]) => make("li", { class: `mark${fill}` },
      ticks.includes(label) ? `\u2713 ${label}` : label));
    // What cells without a color are; under a filter, they are several things.
    const blank = { gap: model.covered, difference: "in neither", set: `not ${model.covered}`, union: `not ${model.covered}` }[this.view.kind];
    const { capability, least } = model.state;
    if (blank && capability < 0 && !(least > 0) && !legend.some(([label]) => label === blank)) items.push(make("li", { class: "mark" }, blank));
    if (model.headings.size) items.push(make("li", { class: "mark outside" }, "out of scope"));
    const numbers = items.filter((item) => /^[\u2212-]?\d/.test(item.textContent)).reverse();
    const list = (name, some) => some.length ? make("ul", { class: name, "aria-label": "Legend" }, ...some) : "";
    this.legend.replaceChildren(...[list("ramp", numbers), list("marks", items.filter((item) => !numbers.includes(item)))].filter(Boolean));
  }

  // The visible cells, a list per column.
  get visible() {
    const cells = (rows) => rows.filter((row) => !row.element.hidden)
      .flatMap((row) => [row.cell, ...(row.list && !row.list.hidden ? cells(row.below) : [])]);
    return this.columns.filter((column) => !column.element.hidden).map((column) => cells(column.rows));
  }

  // The one cell in the tab order: the last one with the focus, or the first.
  get tabStop() {
    return this.grid.querySelector('.cell[tabindex="0"]');
  }

  set tabStop(cell) {
    const old = this.tabStop;
    if (old) old.tabIndex = -1;
    if (cell) cell.tabIndex = 0;
  }

  // The next cell for a key: arrows move, Home and End go to the ends of a column, with Ctrl to those of the matrix.
  moved(cell, { key, ctrlKey }) {
    const columns = this.visible;
    const at = columns.findIndex((column) => column.includes(cell));
    if (at < 0) return null;
    const column = columns[at];
    const row = column.indexOf(cell);
    switch (key) {
      case "ArrowUp": return column[Math.max(row - 1, 0)];
      case "ArrowDown": return column[Math.min(row + 1, column.length - 1)];
      case "ArrowLeft": return nearest(columns[at - 1], cell);
      case "ArrowRight": return nearest(columns[at + 1], cell);
      case "Home": return ctrlKey ? columns[0][0] : column[0];
      case "End": return ctrlKey ? columns.at(-1).at(-1) : column.at(-1);
      default: return null;
    }
  }
}

// The cell of a column at the height of another cell.
function nearest(column, cell) {
  if (!column?.length) return cell;
  const distance = (one) => Math.abs(one.getBoundingClientRect().top - cell.getBoundingClientRect().top);
  return column.reduce((best, one) => (distance(one) < distance(best) ? one : best));
}

// The text of a score: a tick for covered without a score, nothing for not covered.
function scoreText(entry) {
  if (entry === null || entry.score === false) return "";
  return entry.score === null ? "\u2713" : figure(entry.score);
}

// A score on its color; empty with a hidden text for not covered.
function chip({ covered }, entry, mark = "\u2713") {
  const not = `not ${covered}`;
  if (entry === null) {
    return make("span", { class: "chip none", title: not }, make("span", { class: "hidden" }, not));
  }
  return make("span", { class: `chip${entry.fill}`, title: entry.score === null && `${covered} without a score` },
    entry.score === false ? not : entry.score === null ? mark : scoreText(entry));
}

// A line for a technique in a view: its score, and words about it.
function statement(model, view, { words, ...entry }) {
  const rest = entry.score === false ? words.replace(/^not (covered|mapped)\b[\s;]*/i, "") : words;
  return make("p", { class: "small statement" }, make("span", { class: "soft" }, `${model.titleOf(view)}: `),
    chip(model, entry, /not rated/.test(rest) ? "\u2713" : model.covered), rest ? ` ${rest}` : "");
}

// A table with a row per set: the scores of a technique in each measure, and the number of capabilities.
function scoreTable(model, technique) {
  const names = model.measures.map((one) => one.name);
  const right = { scope: "col", class: "right" };
  const rows = [...model.sets.entries()].filter(([number]) => model.compared?.includes(number) ?? true).map(([number, set]) => {
    const { shown } = model.views.find((view) => view.kind === "set" && view.sets[0] === number);
    const entries = names.map((_, at) => (shown[at] ?? shown[0]).entries.get(technique) ?? null);
    const scores = entries.some((entry) => entry !== null)
      ? entries.map((entry) => make("td", { class: "right" }, chip(model, entry)))
      : [make("td", { class: "right soft", colspan: names.length }, `not ${model.covered}`)];
    return make("tr", {}, make("th", { scope: "row" }, set.name), ...scores,
      make("td", { class: "right" }, set.layer ? "" : String(set.counts[technique] ?? 0)));
  });
  return make("table", { class: "scores" },
    make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "set"),
      ...[...names, model.noun[1]].map((name) => make("th", right, name)))),
    make("tbody", {}, ...rows));
}

// The tooltip of the technique below the pointer or with the focus.
class Tip {
  constructor(model) {
    this.model = model;
    this.element = make("div", { id: "tip", role: "tooltip", class: "tip", hidden: true });
    this.cell = null;
  }

  show(cell, view) {
    const { model } = this;
    const technique = Number(cell.dataset.technique);
    const { id, name, parent } = model.techniques[technique];
    const entry = model.entry(view, technique);
    const words = entry?.words && make("p", {}, entry.words);
    this.element.replaceChildren(...[
      make("p", {}, make("b", {}, id), " ", name),
      parent >= 0 ? make("p", { class: "soft" }, `of ${model.techniques[parent].name}`) : null,
      view.kind === "set" ? words : entry && statement(model, view, entry),
      model.headings.has(technique) ? make("p", { class: "soft" }, model.release.heading) : model.sets.length ? scoreTable(model, technique) : null,
    ].filter(Boolean));
    this.element.hidden = false;
    if (this.cell !== cell) this.cell?.removeAttribute("aria-describedby");
    this.cell = cell;
    cell.setAttribute("aria-describedby", "tip");
    this.place(cell.getBoundingClientRect());
  }

  // Below the cell, or above it for lack of room; always within the window.
  place(cell) {
    const { width, height } = this.element.getBoundingClientRect();
    const { clientWidth, clientHeight } = document.documentElement;
    const left = Math.max(8, Math.min(cell.left, clientWidth - width - 8));
    const below = cell.bottom + 8;
    const top = below + height > clientHeight && cell.top > height + 8 ? cell.top - height - 8 : below;
    this.element.style.left = `${left}px`;
    this.element.style.top = `${Math.max(8, Math.min(top, clientHeight - height - 8))}px`;
  }

  // After scrolling, stay at the cell if it still has the focus or the pointer.
  follow() {
    if (this.cell?.matches(":focus-visible, :hover")) this.place(this.cell.getBoundingClientRect());
    else this.hide();
  }

  hide() {
    this.cell?.removeAttribute("aria-describedby");
    this.cell = null;
    this.element.hidden = true;
  }
}
