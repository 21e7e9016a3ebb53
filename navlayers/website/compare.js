// Two sets over one matrix: A left of a slider, B right of it, and their numbers per tactic. The sets may be at two releases
// of ATT&CK, or one set at both.

const COLUMN = 91; // the least width of a tactic

class Compare {
  constructor(root, releases) {
    this.root = root;
    this.releases = releases;
    this.models = new Map([[releases[0], this.read(releases[0])]]);
    this.matrices = new Map();
    this.tip = new Tip(this.models.get(releases[0]));
    this.stack = make("div", { class: "swipe" });
    this.frame = make("div", { class: "frame matrix-frame" }, this.stack);
    this.verdict = make("p", { class: "headline", role: "status" });
    this.table = make("div", { class: "frame", tabindex: "0", role: "region", "aria-label": "Tactics" });
    this.changes = make("section", { "aria-labelledby": "changes", hidden: true });
    this.legends = make("div", { class: "two" });
    this.slider = make("input", { type: "range", min: "0", max: "100", value: "50", "aria-label": "Share of the matrix that shows A" });
    this.chosen = ["A", "B"].map((name) => this.choice(name));
    root.append(make("div", { class: "controls" }, make("div", { class: "line" }, ...this.chosen.map(([label]) => label))),
      this.verdict, this.legends, this.slider, this.frame, make("h2", { id: "tactics" }, "Tactics"), this.table, this.changes, this.tip.element);
    this.readAddress();
    this.listen();
    root.hidden = false;
    this.show();
  }

  choice(name) {
    const options = this.releases.map(({ version, data }) =>
      [version, data.views.map(({ id, title }) => make("option", { value: id }, version === this.releases[0].version ? title : `${title} at ${version}`))]);
    const select = make("select", {}, ...(options.length > 1
      ? options.map(([version, some]) => make("optgroup", { label: `ATT&CK ${version}` }, ...some)) : options[0][1]));
    return [make("label", { class: "control" }, make("span", { class: "label" }, name), select), select];
  }

  // The choice is in the address: #a=aws&b=gcp, or with a release, #a=aws@16.1&b=aws@19.1.
  readAddress() {
    const parts = new URLSearchParams(location.hash.slice(1));
    const [{ version, data: { views } }] = this.releases;
    const ids = this.releases.flatMap(({ data }) => data.views.map(({ id }) => id));
    ["a", "b"].forEach((name, at) => {
      const wanted = [parts.get(name), `${parts.get(name)}@${version}`];
      this.chosen[at][1].value = wanted.find((id) => ids.includes(id)) ?? [...views.slice(0, 2).map(({ id }) => id), ...ids.slice(1)][at];
    });
  }

  get address() {
    const [{ version }] = this.releases;
    const [a, b] = this.chosen.map(([, { value }]) => encodeURIComponent(value.replace(`@${version}`, "")).replace("%40", "@"));
    return `#a=${a}&b=${b}`;
  }

  // The script of a release has just been loaded.
  read({ data, absent }) {
    const model = new Model({ ...data, release: globalThis.navlayersRelease });
    model.absent = new Set(absent);
    return model;
  }

  load(release) {
    if (!this.models.has(release)) {
      const script = make("script", { src: `${release.data.pages}assets/${release.script}` });
      this.models.set(release, new Promise((done, fail) => {
        script.addEventListener("load", () => done(this.read(release)));
        script.addEventListener("error", () => {
          this.models.delete(release);
          script.remove();
          fail(new Error(`ATT&CK ${release.version} could not be loaded: ${script.src}`));
        });
      }));
      document.head.append(script);
    }
    return this.models.get(release);
  }

  async side(id) {
    const release = this.releases.find(({ data }) => data.views.some((view) => view.id === id));
    const model = await this.load(release);
    if (!this.matrices.has(id)) this.matrices.set(id, new Matrix(model, model.viewOf(id)));
    return { release, model, matrix: this.matrices.get(id), view: model.viewOf(id) };
  }

  async show() {
    const ids = this.chosen.map(([, select]) => select.value);
    const isOld = () => ids.some((id, at) => id !== this.chosen[at][1].value); // another choice came while a release was loading
    let sides;
    try {
      sides = await Promise.all(ids.map((id) => this.side(id)));
    } catch ({ message }) {
      if (!isOld()) this.verdict.replaceChildren(message);
      return;
    }
    if (isOld()) return;
    const [a, b] = sides;
    this.shown = a.matrix === b.matrix ? [a.matrix] : [a.matrix, b.matrix];
    for (const matrix of this.shown) matrix.update(() => true);
    this.align(a, b);
    this.markNeither(a, b);
    this.stack.replaceChildren(...this.shown.map(({ grid }) => grid));
    for (const { model } of sides) model.compared = sides.filter((side) => side.model === model).map(({ view }) => view.sets[0]);
    const names = sides.map(({ view, release }) => (a.release === b.release ? view.title : `${view.title} at ${release.version}`));
    this.legends.replaceChildren(...this.shown.map(({ legend }, at) => make("div", {}, make("b", {}, `${"AB"[at]}: ${names[at]}`), legend)));
    this.swipe();
    this.equalizeHeights();
    this.count(a, b, names);
    this.showChanges(a, b);
    if (location.hash !== this.address && (location.hash || ids[0] !== this.releases[0].data.views[0].id)) history.replaceState(null, "", this.address);
  }

  // Tactics of both releases, in the order of B, lie over each other; a release that lacks one has its name alone.
  align(a, b) {
    const tactics = [...b.model.tactics];
    const place = (tactic) => tactics.findIndex(({ id }) => id === tactic?.id);
    a.model.tactics.forEach((tactic, at) => {
      if (place(tactic) < 0) tactics.splice(place(a.model.tactics[at - 1]) + 1, 0, tactic);
    });
    this.tactics = tactics;
    this.stack.style.setProperty("--least", `${tactics.length * COLUMN}px`);
    for (const { model, matrix, release } of [a, b]) {
      matrix.grid.replaceChildren(...tactics.map(({ id, name }) => matrix.columns[model.tactics.findIndex((tactic) => tactic.id === id)]?.element
        ?? make("div", { class: "column" }, make("h4", { class: "soft" }, name, " ", make("span", { class: "ratio" }, `not in ${release.version}`)))));
    }
  }

  // Techniques that neither set maps, themselves or by a sub-technique, have an edge in both matrices.
  markNeither(a, b) {
    const sides = a.matrix === b.matrix ? [a] : [a, b];
    const mapped = new Set([a, b].flatMap(({ model, view }) => [...model.techniques.keys()].filter((one) => model.isCovered(view, one))
      .flatMap((one) => [one, model.techniques[one].parent]).filter((one) => one >= 0).map((one) => model.techniques[one].id)));
    const isOpen = (model, technique) => !model.headings.has(technique) && !mapped.has(model.techniques[technique].id);
    for (const { model, matrix } of sides) {
      for (const [technique, cells] of matrix.cells) {
        for (const cell of cells) {
          cell.querySelector(".neither")?.remove();
          if (isOpen(model, technique)) cell.append(make("i", { class: `neither ${this.root.dataset.neither}` }));
        }
      }
      for (const { rows, strip } of matrix.columns) {
        const shown = rows.filter(({ element }) => !element.hidden);
        shown.forEach(({ technique }, at) => strip.children[at].classList.toggle("open", isOpen(model, technique)));
      }
    }
  }

  // In narrow windows, the tactics of both matrices have the same heights.
  equalizeHeights() {
    const pairs = this.tactics.map((_, at) => this.shown.map(({ grid }) => grid.children[at]));
    for (const column of pairs.flat()) column.style.minHeight = "";
    const heights = pairs.map((pair) => Math.max(...pair.map(({ offsetHeight }) => offsetHeight)));
    pairs.forEach((pair, at) => pair.forEach((column) => { column.style.minHeight = NARROW.matches ? `${heights[at]}px` : ""; }));
  }

  // Tactics fold and unfold in both matrices.
  toggleTactic(unfold) {
    const column = unfold.closest(".column");
    const at = [...column.parentElement.children].indexOf(column);
    for (const one of this.shown) {
      const other = one.grid.children[at];
      if (other.querySelector(".unfold")) one.unfold(other, column.classList.contains("shown"));
    }
    this.equalizeHeights();
  }

  swipe() {
    this.stack.style.setProperty("--at", `${this.slider.value}%`);
  }

  count(a, b, [nameA, nameB]) {
    const ids = ({ model }, techniques) => techniques.map((one) => model.techniques[one].id);
    const tally = (of) => {
      const [all, covered] = [0, 1].map((only) => [a, b].map((side) =>
        new Set(ids(side, of(side).filter((one) => !only || side.model.isCovered(side.view, one))))));
      const both = [...covered[0]].filter((id) => covered[1].has(id)).length;
      return { totals: all.map(({ size }) => size), total: new Set([...all[0], ...all[1]]).size, a: covered[0].size, b: covered[1].size, both };
    };
    const every = tally(({ model }) => [...model.techniques.keys()].filter((one) => !model.headings.has(one)));
    const [inA, inB] = every.totals;
    const of = a.release === b.release ? `of ${inA}` : `of ${inA} in A and ${inB} in B`;
    const open = every.total - every.a - every.b + every.both;
    this.verdict.replaceChildren(make("b", {}, nameA), ` maps ${every.a.toLocaleString("en")} ${every.a === 1 ? "technique or sub-technique" : "techniques and sub-techniques"}, `, make("b", {}, nameB),
      ` ${every.b.toLocaleString("en")}: ${every.both} both, ${every.a - every.both} only A, ${every.b - every.both} only B, ${of}; `,
      make("span", { class: `mark ${this.root.dataset.neither}` }, `${open.toLocaleString("en")} neither`));
    const right = { scope: "col", class: "right" };
    const marks = this.root.dataset.marks.split(" ");
    const rows = this.tactics.map(({ id }) => {
      const own = [a, b].map(({ model }) => model.tactics.find((tactic) => tactic.id === id));
      const name = [...new Set(own.filter(Boolean).map((tactic) => tactic.name))].join(" \u2192 ");
      const of = ({ model }) => [...new Set(own[model === a.model ? 0 : 1]?.counted)];
      const { total, both, totals, a: first, b: second } = tally(of);
      const figures = [first, second, both, first - both, second - both, total - first - second + both];
      return make("tr", {}, make("th", { scope: "row" }, name),
        make("td", { class: "chart" }, dumbbell(totals[0] && first / totals[0], totals[1] && second / totals[1], marks)),
        ...[...figures, total].map((number) => make("td", { class: "right" }, String(number))));
    });
    this.table.replaceChildren(make("table", { class: "tactics" },
      make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "Tactic"), make("th", { scope: "col" }, "Share: A \u25CF, B \u25CB"),
        ...["A", "B", "Both", "Only A", "Only B", "Neither", "All"].map((name) => make("th", right, name)))),
      make("tbody", {}, ...rows)));
  }

  // One set at two releases: the techniques that were removed, added or moved, and those with another score.
  showChanges(a, b) {
    const same = a.release !== b.release && a.view.id.split("@")[0] === b.view.id.split("@")[0];
    this.changes.hidden = !same;
    if (!same) return;
    const words = { removed: "removed", added: "added", moved: "in other tactics", scored: "with another score" };
    const counts = { removed: 0, added: 0, moved: 0, scored: 0 };
    const list = { removed: [], added: [], moved: [], scored: [] };
    const sides = [a, b].map(({ model, view }) => (id) => {
      const number = model.byId.get(id);
      if (number === undefined) return null;
      const tactics = model.tactics.filter((tactic) => tactic.techniques.flat(2).includes(number));
      return { ...model.techniques[number], tactics, entry: model.entry(view, number), model };
    });
    const ids = [a, b].flatMap(({ model, view }) => [...view.shown[0].entries.keys()].map((number) => model.techniques[number].id));
    for (const id of [...new Set(ids)].sort()) {
      const [before, after] = sides.map((side) => side(id));
      const tactics = (field) => [before, after].map((one) => one && one.tactics.map((tactic) => tactic[field]).sort().join(", "));
      const score = (one) => (one?.entry ? scoreText(one.entry) : "");
      const successor = sides[1](b.release.replaced[id]);
      const found = {};
      if (!after) found.removed = successor ? `replaced by ${successor.id} ${successor.name}` : `not in ATT&CK ${b.release.version}`;
      else if (!before) found.added = `not in ATT&CK ${a.release.version}`;
      else {
        const [old, now] = tactics("id");
        if (old !== now) found.moved = tactics("name").join(" \u2192 ");
        if (score(before) !== score(after)) found.scored = `score ${score(before) || "none"} \u2192 ${score(after) || "none"}`;
      }
      const [first] = Object.keys(found);
      for (const kind of Object.keys(found)) counts[kind] += 1;
      if (first) list[first].push([id, (after ?? before).name, before, after, Object.values(found).join("; ")]);
    }
    const changes = Object.values(list).flat();
    const cell = (one, name) => make("td", { class: "right", "data-name": name }, one?.entry ? chip(one.model, one.entry) : "");
    const rows = changes.map(([id, name, before, after, text]) => {
      const { model, matrix } = after ? b : a;
      const href = matrix.pageOf("techniques", model.techniques[model.byId.get(id)]);
      return make("tr", {}, make("th", { scope: "row" }, make("a", { href }, id), ` ${name}`), cell(before, "A"), cell(after, "B"), make("td", {}, text));
    });
    const frame = make("div", { class: "frame", tabindex: "0", role: "region", "aria-label": "Changes" }, make("table", { class: "cards" },
      make("thead", {}, make("tr", {}, ...["Technique", "A", "B", "Change"].map((name, at) => make("th", { scope: "col", class: at % 3 && "right" }, name)))),
      make("tbody", {}, ...rows)));
    this.changes.replaceChildren(make("h2", { id: "changes" }, "Changes between the releases"),
      make("p", {}, `Of the techniques of the set: ${Object.entries(counts).map(([kind, number]) => `${number} ${words[kind]}`).join(", ")}.`),
      changes.length ? frame : "");
    if (changes.length) addFilter(frame.firstElementChild);
  }

  listen() {
    const { stack, tip } = this;
    const cellOf = ({ target }) => (target instanceof Element ? target.closest(".cell") : null);
    const of = (cell) => this.shown.find(({ grid }) => grid.contains(cell));
    const hover = (cell) => {
      tip.model = of(cell).model;
      tip.show(cell, of(cell).view);
    };
    for (const [, select] of this.chosen) select.addEventListener("input", () => this.show());
    this.slider.addEventListener("input", () => this.swipe());
    window.addEventListener("hashchange", () => { this.readAddress(); this.show(); });
    NARROW.addEventListener("change", () => this.equalizeHeights());
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
      if (unfold) this.toggleTactic(unfold);
      const fold = target.closest(".fold");
      if (!fold) return;
      const { model } = of(fold.previousElementSibling);
      const { id } = model.techniques[fold.previousElementSibling.dataset.technique];
      for (const one of new Set(this.shown.map((matrix) => matrix.model))) {
        const open = new Set(one.open);
        const technique = one.byId.get(id);
        if (technique !== undefined && !open.delete(technique)) open.add(technique);
        one.state.open = open;
      }
      for (const matrix of this.shown) matrix.update(() => true);
      this.equalizeHeights();
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

// A share in whole percent: 0% is nothing, 100% all.
function percentText(share) {
  if (share > 0 && share < 0.01) return "<1%";
  return share > 0.99 && share < 1 ? ">99%" : `${Math.round(100 * share)}%`;
}

// Two shares on a line, as charts of reports draw them: a dot for A in the ring of B.
function dumbbell(a, b, [first, second]) {
  const draw = (name, attributes) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
    return element;
  };
  const at = (share) => 6 + 148 * share;
  const disc = (share, r, name) => draw("circle", { class: name, cx: at(share), cy: 6, r });
  const svg = draw("svg", { class: "line", viewBox: "0 0 160 12", role: "img", "aria-label": `A ${percentText(a)}, B ${percentText(b)}` });
  svg.append(draw("rect", { class: "border", x: 6, y: 5.5, width: 148, height: 1 }),
    draw("rect", { class: "rule", x: at(Math.min(a, b)), y: 4.2, width: 148 * Math.abs(a - b), height: 3.6 }),
    disc(b, 6, second), disc(b, 4.4, "paper"), disc(a, 4.4, first));
  return svg;
}

const compareData = document.getElementById("compare-data");
if (compareData) new Compare(document.getElementById("compare"), JSON.parse(compareData.textContent));
