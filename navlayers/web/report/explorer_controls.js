// The controls above the matrices: what they say goes into the state, and the state into them.

class Controls {
  // `change(part)` takes over a part of the state, `step(by)` goes to the next hit of the search.
  constructor(root, model, change, step) {
    this.model = model;
    this.change = change;
    const get = (name) => root.querySelector(`[data-control="${name}"]`);
    this.at = {
      views: get("views"), compare: get("compare"), category: get("category"), platform: get("platform"),
      capability: get("capability"), least: get("least"), only: get("only"), search: get("search"),
      found: get("found"), open: get("open"), close: get("close"), cells: get("cells"), reset: get("reset"),
      count: get("count"), why: get("why"),
    };
    this.fill();
    this.listen(step);
  }

  fill() {
    const { model, at } = this;
    const segments = (place, items) => place.append(...items.map(([value, text]) =>
      make("button", { type: "button", value, "aria-pressed": "false" }, text)));
    segments(at.views, model.views.map((view) => [view.id, view.title]));
    segments(at.category, model.measures.map(({ name }, number) => [number, name]));
    segments(at.cells, [["names", "Names"], ["ids", "IDs"]]);
    const options = (names) => names.map(([value, name]) => make("option", { value }, name));
    at.platform.append(...options([[-1, "All"], ...model.platforms.map((name, number) => [number, name])]));
    const sets = model.sets.map((set) => [set, [...set.alone.keys()].sort((a, b) => a - b)]).filter(([, own]) => own.length);
    at.capability.append(...options([[-1, "All"]]), ...sets.map(([set, own]) =>
      make("optgroup", { label: set.name }, ...options(own.map((number) => [number, model.capabilities[number].label])))));
    const hide = (name, hidden) => { at[name].closest("[data-part]").hidden = hidden; };
    if (model.counts) at.least.closest("label").querySelector(".label").textContent = "Capabilities from";
    hide("category", model.measures.length < 2);
    hide("platform", model.platforms.length < 2);
    hide("capability", sets.length === 0);
    hide("views", model.views.length < 2);
  }

  listen(step) {
    const { at, change } = this;
    const clicked = (place, take) => place.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button) take(button.value);
    });
    clicked(at.views, (id) => this.chooseView(id));
    clicked(at.category, (number) => {
      if (!this.fixed) change({ category: Number(number) });
    });
    clicked(at.cells, (cells) => change({ cells }));
    at.compare.addEventListener("change", () => this.setCompare(at.compare.checked));
    at.platform.addEventListener("change", () => change({ platform: Number(at.platform.value) }));
    at.capability.addEventListener("change", () => change({ capability: Number(at.capability.value) }));
    at.least.addEventListener("input", () => change({ least: Math.max(0, Number(at.least.value) || 0) }));
    at.only.addEventListener("change", () => change({ only: at.only.checked }));
    at.search.addEventListener("input", () => change({ query: at.search.value }));
    at.search.addEventListener("keydown", (event) => {
      if (event.key === "Enter") {
        event.preventDefault();
        step(event.shiftKey ? -1 : 1);
      }
    });
    const all = () => this.model.techniques.map((_, number) => number).filter((one) => this.model.techniques[one].subs.length);
    at.open.addEventListener("click", () => change({ open: new Set(all()) }));
    at.close.addEventListener("click", () => change({ open: new Set() }));
    at.reset.addEventListener("click", () => {
      if (at.reset.getAttribute("aria-disabled") === "false") change(firstState(this.model));
    });
  }

  chooseView(id) {
    const { views, compare } = this.state;
    // A view that opens what it is about does so when it is chosen.
    const opens = openedBy(this.model, this.model.views.filter((view) => view.id === id)).size > 0;
    const open = opens ? null : this.state.open;
    if (!compare) {
      this.change({ views: [id], open });
    } else if (views.includes(id)) {
      if (views.length > 1) this.change({ views: views.filter((one) => one !== id) });
    } else if (views.length < MOST_VIEWS) {
      this.change({ views: [...views, id], open });
    }
  }

  // Side by side starts with all sets where they are few, else with two; what is shown is among them, but for the
  // union, which is the same sets together.
  setCompare(compare) {
    const shown = this.state.views.filter((id) => this.viewOf(id).kind !== "union");
    const sets = this.model.views.filter((view) => view.kind === "set").map((view) => view.id);
    const start = sets.length > MOST_VIEWS
      ? [...this.state.views, ...sets.filter((id) => !this.state.views.includes(id))].slice(0, 2)
      : [...shown.filter((id) => !sets.includes(id)), ...sets].slice(0, MOST_VIEWS);
    this.change({ compare, views: compare ? start : this.state.views.slice(0, 1) });
  }

  viewOf(id) {
    return this.model.views.find((view) => view.id === id);
  }

  show(state, ids, told) {
    this.state = state;
    const { at, model } = this;
    for (const button of at.views.children) {
      const chosen = state.views.includes(button.value);
      button.setAttribute("aria-pressed", String(chosen));
      button.disabled = state.compare && !chosen && state.views.length >= MOST_VIEWS;
    }
    const press = (place, value) => {
      for (const button of place.children) button.setAttribute("aria-pressed", String(button.value === String(value)));
    };
    press(at.category, state.category);
    const say = (place, text) => { if (place.textContent !== text) place.textContent = text; };
    // Layers of a threat or a plan are of one category, whatever is asked for. Buttons stay where the focus may be.
    this.fixed = state.views.every((id) => this.viewOf(id).kind === "layer");
    for (const button of at.category.children) button.setAttribute("aria-disabled", String(this.fixed));
    say(at.why, this.fixed ? "this view has one score" : "");
    press(at.cells, ids ? "ids" : "names");
    at.compare.checked = state.compare;
    at.platform.value = String(state.platform);
    at.capability.value = String(state.capability);
    if (Number(at.least.value || 0) !== state.least) at.least.value = state.least || "";
    at.only.checked = state.only;
    if (at.search.value !== state.query) at.search.value = state.query;
    say(at.found, state.query.trim() ? told.found : "");
    say(at.count, told.count);
    at.reset.setAttribute("aria-disabled", String(addressOf(model, { ...state, pinned: -1 }) === ""));
  }
}
