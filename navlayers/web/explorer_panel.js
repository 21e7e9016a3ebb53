// The pinned technique: its scores, the mappings behind them with comments and references, its sub-techniques.

const LONG_COMMENT = 600;

class Panel {
  // `show(technique)` pins another one, `close()` none.
  constructor(model, show, close) {
    this.model = model;
    this.pin = show;
    this.heading = make("h3", { id: "panel-title", tabindex: "-1" });
    this.body = make("div", { class: "panel-body", tabindex: "0", role: "group", "aria-labelledby": "panel-title" });
    const button = make("button", { type: "button", class: "close", "aria-label": "Close the details" }, "\u2715");
    button.addEventListener("click", close);
    this.element = make("section", { class: "panel", "aria-labelledby": "panel-title", hidden: true },
      make("div", { class: "panel-head" }, this.heading, button), this.body);
  }

  // It is made anew only where it would say something else, so that it stays as it was scrolled and opened.
  show(technique, state) {
    const about = `${technique} ${state.category} ${state.capability}`;
    this.element.hidden = false;
    if (this.about === about) return;
    const other = this.technique !== technique;
    this.about = about;
    this.technique = technique;
    this.build(technique, state);
    if (other) this.body.scrollTop = 0;
  }

  build(technique, state) {
    const one = this.model.techniques[technique];
    const path = one.id.replace(".", "/");
    this.heading.replaceChildren(make("span", { class: "id" }, one.id), " ", one.name);
    const parent = one.parent >= 0 ? this.model.techniques[one.parent] : null;
    this.body.replaceChildren(...[
      make("p", { class: "soft small" }, ...[
        one.tactics.filter((name, at, all) => all.indexOf(name) === at).join(", "),
        one.platforms.length ? ` \u00b7 ${one.platforms.map((at) => this.model.platforms[at]).join(", ")}` : "",
      ]),
      make("p", { class: "small" },
        parent ? "Sub-technique of " : "", parent ? this.button(one.parent) : "", parent ? " \u00b7 " : "",
        make("a", { href: `https://attack.mitre.org/techniques/${path}/`, rel: "noreferrer" }, `${one.id} at attack.mitre.org`)),
      this.model.sets.length > 1 || this.model.measures.length > 1
        ? make("div", { class: "frame" }, scoreTable(this.model, technique)) : null,
      ...this.views(technique, state),
      ...this.model.sets.map((set) => this.set(set, technique, state)),
      one.subs.length ? this.subs(one.subs, state) : null,
    ].filter(Boolean));
  }

  hide() {
    this.element.hidden = true;
    this.about = "";
    this.technique = -1;
  }

  button(technique) {
    const { id, name } = this.model.techniques[technique];
    const button = make("button", { type: "button", class: "plain" }, make("span", { class: "id" }, id), ` ${name}`);
    button.addEventListener("click", () => this.pin(technique));
    return button;
  }

  // What views that are of no set alone say of it.
  views(technique, state) {
    const found = [];
    const told = new Set([-1]);
    for (const view of this.model.views) {
      const entry = ownEntryOf(state, view, technique);
      if (view.kind === "set" || !entry) continue;
      const words = told.has(entry.words) ? "" : this.model.texts[entry.words];
      found.push(said(titleOf(this.model, state, view), entry, words));
      told.add(entry.words);
    }
    return found;
  }

  set(set, technique, state) {
    const rows = set.rowsOf.get(technique) || [];
    const heading = make("h4", {}, set.title || set.name, " ", make("span", { class: "soft" },
      rows.length ? plural(rows.length, "mapping") : "nothing is mapped"));
    const view = this.model.views.find((one) => one.kind === "set" && this.model.sets[one.sets[0]] === set);
    const entry = view && ownEntryOf(state, view, technique);
    const words = entry && !rows.length ? this.model.texts[entry.words] : "";
    const asked = (row) => this.asked(set.rows, row, state);
    const main = rows.filter(asked);
    const rest = rows.filter((row) => !asked(row));
    const list = (some) => make("ul", { class: "mappings" }, ...some.map((row) => this.mapping(set.rows, row)));
    return make("section", {}, heading, words ? make("p", { class: "small" }, words) : null,
      main.length ? list(main) : null,
      rest.length ? make("details", {},
        make("summary", {}, `${plural(rest.length, "mapping")} that the filters leave out`), list(rest)) : null);
  }

  // Whether the filters ask for a mapping: its category and its capability.
  asked(rows, row, state) {
    const category = this.model.measures[state.category].name;
    const own = rows.category[row] >= 0 ? this.model.categories[rows.category[row]] : "";
    return (category === "overall" || own === category) &&
      (state.capability < 0 || rows.capability[row] === state.capability);
  }

  mapping(rows, row) {
    const { texts, categories, capabilities } = this.model;
    const { id, label } = capabilities[rows.capability[row]];
    const category = rows.category[row] >= 0 ? categories[rows.category[row]] : "";
    const value = texts[rows.value[row]];
    const score = rows.score[row];
    const measure = this.model.measures.find((one) => one.name === category) || this.model.measures[0];
    const color = score === null ? undefined : measure.colors[String(score)];
    const number = score === null || String(score) === value ? "" : figure(score);
    const strength = [value, number].filter(Boolean).join(" \u00b7 ");
    const facts = [
      category ? make("span", { class: "chip" }, category) : null,
      strength ? make("span", { class: `chip${color === undefined ? "" : colorClass(color)}` }, strength) : null,
      texts[rows.type[row]] ? make("span", { class: "soft" }, texts[rows.type[row]]) : null,
    ].filter(Boolean);
    const comment = texts[rows.comment[row]];
    const links = rows.references[row].map((at) => make("li", {}, reference(texts[at])));
    return make("li", {},
      make("p", { class: "capability" }, make("b", {}, label), label.startsWith(id) ? "" : make("span", { class: "soft" }, ` ${id}`)),
      facts.length ? make("p", { class: "marks" }, ...facts) : null,
      comment ? this.comment(comment) : null,
      links.length ? make("ul", { class: "links", "aria-label": "References" }, ...links) : null);
  }

  comment(text) {
    const whole = make("p", { class: "comment" }, text);
    if (text.length <= LONG_COMMENT) return whole;
    const start = `${text.slice(0, LONG_COMMENT / 2).trim()}\u2026`;
    return make("details", { class: "long" }, make("summary", { class: "comment" }, start), whole);
  }

  subs(subs, state) {
    const view = this.model.views.find((one) => one.kind === "union") || this.model.views[0];
    const items = subs.map((sub) =>
      make("li", {}, chip(ownEntryOf(state, view, sub)), " ", this.button(sub)));
    return make("section", {}, make("h4", {}, "Sub-techniques ", make("span", { class: "soft" }, titleOf(this.model, state, view))),
      make("ul", { class: "subs" }, ...items));
  }
}
// Search by id, name and capability: what is found is marked, Enter goes on to the next.

// The words of a text in lower case; the sign between a technique and its sub-technique is of no word.
function wordsOf(text) {
  return text.toLowerCase().split(/[\s:]+/).filter(Boolean);
}

class Search {
  constructor(model) {
    this.model = model;
    this.query = "";
    this.hits = [];
    this.at = -1; // which of the hits was gone to
    // Per capability the techniques that it is mapped to in any set.
    this.mapped = model.capabilities.map(() => new Set());
    this.names = model.techniques.map(({ id, name, parent }) => ({
      own: `${id} ${name}`.toLowerCase(), above: parent >= 0 ? model.techniques[parent].name.toLowerCase() : "",
    }));
    for (const set of model.sets) {
      set.rows.technique.forEach((technique, row) => this.mapped[set.rows.capability[row]].add(technique));
    }
  }

  // Looks among the techniques of `order`, which is that of the matrix.
  find(query, order) {
    const words = wordsOf(query);
    const text = words.join(" ");
    const last = this.hits[this.at];
    const same = text === this.query;
    this.query = text;
    this.hits = text ? this.among(order, words) : [];
    this.at = same ? this.hits.indexOf(last) : -1;
  }

  // What has all the words, in whatever order; a sub-technique some of them in its own name, not all in that above.
  among(order, words) {
    const found = new Set();
    this.model.capabilities.forEach(({ id, label }, number) => {
      const text = `${id} ${label}`.toLowerCase();
      if (words.every((word) => text.includes(word))) {
        for (const technique of this.mapped[number]) found.add(technique);
      }
    });
    return order.filter((technique) => {
      const { own, above } = this.names[technique];
      return found.has(technique) || (words.some((word) => own.includes(word)) &&
        words.every((word) => own.includes(word) || above.includes(word)));
    });
  }

  // The next hit, or the one before; -1 where nothing is found.
  step(by) {
    if (!this.hits.length) return -1;
    this.at = this.at < 0 ? (by > 0 ? 0 : this.hits.length - 1) : (this.at + by + this.hits.length) % this.hits.length;
    return this.hits[this.at];
  }

  get told() {
    if (!this.hits.length) return "nothing is found";
    return this.at < 0 ? `${this.hits.length} found` : `${this.at + 1} of ${this.hits.length}`;
  }
}
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
