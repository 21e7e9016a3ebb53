// The explorer: one state, shown by matrices, controls, tooltip and panel; every change goes through `change`.

class Explorer {
  constructor(root, data) {
    this.root = root;
    this.model = readModel(data);
    this.state = stateOf(this.model, location.hash.slice(1)) || firstState(this.model);
    this.matrices = new Map();
    this.write = addressWriter();
    this.search = new Search(this.model);
    this.tip = new Tip(this.model);
    this.panel = new Panel(this.model, (technique) => this.pin(technique), () => this.unpin());
    this.place = root.querySelector("[data-views]");
    this.controls = new Controls(root, this.model, (part) => this.change(part), (by) => this.goTo(this.search.step(by)));
    root.append(this.tip.element, this.panel.element);
    this.listen();
    root.hidden = false;
    this.show();
  }

  get shown() {
    return this.state.views.map((id) => this.matrix(id));
  }

  matrix(id) {
    if (!this.matrices.has(id)) {
      const matrix = new Matrix(this.model, this.model.views.find((view) => view.id === id));
      matrix.frame.addEventListener("scroll", () => this.scrolled(matrix), { passive: true });
      this.matrices.set(id, matrix);
    }
    return this.matrices.get(id);
  }

  matrixOf(cell) {
    return this.shown.find((matrix) => matrix.grid.contains(cell));
  }

  change(part) {
    Object.assign(this.state, part);
    this.show();
  }

  show() {
    const { model, state, shown } = this;
    // Names need room: beside each other, matrices show ids, unless names are asked for.
    const ids = state.cells ? state.cells === "ids" : shown.length > 1;
    this.place.className = `views n${shown.length}${ids ? " ids" : ""}`;
    const kept = (technique) => onPlatform(model, state, technique) &&
      shown.some(({ view }) => isCovered(view, entryOf(model, state, view, technique)));
    const filters = this.filters();
    shown.forEach((matrix) => matrix.update(state, filters, kept));
    const there = [...this.place.children];
    if (there.length !== shown.length || shown.some((matrix, at) => matrix.element !== there[at])) {
      this.place.replaceChildren(...shown.map((matrix) => matrix.element));
    }
    this.find();
    this.controls.show(state, ids, this.told());
    if (state.pinned >= 0) this.panel.show(state.pinned, state);
    else this.panel.hide();
    this.root.classList.toggle("with-panel", state.pinned >= 0);
    this.mark("pinned", state.pinned);
    this.write(addressOf(model, state));
  }

  filters() {
    const { model, state } = this;
    return [
      state.category > 0 ? model.measures[state.category].name : "",
      state.platform >= 0 ? model.platforms[state.platform] : "",
      state.capability >= 0 ? model.capabilities[state.capability].label : "",
      state.least > 0 ? `from ${figure(state.least)}` : "",
    ].filter(Boolean).join(", ");
  }

  told() {
    const count = this.shown.map(({ view, total }) => `${view.title}: ${total.covered} of ${total.of} shown`).join("; ");
    return { found: this.search.told, count };
  }

  find() {
    const order = this.model.tactics.flatMap(({ cells }) => cells.flatMap(([technique, subs]) => [technique, ...subs]));
    const found = [...new Set(order)].filter((technique) => onPlatform(this.model, this.state, technique));
    this.search.find(this.state.query, found);
    const hits = new Set(this.search.hits);
    const parents = new Set([...hits].map((one) => this.model.techniques[one].parent));
    for (const matrix of this.shown) {
      for (const [technique, cells] of matrix.cells) {
        for (const cell of cells) {
          cell.classList.toggle("hit", hits.has(technique));
          cell.classList.toggle("holds-hit", parents.has(technique) && !this.state.open.has(technique));
        }
      }
    }
  }

  goTo(technique) {
    if (technique < 0) return;
    const { parent } = this.model.techniques[technique];
    if (parent >= 0) this.state.open.add(parent);
    this.state.only = this.state.only && this.shown.some(({ view }) =>
      isCovered(view, entryOf(this.model, this.state, view, technique)));
    this.show();
    this.mark("now", technique);
    const [cell] = this.shown[0].cells.get(technique) || [];
    if (cell) {
      this.shown[0].tabStop = cell;
      cell.scrollIntoView({ block: "nearest", inline: "nearest" });
    }
  }

  // Marks a technique wherever it stands, and nothing else.
  mark(name, technique) {
    for (const cell of this.place.querySelectorAll(`.cell.${name}`)) cell.classList.remove(name);
    if (technique < 0) return;
    for (const matrix of this.shown) {
      for (const cell of matrix.cells.get(technique) || []) cell.classList.add(name);
    }
  }

  pin(technique, focus = true) {
    if (!this.back && focus) this.back = document.activeElement;
    const cell = this.back && this.place.contains(this.back) ? this.back : null;
    const top = cell && cell.getBoundingClientRect().top;
    this.change({ pinned: technique });
    if (cell) this.keepInSight(cell, top);
    if (focus) this.panel.heading.focus({ preventScroll: true });
  }

  // The details make the matrices narrower: what was clicked stays where it was, or beside the details at least.
  keepInSight(cell, top) {
    window.scrollBy(0, cell.getBoundingClientRect().top - top);
    const frame = this.matrixOf(cell).frame;
    const across = cell.getBoundingClientRect().right - frame.getBoundingClientRect().right;
    if (across > 0) frame.scrollLeft += across + 8;
    const panel = this.panel.element.getBoundingClientRect();
    const below = cell.getBoundingClientRect().bottom - panel.top;
    if (panel.left === 0 && below > 0) window.scrollBy(0, below + 16);
  }

  unpin() {
    const cells = this.state.pinned >= 0 ? this.shown[0].cells.get(this.state.pinned) || [] : [];
    const back = this.back && this.back.isConnected ? this.back : cells[0];
    this.back = null;
    this.change({ pinned: -1 });
    this.tip.hide();
    if (back) back.focus({ preventScroll: true });
    this.tip.hide();
  }

  toggle(technique) {
    const open = new Set(this.state.open);
    if (!open.delete(technique)) open.add(technique);
    this.change({ open });
  }

  hover(cell) {
    const matrix = this.matrixOf(cell);
    if (!matrix) return;
    const technique = Number(cell.dataset.technique);
    this.mark("linked", technique);
    this.tip.show(cell, matrix.view, entryOf(this.model, this.state, matrix.view, technique));
  }

  leave() {
    this.mark("linked", -1);
    this.tip.hide();
  }

  // Matrices beside each other are scrolled together.
  scrolled(matrix) {
    this.tip.follow();
    for (const other of this.shown) {
      if (other === matrix) continue;
      other.frame.scrollLeft = matrix.frame.scrollLeft;
      other.frame.scrollTop = matrix.frame.scrollTop;
    }
  }

  listen() {
    const cellOf = (event) => (event.target instanceof Element ? event.target.closest(".cell") : null);
    this.place.addEventListener("pointerover", (event) => {
      const more = event.target instanceof Element && event.target.closest(".more");
      const cell = more ? more.parentElement.querySelector(".cell") : cellOf(event);
      if (cell && event.pointerType !== "touch") this.hover(cell);
      else this.leave();
    });
    this.place.addEventListener("pointerleave", () => this.leave());
    this.place.addEventListener("focusin", (event) => {
      const cell = cellOf(event);
      if (!cell) return;
      this.matrixOf(cell).tabStop = cell;
      if (cell.matches(":focus-visible")) this.hover(cell);
    });
    this.place.addEventListener("focusout", () => this.leave());
    this.place.addEventListener("click", (event) => this.clicked(event, cellOf(event)));
    this.place.addEventListener("keydown", (event) => this.pressed(event, cellOf(event)));
    this.place.addEventListener("keyup", (event) => {
      if (event.key === " " && cellOf(event)) event.preventDefault();
    });
    document.addEventListener("keydown", (event) => this.pressedAnywhere(event));
    document.addEventListener("click", (event) => this.followed(event));
    window.addEventListener("scroll", () => this.tip.follow(), { passive: true });
    window.addEventListener("hashchange", () => {
      const state = stateOf(this.model, location.hash.slice(1));
      if (!state) return;
      this.change(state);
      this.root.scrollIntoView();
    });
  }

  clicked(event, cell) {
    if (cell) {
      this.back = cell;
      // By keyboard, the focus goes to what was opened; the pointer is there already.
      this.pin(Number(cell.dataset.technique), event.detail === 0);
      this.leave();
      return;
    }
    const more = event.target.closest(".more");
    if (more) this.toggle(Number(more.parentElement.querySelector(".cell").dataset.technique));
  }

  pressed(event, cell) {
    if (!cell || event.altKey || event.metaKey) return;
    const technique = Number(cell.dataset.technique);
    const { subs } = this.model.techniques[technique];
    if (["+", "-", " "].includes(event.key) && !event.ctrlKey) {
      event.preventDefault();
      const open = this.state.open.has(technique);
      if (subs.length && !(event.key === "+" && open) && !(event.key === "-" && !open)) this.toggle(technique);
      return;
    }
    const to = moved(this.matrixOf(cell), cell, event);
    if (to) {
      event.preventDefault();
      to.focus({ preventScroll: true });
      to.scrollIntoView({ block: "nearest", inline: "nearest" });
      this.hover(to);
    }
  }

  pressedAnywhere(event) {
    const typing = event.target instanceof Element && event.target.closest("input, select, textarea");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.altKey && !event.metaKey) {
      event.preventDefault();
      this.controls.at.search.focus();
      this.controls.at.search.select();
    } else if (event.key === "Escape") {
      if (typing === this.controls.at.search && this.state.query) this.change({ query: "" });
      else if (this.state.pinned >= 0) this.unpin();
      else this.leave();
    }
  }

  // Ids of techniques in the tables lead to their mappings.
  followed(event) {
    const link = event.target instanceof Element && event.target.closest('a[href^="#pin="]');
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const technique = this.model.byId.get(decodeURIComponent(link.hash.slice(5)));
    if (technique === undefined) return;
    event.preventDefault();
    this.back = link;
    this.pin(technique);
  }
}

const explorerData = document.getElementById("explorer-data");
if (explorerData) {
  new Explorer(document.getElementById("explorer"), JSON.parse(explorerData.textContent));
}
