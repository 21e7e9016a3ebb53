// The explorer: matrices, controls, tooltip and panel show one state; every change goes through `change`.

class Explorer {
  constructor(root, data) {
    this.root = root;
    this.model = new Model(data);
    this.matrices = new Map();
    this.search = new Search(this.model);
    this.tip = new Tip(this.model);
    this.panel = new Panel(this.model, (technique) => this.pin(technique), () => this.unpin());
    this.place = root.querySelector("[data-views]");
    this.controls = new Controls(root, this.model, (part) => this.change(part), (by) => this.goTo(this.search.step(by)));
    root.append(this.tip.element, this.panel.element);
    this.listen();
    root.hidden = false;
    this.show();
    if (this.model.isAddress(location.hash.slice(1))) this.arriveAtFirst();
  }

  get shown() {
    return this.model.state.views.map((id) => this.matrix(id));
  }

  matrix(id) {
    if (!this.matrices.has(id)) {
      const matrix = new Matrix(this.model, this.model.viewOf(id));
      matrix.frame.addEventListener("scroll", () => this.scrolled(matrix), { passive: true });
      this.matrices.set(id, matrix);
    }
    return this.matrices.get(id);
  }

  matrixOf(cell) {
    return this.shown.find((matrix) => matrix.grid.contains(cell));
  }

  cellsOf(technique) {
    return this.shown.flatMap((matrix) => matrix.cells.get(technique) ?? []);
  }

  change(part) {
    Object.assign(this.model.state, part);
    this.show();
  }

  // Shows other data in place: state, scroll positions and focus stay, as far as both have them.
  replace(data, added = []) {
    const { model: { release, address } } = this;
    this.model = new Model(data, { address, added });
    const { model, tip, panel, controls } = this;
    for (const part of [tip, panel, controls]) part.model = model;
    this.search = new Search(model);
    if (model.release !== release) this.matrices.clear();
    this.renew();
  }

  // Adds or replaces a view, as `put` of the model takes it.
  put(added) {
    this.model.put(added);
    this.renew();
  }

  renew() {
    const { model, panel, controls } = this;
    for (const [id, matrix] of this.matrices) {
      const view = model.viewOf(id);
      if (view) matrix.renew(model, view);
      else this.matrices.delete(id);
    }
    panel.about = String(model.state.pinned);
    this.tip.hide();
    controls.fill();
    this.show();
  }

  show() {
    const { model, shown } = this;
    const { cells, pinned, query } = model.state;
    // Side by side, matrices show ids by default: names need room.
    const ids = cells ? cells === "ids" : shown.length > 1;
    this.place.className = `views n${shown.length}${ids ? " ids" : ""}${query.trim() ? " searched" : ""}`;
    const kept = (technique) => shown.some(({ view }) => model.isThere(view, technique) && model.isCovered(view, technique));
    for (const matrix of shown) matrix.update(kept);
    const there = [...this.place.children];
    if (there.length !== shown.length || shown.some((matrix, at) => matrix.element !== there[at])) {
      this.place.replaceChildren(...shown.map((matrix) => matrix.element));
    }
    this.mark("now", -1);
    this.mark("linked", -1);
    this.markHits();
    this.controls.show(ids, this.search.status, shown.map((matrix) => matrix.summary).join("; "));
    this.panel.update();
    this.mark("pinned", pinned);
    this.writeAddress();
  }

  markHits() {
    const { model, shown } = this;
    const order = new Set(model.tactics.flatMap((tactic) => tactic.techniques.flat(2)));
    this.search.find([...order].filter((technique) => shown.some(({ view }) => model.isThere(view, technique))));
    const hits = new Set(this.search.hits);
    const parents = new Set(this.search.hits.map((one) => model.techniques[one].parent));
    for (const matrix of shown) {
      for (const [technique, cells] of matrix.cells) {
        for (const { classList } of cells) {
          classList.toggle("hit", hits.has(technique));
          classList.toggle("holds-hit", parents.has(technique) && !model.open.has(technique));
        }
      }
    }
  }

  // Marks a technique in all columns and matrices, and nothing else.
  mark(name, technique) {
    for (const cell of this.place.querySelectorAll(`.cell.${name}`)) cell.classList.remove(name);
    for (const cell of this.cellsOf(technique)) cell.classList.add(name);
  }

  goTo(technique) {
    if (technique < 0) return;
    const { model, shown } = this;
    const { parent } = model.techniques[technique];
    if (parent >= 0) model.state.open = new Set(model.open).add(parent);
    model.state.only = model.state.only && shown.some(({ view }) => model.isCovered(view, technique));
    this.show();
    this.mark("now", technique);
    const [cell] = shown[0].cells.get(technique) ?? [];
    if (!cell) return;
    shown[0].tabStop = cell;
    shown[0].reveal(cell);
  }

  pin(technique, focus = true) {
    if (focus) this.back ??= document.activeElement;
    const cell = this.back && this.place.contains(this.back) ? this.back : null;
    this.change({ pinned: technique });
    if (cell) this.keepInSight(cell);
    if (focus) this.panel.heading.focus({ preventScroll: true });
  }

  // The panel lies over the page, on the side away from the cell; in narrow windows at the bottom.
  keepInSight(cell) {
    const { element } = this.panel;
    const { right, bottom } = cell.getBoundingClientRect();
    const { clientWidth } = document.documentElement;
    element.classList.toggle("left", right > clientWidth - element.offsetWidth);
    const panel = element.getBoundingClientRect();
    if (panel.width >= clientWidth && bottom > panel.top) window.scrollBy(0, bottom - panel.top + 16);
  }

  // The focus returns to its previous element, or to a cell of the technique.
  unpin() {
    const { back, model: { state: { pinned } } } = this;
    this.back = null;
    this.change({ pinned: -1 });
    const known = back && back !== document.body && isSeen(back);
    const to = known ? back : this.cellFor(pinned) ?? this.shown[0].tabStop;
    if (to && !known) this.matrixOf(to).reveal(to);
    to?.focus({ preventScroll: known });
    this.leave();
  }

  // The first visible cell of a technique, or of its parent if it is folded; else one to unfold the tactic of.
  cellFor(technique) {
    if (technique < 0) return null;
    const cells = this.cellsOf(technique).filter((cell) => !cell.closest("[hidden]"));
    return cells.find(isSeen) ?? cells[0] ?? this.cellFor(this.model.techniques[technique].parent);
  }

  // Scrolls to the target of an address.
  arrive() {
    this.place.scrollIntoView();
    const cell = this.cellFor(this.model.state.pinned);
    if (!cell) return;
    this.matrixOf(cell).reveal(cell);
    this.keepInSight(cell);
  }

  // On reload, browsers restore the scroll position. Else they scroll to the anchor of a technique in the tables once
  // the page has loaded, so scroll again after that.
  arriveAtFirst() {
    const [{ type } = {}] = performance.getEntriesByType("navigation");
    if (type === "reload" || type === "back_forward") return;
    this.arrive();
    window.addEventListener("load", () => this.arrive(), { once: true });
  }

  // Replaces the address without a history entry; browsers limit the rate of changes.
  writeAddress() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      const { address } = this.model;
      if (!address && !this.model.isAddress(location.hash.slice(1))) return;
      try {
        history.replaceState(null, "", address ? `#${address}` : location.pathname + location.search);
      } catch {
        // A page in a frame, say, may not change its address.
      }
    }, 150);
  }

  toggle(technique) {
    const open = new Set(this.model.open);
    if (!open.delete(technique)) open.add(technique);
    this.change({ open });
  }

  hover(cell) {
    this.mark("linked", Number(cell.dataset.technique));
    this.tip.show(cell, this.matrixOf(cell).view);
  }

  leave() {
    this.mark("linked", -1);
    this.tip.hide();
  }

  // Matrices side by side scroll together.
  scrolled({ frame }) {
    this.tip.follow();
    for (const other of this.shown) {
      other.frame.scrollLeft = frame.scrollLeft;
      other.frame.scrollTop = frame.scrollTop;
    }
  }

  listen() {
    const closest = (event, selector) => (event.target instanceof Element ? event.target.closest(selector) : null);
    const cellOf = (event) => closest(event, ".cell") ?? closest(event, ".fold")?.previousElementSibling;
    const listen = (name, take) => this.place.addEventListener(name, (event) => take(event, cellOf(event)));
    listen("pointerover", (event, cell) => {
      if (cell && event.pointerType !== "touch") this.hover(cell);
      else this.leave();
    });
    listen("pointerleave", () => this.leave());
    listen("focusin", (event, cell) => {
      if (event.target !== cell) return;
      this.matrixOf(cell).tabStop = cell;
      if (cell.matches(":focus-visible")) this.hover(cell);
    });
    listen("focusout", () => this.leave());
    listen("click", (event, cell) => {
      if (closest(event, ".fold")) this.toggle(Number(cell.dataset.technique));
      // On a site, cells are links to the pages of techniques.
      else if (cell && this.model.pages === null) {
        this.back = cell;
        // After a click by keyboard (detail 0), the focus moves to the panel.
        this.pin(Number(cell.dataset.technique), event.detail === 0);
        this.leave();
      }
    });
    listen("keydown", (event, cell) => {
      if (event.target === cell && !event.altKey && !event.metaKey) this.pressed(event, cell);
    });
    listen("keyup", (event) => {
      if (event.key === " " && closest(event, ".cell")) event.preventDefault();
    });
    document.addEventListener("keydown", (event) => this.pressedAnywhere(event, closest(event, "input:not([type=checkbox])")));
    // Ids of techniques in tables open the panel.
    document.addEventListener("click", (event) => {
      const link = closest(event, 'a[href^="#pin="]');
      const technique = link && this.model.byId.get(decodeURIComponent(link.hash.slice(5)));
      if (!link || technique === undefined || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      this.back = link;
      this.pin(technique);
    });
    // The link that skips to the matrix leads to its cell, past the links to the tactics.
    document.querySelector('a[href="#cells"]')?.addEventListener("click", (event) => {
      const [matrix] = this.shown;
      if (!matrix.tabStop) return;
      event.preventDefault();
      this.place.scrollIntoView();
      matrix.reveal(matrix.tabStop);
      matrix.tabStop.focus({ preventScroll: true });
    });
    window.addEventListener("scroll", () => this.tip.follow(), { passive: true });
    window.addEventListener("hashchange", () => {
      const state = this.model.stateOf(location.hash.slice(1));
      if (!state) return;
      // #pin=T1078 keeps the rest of the state.
      if (location.hash.startsWith("#pin=")) this.pin(state.pinned);
      else this.change(state);
      this.arrive();
    });
  }

  pressed(event, cell) {
    const technique = Number(cell.dataset.technique);
    if (["+", "-", " "].includes(event.key) && !event.ctrlKey) {
      event.preventDefault();
      const open = this.model.open.has(technique);
      if (this.model.techniques[technique].subs.length && event.key !== (open ? "+" : "-")) this.toggle(technique);
      return;
    }
    const to = this.matrixOf(cell).moved(cell, event);
    if (!to) return;
    event.preventDefault();
    const matrix = this.matrixOf(to);
    matrix.unfold(to.closest(".column"));
    to.focus({ preventScroll: true });
    matrix.reveal(to);
    this.hover(to);
  }

  pressedAnywhere(event, field) {
    const { search } = this.controls.at;
    if (event.key === "/" && isSeen(search) && !field && !event.ctrlKey && !event.altKey && !event.metaKey) {
      event.preventDefault();
      search.focus();
      search.select();
    } else if (event.key === "Escape") {
      if (field === search && this.model.state.query) this.change({ query: "" });
      else if (this.model.state.pinned >= 0) this.unpin();
      else this.leave();
    }
  }
}

const explorerData = document.getElementById("explorer-data");
if (explorerData) new Explorer(document.getElementById("explorer"), JSON.parse(explorerData.textContent));
