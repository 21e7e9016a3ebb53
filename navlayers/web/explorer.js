// The explorer: one state, shown by matrices, controls, tooltip and panel; every change goes through `change`.

class Explorer {
  constructor(root, data) {
    this.root = root;
    this.model = readModel(data);
    const asked = stateOf(this.model, location.hash.slice(1));
    this.state = asked || firstState(this.model);
    this.matrices = new Map();
    this.write = addressWriter(this.model);
    this.search = new Search(this.model);
    this.tip = new Tip(this.model);
    this.panel = new Panel(this.model, (technique) => this.pin(technique), () => this.unpin());
    this.place = root.querySelector("[data-views]");
    this.controls = new Controls(root, this.model, (part) => this.change(part), (by) => this.goTo(this.search.step(by)));
    root.append(this.tip.element, this.panel.element);
    this.listen();
    root.hidden = false;
    this.show();
    if (asked) this.arriveAtFirst();
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
    const kept = (technique) => shown.some(({ view }) => isThere(model, state, view, technique) &&
      isCovered(view, entryOf(model, state, view, technique)));
    shown.forEach((matrix) => matrix.update(state, this.filters(matrix.view), kept));
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

  // The filters that a view is shown under, and that one which it cannot be.
  filters(view) {
    const { model, state } = this;
    const measure = measureOf(state, view);
    const capability = state.capability < 0 ? ""
      : hasCapabilities(view) ? model.capabilities[state.capability].label : "of all capabilities, whichever is chosen";
    return [
      measure > 0 ? model.measures[measure].name : "",
      state.platform >= 0 ? model.platforms[state.platform] : "",
      capability,
      state.least > 0 ? `from ${figure(state.least)}` : "",
    ].filter(Boolean).join(", ");
  }

  told() {
    const count = this.shown.map(({ view, total }) => `${view.title}: ${total.covered} of ${total.of} shown`).join("; ");
    return { found: this.search.told, count };
  }

  find() {
    const order = this.model.tactics.flatMap(({ cells }) => cells.flatMap(([technique, subs]) => [technique, ...subs]));
    const found = [...new Set(order)].filter((technique) =>
      this.shown.some(({ view }) => isThere(this.model, this.state, view, technique)));
    this.search.find(this.state.query, found);
    const hits = new Set(this.search.hits);
    const parents = new Set([...hits].map((one) => this.model.techniques[one].parent));
    const open = openOf(this.model, this.state);
    for (const matrix of this.shown) {
      for (const [technique, cells] of matrix.cells) {
        for (const cell of cells) {
          cell.classList.toggle("hit", hits.has(technique));
          cell.classList.toggle("holds-hit", parents.has(technique) && !open.has(technique));
        }
      }
    }
  }

  goTo(technique) {
    if (technique < 0) return;
    const { parent } = this.model.techniques[technique];
    if (parent >= 0) this.state.open = new Set(openOf(this.model, this.state)).add(parent);
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

  // The focus goes back to where it came from, or to what stands for the technique.
  unpin() {
    const { back, state: { pinned } } = this;
    this.back = null;
    this.change({ pinned: -1 });
    const known = back && back !== document.body && isSeen(back);
    const to = known ? back : this.cellFor(pinned) || this.shown[0].tabStop;
    if (to) to.focus({ preventScroll: known });
    this.leave();
  }

  // The first cell of a technique that is to be seen, or that of the one above it where it is folded.
  cellFor(technique) {
    if (technique < 0) return null;
    const { parent } = this.model.techniques[technique];
    const cells = this.shown.flatMap((matrix) => matrix.cells.get(technique) || []);
    return cells.find(isSeen) || (parent >= 0 ? this.cellFor(parent) : null);
  }

  // What an address leads to is brought into sight.
  arrive() {
    this.place.scrollIntoView();
    const cell = this.cellFor(this.state.pinned);
    if (!cell) return;
    cell.scrollIntoView({ block: "nearest", inline: "nearest" });
    this.keepInSight(cell, cell.getBoundingClientRect().top);
  }

  // Who comes back to the page finds it where it was left; for others, browsers scroll to the place of a technique in
  // the tables as late as they have loaded the page.
  arriveAtFirst() {
    const [{ type } = {}] = performance.getEntriesByType("navigation");
    if (type === "reload" || type === "back_forward") return;
    this.arrive();
    window.addEventListener("load", () => this.arrive(), { once: true });
  }

  toggle(technique) {
    const open = new Set(openOf(this.model, this.state));
    if (!open.delete(technique)) open.add(technique);
    this.change({ open });
  }

  hover(cell) {
    const matrix = this.matrixOf(cell);
    if (!matrix) return;
    const technique = Number(cell.dataset.technique);
    this.mark("linked", technique);
    const entry = entryOf(this.model, this.state, matrix.view, technique);
    this.tip.show(cell, matrix.view, titleOf(this.model, this.state, matrix.view), entry);
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
      // The address of a technique alone says nothing of the rest.
      if (location.hash.startsWith("#pin=")) this.pin(state.pinned);
      else this.change(state);
      this.arrive();
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
      const open = openOf(this.model, this.state).has(technique);
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
    const typing = event.target instanceof Element &&
      event.target.closest('input[type="search"], input[type="text"], input[type="number"], textarea');
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
