// Builds an element. Strings become text nodes, never markup.

function make(name, attributes, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

// A text that may be broken after slashes and underscores, and before capitals within words.
function breakable(text) {
  return text.split(/(?<=[^\s/]\/|[A-Za-z]_)(?=[^\s/])|(?<=[a-z]{3})(?=[A-Z][a-z]{2})/).flatMap((part, at) => (at ? [make("wbr", {}), part] : [part]));
}

function isSeen(element) {
  return element.isConnected && element.getClientRects().length > 0;
}

function plural(number, one, many = `${one}s`) {
  return `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
}

function figure(score) {
  return String(score).replace("-", "\u2212");
}

// The data of the page and the state of the explorer, which the address of the page has, too. Techniques, sets,
// capabilities and categories are numbers in these lists. All scores and colors come from the data.

const MOST_VIEWS = 4;

// The class that fills with a color, after a space.
function fillOf(colors) {
  return (color) => (color >= 0 ? ` ${colors[color]}` : "");
}

function readView(view, fill, texts) {
  return { ...view, hidden: new Set(view.hidden), shown: view.shown.map((shown) => readShown(shown, fill, texts)) };
}

function readShown({ technique, score, color, words, legend }, fill, texts) {
  const entries = technique.map((number, row) =>
    [number, { score: score[row], fill: fill(color[row]), words: texts[words[row]] ?? "" }]);
  return { legend: legend.map(([label, at]) => [label, fill(at)]), entries: new Map(entries) };
}

class Model {
  // `added` are views with colors and texts of their own, as `put` takes them; `address` has the state.
  constructor(data, { address = location.hash.slice(1), added = [] } = {}) {
    this.release = data.release ?? globalThis.navlayersRelease;
    const { techniques, tactics, platforms, own = {} } = this.release;
    const { measures, categories, noun, covered, counts, capabilities, pages } = data;
    Object.assign(this, { platforms, tactics, measures, categories, noun, covered, counts, capabilities, pages, compact: data.compact, absent: new Set() });
    this.techniques = techniques.map(([id, name, parent, on]) =>
      ({ id, name, parent, page: own[id], platforms: on, subs: [], tactics: [] }));
    this.techniques.forEach((one, number) => {
      if (one.parent >= 0) this.techniques[one.parent].subs.push(number);
    });
    for (const tactic of tactics) {
      for (const number of tactic.techniques.flat(2)) this.techniques[number].tactics.push(tactic.name);
      // Headings are shown for their sub-techniques, and do not count.
      tactic.counted = tactic.techniques.flat(2).filter((number) => !tactic.headings?.includes(number));
    }
    const counted = new Set(tactics.flatMap((tactic) => tactic.counted));
    this.headings = new Set(tactics.flatMap((tactic) => tactic.headings ?? []).filter((number) => !counted.has(number)));
    this.byId = new Map(this.techniques.map(({ id }, number) => [id, number]));
    const cells = document.querySelectorAll(".shared");
    this.texts = data.texts.map((text, at) => (at in data.shared ? cells[data.shared[at]].textContent : text));
    this.fill = fillOf(data.colors);
    this.sets = data.sets.map((set) => this.readSet(set));
    this.views = data.views.map((view) => readView(view, this.fill, this.texts));
    for (const one of added) this.put(one);
    this.viewOf = (id) => this.views.find((view) => view.id === id);
    this.first = {
      views: [(this.views.find((view) => view.kind === "union") ?? this.views[0]).id], compare: false, category: 0,
      platform: -1, capability: -1, least: 0, only: data.compact, query: "", open: null, pinned: -1, cells: "",
    };
    this.state = this.stateOf(address) ?? { ...this.first };
  }

  // Adds a view, or replaces the one of its id.
  put({ view, colors, texts }) {
    const made = readView(view, fillOf(colors), texts);
    const at = this.views.findIndex(({ id }) => id === view.id);
    if (at < 0) this.views.push(made);
    else this.views[at] = made;
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

  // The number of the measure of a view; layers of a threat or a plan have a single one.
  measureOf(view) {
    return view.shown.length > 1 ? this.state.category : 0;
  }

  titleOf(view) {
    const measure = this.measureOf(view);
    return measure > 0 ? `${view.title} (${this.measures[measure].name})` : view.title;
  }

  // The entry of a technique in a view, filtered by category only: { score, fill, words }, or null.
  ownEntry(view, technique) {
    return view.shown[this.measureOf(view)].entries.get(technique) ?? null;
  }

  // The entry under all filters.
  entry(view, technique) {
    const { capability, least } = this.state;
    let entry = this.ownEntry(view, technique);
    if (capability >= 0 && this.hasCapabilities(view)) {
      const alone = this.alone(view, technique);
      if (view.kind === "set" || view.kind === "union") entry = alone;
      else if (alone === null) entry = null;
    }
    return entry !== null && entry.score !== false && least > 0 && !(Math.abs(entry.score) >= least) ? null : entry;
  }

  // The score of the chosen capability alone, the highest of the sets that have it.
  alone(view, technique) {
    const measure = this.measureOf(view);
    const found = view.sets.map((number) => this.sets[number].alone.get(this.state.capability)?.[measure].get(technique))
      .filter((score) => score !== undefined);
    if (!found.length) return null;
    const score = found.reduce((best, one) => (one > best ? one : best));
    return { score, fill: this.fill(this.measures[measure].colors[String(score)] ?? -1), words: "" };
  }

  // Whether a view can be filtered by capability: not gaps, and not layers, which merge all capabilities.
  hasCapabilities(view) {
    return view.kind !== "gap" && view.kind !== "layer";
  }

  isOnPlatform(technique) {
    return this.state.platform < 0 || this.techniques[technique].platforms.includes(this.state.platform);
  }

  // Whether a view contains a technique on the chosen platform.
  isThere(view, technique) {
    return this.isOnPlatform(technique) && !view.hidden.has(technique);
  }

  // Whether a technique is covered in a view, or, in gaps, differences and layers, has an entry.
  isCovered(view, technique) {
    const entry = this.entry(view, technique);
    if (entry === null) return false;
    return view.kind === "set" || view.kind === "union" ? entry.score === null || entry.score > 0 : true;
  }

  // The techniques that views open at first: those with entries below them, in views without empty cells.
  openedBy(views) {
    const entries = views.filter((view) => view.hidden.size || this.compact).flatMap((view) => [...view.shown[0].entries.keys()]);
    return new Set(entries.map((technique) => this.techniques[technique].parent).filter((parent) => parent >= 0));
  }

  // The open techniques: the user's choice, or the default of the views.
  get open() {
    return this.state.open ?? this.openedBy(this.shownViews);
  }

  // The part of the address after "#", "" for the first state.
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
    // Always more than one parameter, so that no anchor of a table (#pin=T1078) is the same.
    return parts.size ? `matrix=1&${parts}` : "";
  }

  openName(open) {
    if (open.size && open.size === this.techniques.filter((one) => one.subs.length).length) return "all";
    return [...open].sort((a, b) => a - b).map((number) => this.techniques[number].id).join(",") || "none";
  }

  // Whether an address is one of the explorer's: of a state, or of a known technique.
  isAddress(address) {
    const parts = new URLSearchParams(address);
    return parts.has("matrix") || this.byId.has(parts.get("pin"));
  }

  // The state of an address, null for addresses of other places. Invalid parts have their defaults.
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
