// Elements. Texts are always texts: nothing here reads markup.

function make(name, attributes, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

function isSeen(element) {
  return element.isConnected && element.getClientRects().length > 0;
}

function plural(number, one) {
  return `${number.toLocaleString("en")} ${number === 1 ? one : `${one}s`}`;
}

function figure(score) {
  return String(score).replace("-", "\u2212");
}

// What the page was given, and the state: what is being looked at, which the address of the page has, too.
// A technique, a view, a set, a capability, a category is named by its number in these lists. No score and no color is made here.

const MOST_VIEWS = 4;

class Model {
  constructor(data) {
    const { techniques, tactics, platforms } = data.release ?? globalThis.navlayersRelease;
    const { measures, categories, counts, capabilities, pages } = data;
    Object.assign(this, { platforms, tactics, measures, categories, counts, capabilities, pages, compact: data.compact });
    this.techniques = techniques.map(([id, name, parent, on]) => ({ id, name, parent, platforms: on, subs: [], tactics: [] }));
    this.techniques.forEach((one, number) => {
      if (one.parent >= 0) this.techniques[one.parent].subs.push(number);
    });
    for (const tactic of tactics) {
      for (const number of tactic.techniques.flat(2)) this.techniques[number].tactics.push(tactic.name);
    }
    this.byId = new Map(this.techniques.map(({ id }, number) => [id, number]));
    const cells = document.querySelectorAll(".told");
    this.texts = data.texts.map((text, at) => (at in data.shared ? cells[data.shared[at]].textContent : text));
    this.fill = (color) => (color >= 0 ? ` ${data.colors[color]}` : "");
    this.sets = data.sets.map((set) => this.readSet(set));
    this.views = data.views.map((view) => ({
      ...view, hidden: new Set(view.hidden), shown: view.shown.map((shown) => this.readShown(shown)),
    }));
    this.viewOf = (id) => this.views.find((view) => view.id === id);
    this.first = {
      views: [(this.views.find((view) => view.kind === "union") ?? this.views[0]).id], compare: false, category: 0,
      platform: -1, capability: -1, least: 0, only: data.compact, query: "", open: null, pinned: -1, cells: "",
    };
    this.state = this.stateOf(location.hash.slice(1)) ?? { ...this.first };
  }

  readShown({ technique, score, color, words, ...rest }) {
    const entries = technique.map((number, row) =>
      [number, { score: score[row], fill: this.fill(color[row]), words: this.texts[words[row]] ?? "" }]);
    return { ...rest, entries: new Map(entries) };
  }

  readSet(set) {
    const rowsOf = Map.groupBy(set.rows.technique.keys(), (row) => set.rows.technique[row]);
    const alone = new Map(Object.entries(set.alone).map(([capability, { techniques, scores }]) =>
      [Number(capability), scores.map((list) =>
        new Map(list.map((score, row) => [techniques[row], score]).filter(([, score]) => score !== false)))]));
    return { ...set, rowsOf, alone };
  }

  get shownViews() {
    return this.state.views.map(this.viewOf);
  }

  // The number of the measure that a view is shown under: a layer of a threat or a plan has a single one.
  measureOf(view) {
    return view.shown.length > 1 ? this.state.category : 0;
  }

  titleOf(view) {
    const measure = this.measureOf(view);
    return measure > 0 ? `${view.title} (${this.measures[measure].name})` : view.title;
  }

  // What a view shows of a technique under the category alone: { score, fill, words }, or null for nothing.
  ownEntry(view, technique) {
    return view.shown[this.measureOf(view)].entries.get(technique) ?? null;
  }

  // The same under all filters.
  entry(view, technique) {
    const { capability, least } = this.state;
    let entry = this.ownEntry(view, technique);
    if (capability >= 0 && this.hasCapabilities(view)) {
      const alone = this.alone(view, technique);
      if (view.kind === "set" || view.kind === "union") entry = alone;
      else if (alone === null) entry = null;
    }
    return entry !== null && least > 0 && !(Math.abs(entry.score) >= least) ? null : entry;
  }

  // What the chosen capability gives a technique by itself, the highest of the sets that have it.
  alone(view, technique) {
    const measure = this.measureOf(view);
    const found = view.sets.map((number) => this.sets[number].alone.get(this.state.capability)?.[measure].get(technique))
      .filter((score) => score !== undefined);
    if (!found.length) return null;
    const score = found.reduce((best, one) => (one > best ? one : best));
    return { score, fill: this.fill(this.measures[measure].colors[String(score)] ?? -1), words: "" };
  }

  // Whether a view is about capabilities: not what none covers, nor layers that are made of all of them.
  hasCapabilities(view) {
    return view.kind !== "gap" && view.kind !== "layer";
  }

  isOnPlatform(technique) {
    return this.state.platform < 0 || this.techniques[technique].platforms.includes(this.state.platform);
  }

  // Whether a view has a place for a technique on the chosen platform.
  isThere(view, technique) {
    return this.isOnPlatform(technique) && !view.hidden.has(technique);
  }

  // Whether a view says that a technique is covered, or, in views of other kinds, anything at all.
  isCovered(view, technique) {
    const entry = this.entry(view, technique);
    if (entry === null) return false;
    return view.kind === "set" || view.kind === "union" ? entry.score === null || entry.score > 0 : true;
  }

  // Techniques whose sub-techniques a view is about: one that hides all others shows them at once.
  openedBy(views) {
    const entries = views.filter((view) => view.hidden.size || this.compact).flatMap((view) => [...view.shown[0].entries.keys()]);
    return new Set(entries.map((technique) => this.techniques[technique].parent).filter((parent) => parent >= 0));
  }

  // The techniques that are open: those that were asked for, or as the views have it.
  get open() {
    return this.state.open ?? this.openedBy(this.shownViews);
  }

  // The part of the address behind "#", or "" where all is as at first.
  get address() {
    const { state, first } = this;
    const parts = new URLSearchParams();
    const put = (name, value, usual) => {
      if (value !== usual) parts.set(name, value);
    };
    put("view", state.views.join(","), first.views.join(","));
    put("compare", state.compare ? "1" : "", "");
    put("category", this.measures[state.category].name, this.measures[0].name);
    put("platform", this.platforms[state.platform] ?? "", "");
    put("capability", this.capabilities[state.capability]?.join(" ") ?? "", "");
    put("least", String(state.least), "0");
    put("only", String(Number(state.only)), String(Number(first.only)));
    put("search", state.query, "");
    put("cells", state.cells, "");
    put("open", this.openName(this.open), this.openName(this.openedBy(this.shownViews)));
    put("pin", this.techniques[state.pinned]?.id ?? "", "");
    // Always more than one name, so that it is never taken for the place of a technique in the page.
    return parts.size ? `matrix=1&${parts}` : "";
  }

  openName(open) {
    if (open.size && open.size === this.techniques.filter((one) => one.subs.length).length) return "all";
    return [...open].sort((a, b) => a - b).map((number) => this.techniques[number].id).join(",") || "none";
  }

  // Whether an address is one of the explorer's: that of a state, or of a technique that it knows.
  isAddress(address) {
    const parts = new URLSearchParams(address);
    return parts.has("matrix") || this.byId.has(parts.get("pin"));
  }

  // The state that an address names, null where it names none; what it names wrongly is as at first.
  stateOf(address) {
    if (!this.isAddress(address)) return null;
    const parts = new URLSearchParams(address);
    const text = (name) => parts.get(name) ?? "";
    const views = text("view").split(",").filter(this.viewOf);
    const known = (ids) => new Set(ids.map((id) => this.byId.get(id)).filter((at) => this.techniques[at]?.subs.length));
    return {
      views: views.length ? [...new Set(views)].slice(0, MOST_VIEWS) : this.first.views,
      compare: text("compare") === "1" || new Set(views).size > 1,
      category: Math.max(0, this.measures.findIndex(({ name }) => name === text("category"))),
      platform: this.platforms.indexOf(text("platform")),
      capability: this.capabilities.findIndex((pair) => pair.join(" ") === text("capability")),
      least: Math.max(0, Number(text("least")) || 0),
      only: parts.has("only") ? text("only") === "1" : this.first.only,
      query: text("search"),
      cells: ["names", "ids"].find((cells) => cells === text("cells")) ?? "",
      open: parts.has("open") ? known(text("open") === "all" ? [...this.byId.keys()] : text("open").split(",")) : null,
      pinned: this.byId.get(text("pin")) ?? -1,
    };
  }
}
