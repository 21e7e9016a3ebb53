// The controls above the matrices.
class Controls {
  // `change(part)` updates a part of the state, `step(by)` goes to the next or previous hit of the search.
  constructor(root, model, change, step) {
    this.model = model;
    this.change = change;
    this.at = Object.fromEntries([...root.querySelectorAll("[data-control]")].map((one) => [one.dataset.control, one]));
    this.fill();
    this.listen(step);
  }

  fill() {
    const { model, at } = this;
    const segments = (place, items) => {
      const focused = place.contains(document.activeElement) ? document.activeElement.value : null;
      place.replaceChildren(...items.map(([value, text]) =>
        make("button", { type: "button", value, "aria-pressed": "false" }, text)));
      if (focused !== null) [...place.children].find(({ value }) => value === focused)?.focus();
    };
    segments(at.views, model.views.map((view) => [view.id, view.title]));
    segments(at.category, model.measures.map(({ name }, number) => [number, name]));
    segments(at.cells, [["names", "Names"], ["ids", "IDs"]]);
    const options = (names) => names.map(([value, name]) => make("option", { value }, name));
    at.platform.replaceChildren(...options([[-1, "All"], ...model.platforms.map((name, number) => [number, name])]));
    const sets = model.sets.map((set) => [set, [...set.alone.keys()].sort((a, b) => a - b)]).filter(([, own]) => own.length);
    at.capability.replaceChildren(...options([[-1, "All"]]), ...sets.map(([set, own]) =>
      make("optgroup", { label: set.name }, ...options(own.map((number) => [number, model.capabilities[number][1]])))));
    const hide = (name, hidden) => { at[name].closest("[data-part]").hidden = hidden; };
    const [one, several] = model.noun;
    const label = (control, text) => { control.closest("label").querySelector(".label").textContent = `${text[0].toUpperCase()}${text.slice(1)}`; };
    label(at.capability, one);
    if (model.counts) label(at.least, `${several} from`);
    at.search.placeholder = `Technique, id, ${one}`;
    hide("category", model.measures.length < 2);
    hide("platform", model.platforms.length < 2);
    hide("capability", sets.length === 0);
    hide("views", model.views.length < 2);
    // The search of a site is in its header.
    hide("search", model.pages !== null);
  }

  listen(step) {
    const { at, change } = this;
    const clicked = (place, take) => place.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button && button.getAttribute("aria-disabled") !== "true") take(button.value);
    });
    const changed = (place, take) => place.addEventListener("input", () => change(take(place)));
    clicked(at.views, (id) => this.chooseView(id));
    clicked(at.category, (number) => change({ category: Number(number) }));
    clicked(at.cells, (cells) => change({ cells }));
    clicked(at.open, () => change({ open: new Set(this.model.techniques.map((one) => one.parent).filter((one) => one >= 0)) }));
    clicked(at.close, () => change({ open: new Set() }));
    clicked(at.reset, () => change({ ...this.model.first }));
    at.compare.addEventListener("input", () => this.setCompare(at.compare.checked));
    changed(at.platform, ({ value }) => ({ platform: Number(value) }));
    changed(at.capability, ({ value }) => ({ capability: Number(value) }));
    changed(at.least, ({ value }) => ({ least: Math.max(0, Number(value) || 0) }));
    changed(at.only, ({ checked }) => ({ only: checked }));
    changed(at.search, ({ value }) => ({ query: value }));
    at.search.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      step(event.shiftKey ? -1 : 1);
    });
  }

  chooseView(id) {
    const { model } = this;
    const { views, compare } = model.state;
    // A view with sub-techniques open by default opens them when chosen.
    const open = model.openedBy([model.viewOf(id)]).size > 0 ? null : model.state.open;
    if (!compare) this.change({ views: [id], open });
    else if (!views.includes(id)) this.change({ views: [...views, id], open });
    else if (views.length > 1) this.change({ views: views.filter((one) => one !== id) });
  }

  // Side by side starts with all sets if there are up to four, else with two. The current view is among them, except
  // the union of the same sets.
  setCompare(compare) {
    const { views } = this.model.state;
    const shown = views.filter((id) => this.model.viewOf(id).kind !== "union");
    const sets = this.model.views.filter((view) => view.kind === "set").map((view) => view.id);
    const start = sets.length > MOST_VIEWS ? [...new Set([...views, ...sets])].slice(0, 2)
      : [...shown.filter((id) => !sets.includes(id)), ...sets].slice(0, MOST_VIEWS);
    this.change({ compare, views: compare ? start : views.slice(0, 1) });
  }

  show(ids, found, count) {
    const { at, model } = this;
    const { state } = model;
    const press = (place, isChosen) => {
      for (const button of place.children) button.setAttribute("aria-pressed", String(isChosen(button.value)));
    };
    const say = (place, text) => { if (place.textContent !== text) place.textContent = text; };
    press(at.views, (id) => state.views.includes(id));
    press(at.category, (number) => number === String(state.category));
    press(at.cells, (cells) => (cells === "ids") === ids);
    for (const button of at.views.children) {
      button.disabled = state.compare && !state.views.includes(button.value) && state.views.length >= MOST_VIEWS;
    }
    // Layers of a threat or a plan have a single score for all categories. Disabled buttons keep the focus.
    const fixed = model.shownViews.every((view) => view.kind === "layer");
    for (const button of at.category.children) button.setAttribute("aria-disabled", String(fixed));
    say(at.why, fixed ? "(not available in this view)" : "");
    say(at.found, found);
    say(at.count, count);
    at.compare.checked = state.compare;
    at.only.checked = state.only;
    at.platform.value = String(state.platform);
    at.capability.value = String(state.capability);
    if (Number(at.least.value || 0) !== state.least) at.least.value = state.least || "";
    if (at.search.value !== state.query) at.search.value = state.query;
    at.reset.setAttribute("aria-disabled", String(model.address.replace(/^matrix=1&pin=[^&]*$/, "") === ""));
  }
}
