// Two sets over one matrix: A left of a slider, B right of it, and their numbers per tactic.

const COLUMN = 98; // the least width of a tactic

class Compare {
  constructor(root, data) {
    this.root = root;
    this.model = new Model(data);
    this.matrices = new Map();
    this.tip = new Tip(this.model);
    this.stack = make("div", { class: "swipe" });
    this.stack.style.setProperty("--least", `${this.model.tactics.length * COLUMN}px`);
    this.frame = make("div", { class: "frame matrix-frame" }, this.stack);
    this.verdict = make("p", { class: "headline", role: "status" });
    this.table = make("div", { class: "frame", tabindex: "0", role: "region", "aria-label": "Tactics" });
    this.legends = make("div", { class: "two" });
    this.slider = make("input", { type: "range", min: "0", max: "100", value: "50", "aria-label": "Share of the matrix that shows A" });
    this.chosen = ["A", "B"].map((name) => this.choice(name));
    root.append(make("div", { class: "controls" }, make("div", { class: "line" }, ...this.chosen.map(([label]) => label))),
      this.verdict, this.legends, this.slider, this.frame, make("h2", { id: "tactics" }, "Tactics"), this.table, this.tip.element);
    this.read();
    this.listen();
    root.hidden = false;
    this.show();
  }

  choice(name) {
    const select = make("select", {}, ...this.model.views.map(({ id, title }) => make("option", { value: id }, title)));
    return [make("label", { class: "control" }, make("span", { class: "label" }, name), select), select];
  }

  get views() {
    return this.chosen.map(([, select]) => this.model.viewOf(select.value));
  }

  // The choice is in the address: #a=aws&b=gcp.
  read() {
    const parts = new URLSearchParams(location.hash.slice(1));
    const { views } = this.model;
    ["a", "b"].forEach((name, at) => {
      this.chosen[at][1].value = this.model.viewOf(parts.get(name))?.id ?? views[Math.min(at, views.length - 1)].id;
    });
  }

  matrix(view) {
    if (!this.matrices.has(view.id)) this.matrices.set(view.id, new Matrix(this.model, view));
    return this.matrices.get(view.id);
  }

  show() {
    const [a, b] = this.views;
    this.shown = a === b ? [this.matrix(a)] : [this.matrix(a), this.matrix(b)];
    for (const matrix of this.shown) matrix.update(() => true);
    this.stack.replaceChildren(...this.shown.map(({ grid }) => grid));
    this.model.compared = [a, b].map(({ sets }) => sets[0]);
    this.legends.replaceChildren(...this.shown.map(({ legend, view }, at) => make("div", {}, make("b", {}, `${"AB"[at]}: ${view.title}`), legend)));
    this.swipe();
    this.count(a, b);
    const address = `#a=${encodeURIComponent(a.id)}&b=${encodeURIComponent(b.id)}`;
    if (location.hash !== address && (location.hash || a !== this.model.views[0])) history.replaceState(null, "", address);
  }

  // Tactics fold and unfold in both matrices.
  alike(unfold) {
    const column = unfold.closest(".column");
    const matrix = this.shown.find(({ grid }) => grid.contains(column));
    const at = matrix.columns.findIndex(({ element }) => element === column);
    for (const one of this.shown) one.unfold(one.columns[at].element, column.classList.contains("shown"));
  }

  swipe() {
    this.stack.style.setProperty("--at", `${this.slider.value}%`);
  }

  count(a, b) {
    const { model } = this;
    const has = (view, technique) => model.isCovered(view, technique);
    const tally = (techniques) => ({
      total: techniques.length, a: techniques.filter((one) => has(a, one)).length, b: techniques.filter((one) => has(b, one)).length,
      both: techniques.filter((one) => has(a, one) && has(b, one)).length,
    });
    const every = tally(model.techniques.map((_, number) => number));
    this.verdict.replaceChildren(make("b", {}, a.title), ` maps ${plural(every.a, "technique")}, `, make("b", {}, b.title),
      ` ${every.b.toLocaleString("en")}: ${every.both} both, ${every.a - every.both} only A, ${every.b - every.both} only B, of ${every.total} techniques and sub-techniques.`);
    const right = { scope: "col", class: "right" };
    const rows = model.tactics.map((tactic) => {
      const { total, both, ...own } = tally([...new Set(tactic.techniques.flat(2))]);
      const figures = [own.a, own.b, both, own.a - both, own.b - both, total - own.a - own.b + both];
      return make("tr", {}, make("th", { scope: "row" }, tactic.name), make("td", { class: "dumbbell" }, dumbbell(own.a / total, own.b / total)),
        ...[...figures, total].map((number) => make("td", { class: "right" }, String(number))));
    });
    this.table.replaceChildren(make("table", { class: "tactics" },
      make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "Tactic"), make("th", { scope: "col" }, "Share: A \u25CF, B \u25CB"),
        ...["A", "B", "Both", "Only A", "Only B", "Neither", "All"].map((name) => make("th", right, name)))),
      make("tbody", {}, ...rows)));
  }

  listen() {
    const { stack, tip } = this;
    const cellOf = ({ target }) => (target instanceof Element ? target.closest(".cell") : null);
    const of = (cell) => this.shown.find(({ grid }) => grid.contains(cell));
    const hover = (cell) => tip.show(cell, of(cell).view);
    for (const [, select] of this.chosen) select.addEventListener("input", () => this.show());
    this.slider.addEventListener("input", () => this.swipe());
    window.addEventListener("hashchange", () => { this.read(); this.show(); });
    window.addEventListener("scroll", () => tip.follow(), { passive: true });
    this.frame.addEventListener("scroll", () => tip.follow(), { passive: true });
    document.addEventListener("keydown", ({ key }) => { if (key === "Escape") tip.hide(); });
    stack.addEventListener("pointerover", (event) => {
      const cell = cellOf(event);
      if (cell && event.pointerType !== "touch") hover(cell);
      else tip.hide();
    });
    stack.addEventListener("pointerleave", () => tip.hide());
    stack.addEventListener("focusin", (event) => {
      const cell = cellOf(event);
      if (cell?.matches(":focus-visible")) hover(cell);
    });
    stack.addEventListener("focusout", () => tip.hide());
    stack.addEventListener("click", ({ target }) => {
      const unfold = target.closest(".unfold");
      if (unfold) this.alike(unfold);
      const fold = target.closest(".fold");
      if (!fold) return;
      const open = new Set(this.model.open);
      const technique = Number(fold.previousElementSibling.dataset.technique);
      if (!open.delete(technique)) open.add(technique);
      this.model.state.open = open;
      for (const matrix of this.shown) matrix.update(() => true);
    });
    stack.addEventListener("keydown", (event) => {
      const cell = cellOf(event);
      const to = cell === event.target && !event.altKey && !event.metaKey ? of(cell)?.moved(cell, event) : null;
      if (!to) return;
      event.preventDefault();
      of(to).tabStop = to;
      of(to).unfold(to.closest(".column"));
      to.focus({ preventScroll: true });
      of(to).reveal(to);
    });
  }
}

// Two shares on a line: a dot for A, a ring for B.
function dumbbell(a, b) {
  const draw = (name, attributes) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
    return element;
  };
  const at = (share) => 6 + 148 * share;
  const svg = draw("svg", { viewBox: "0 0 160 12", width: 160, height: 12, role: "img",
    "aria-label": `A ${Math.round(100 * a)}%, B ${Math.round(100 * b)}%` });
  svg.append(draw("path", { class: "rail", d: "M6 6H154" }), draw("path", { class: "bar", d: `M${at(a)} 6H${at(b)}` }),
    draw("circle", { class: "b", cx: at(b), cy: 6, r: 4.5 }), draw("circle", { class: "a", cx: at(a), cy: 6, r: 3.5 }));
  return svg;
}

const compareData = document.getElementById("compare-data");
if (compareData) new Compare(document.getElementById("compare"), JSON.parse(compareData.textContent));
