// The pinned technique: its scores, the mappings behind them with comments and references, its sub-techniques.

const LONG_COMMENT = 600;

class Panel {
  // `pin(technique)` shows the details of another technique, `close()` hides them.
  constructor(model, pin, close) {
    this.model = model;
    this.pin = pin;
    this.about = "";
    this.heading = make("h3", { id: "panel-title", tabindex: "-1" });
    this.body = make("div", { class: "panel-body", tabindex: "0", role: "group", "aria-labelledby": "panel-title" });
    const button = make("button", { type: "button", class: "close", "aria-label": "Close the details" }, "\u2715");
    button.addEventListener("click", close);
    this.element = make("section", { class: "panel", "aria-labelledby": "panel-title", hidden: true },
      make("div", { class: "panel-head" }, this.heading, button), this.body);
  }

  // Rebuild the content only if it changes: it keeps its scroll position and open comments.
  update() {
    const { pinned, category, capability } = this.model.state;
    const about = pinned < 0 ? "" : [pinned, category, capability].join(" ");
    this.element.hidden = pinned < 0;
    if (about && about !== this.about) {
      this.build(pinned);
      if (about.split(" ")[0] !== this.about.split(" ")[0]) this.body.scrollTop = 0;
    }
    this.about = about;
  }

  build(technique) {
    const { model } = this;
    const { id, name, parent, page, platforms, tactics, subs } = model.techniques[technique];
    const href = page ?? `https://attack.mitre.org/techniques/${id.replace(".", "/")}/`;
    const link = make("a", { href, rel: "noreferrer" }, `${id} at ${new URL(href).host}`);
    const union = model.views.find((view) => view.kind === "union") ?? model.views[0];
    this.heading.replaceChildren(make("span", { class: "id" }, id), " ", name);
    this.body.replaceChildren(...[
      make("p", { class: "soft small" },
        [[...new Set(tactics)], platforms.map((at) => model.platforms[at])].map((list) => list.join(", ")).filter(Boolean).join(" \u00b7 ")),
      make("p", { class: "small" }, ...(parent >= 0 ? ["Sub-technique of ", this.button(parent), " \u00b7 "] : []), link),
      model.headings.has(technique) ? make("p", { class: "small" }, model.release.heading)
        : model.sets.length > 1 || model.measures.length > 1 ? make("div", { class: "frame" }, scoreTable(model, technique)) : null,
      ...this.statements(technique),
      ...(model.headings.has(technique) ? [] : model.sets.map((_, number) => this.set(number, technique))),
      subs.length ? make("section", {},
        make("h4", {}, "Sub-techniques ", make("span", { class: "soft" }, model.titleOf(union))),
        make("ul", { class: "subs" },
          ...subs.map((sub) => make("li", {}, chip(model, model.ownEntry(union, sub)), " ", this.button(sub))))) : null,
    ].filter(Boolean));
  }

  button(technique) {
    const { id, name } = this.model.techniques[technique];
    const button = make("button", { type: "button", class: "plain" }, make("span", { class: "id" }, id), ` ${name}`);
    button.addEventListener("click", () => this.pin(technique));
    return button;
  }

  // The entries of union, gap, differences and layers, without repeated words.
  statements(technique) {
    const { model } = this;
    const known = new Set();
    return model.views.filter((view) => view.kind !== "set" && model.ownEntry(view, technique)).map((view) => {
      const entry = model.ownEntry(view, technique);
      const words = known.has(entry.words) ? "" : entry.words;
      known.add(entry.words);
      return statement(model, view, { ...entry, words });
    });
  }

  set(number, technique) {
    const { model } = this;
    const set = model.sets[number];
    const rows = set.rowsOf.get(technique) ?? [];
    const view = model.views.find((one) => one.kind === "set" && one.sets[0] === number);
    const words = rows.length ? "" : model.ownEntry(view, technique)?.words;
    const { true: main = [], false: rest = [] } = Object.groupBy(rows, (row) => this.isChosen(set.rows, row));
    const list = (some) => make("ul", { class: "mappings" }, ...some.map((row) => this.mapping(set.rows, row)));
    return make("section", {},
      make("h4", {}, set.title || set.name, " ",
        make("span", { class: "soft" }, rows.length ? plural(rows.length, "mapping") : "no mappings")),
      words && make("p", { class: "small" }, words),
      main.length ? list(main) : null,
      rest.length ? make("details", {},
        make("summary", {}, `${plural(rest.length, "mapping")} hidden by the filters`), list(rest)) : null);
  }

  // Whether a mapping passes the filters of category and capability.
  isChosen({ category, capability }, row) {
    const { state, measures, categories } = this.model;
    const name = measures[state.category].name;
    return (name === "overall" || categories[category[row]] === name) &&
      (state.capability < 0 || capability[row] === state.capability);
  }

  mapping(rows, row) {
    const { texts, categories, capabilities, measures, fill } = this.model;
    const [id, label] = capabilities[rows.capability[row]];
    const category = categories[rows.category[row]];
    const score = rows.score[row];
    const { colors } = measures.find(({ name }) => name === category) ?? measures[0];
    const value = texts[rows.value[row]];
    const strength = [value, score === null || String(score) === value ? "" : figure(score)].filter(Boolean).join(" \u00b7 ");
    const type = texts[rows.type[row]];
    const comment = texts[rows.comment[row]];
    const links = rows.references[row].map((at) => make("li", {}, reference(texts[at])));
    return make("li", {},
      make("p", {}, make("b", {}, label), label.startsWith(id) ? "" : make("span", { class: "soft" }, ` ${id}`)),
      category || strength || type ? make("p", { class: "marks" },
        category && make("span", { class: "chip" }, category),
        strength && make("span", { class: `chip${fill(colors[String(score)] ?? -1)}` }, strength),
        type && make("span", { class: "soft" }, type)) : null,
      comment && this.comment(comment),
      links.length ? make("ul", { class: "links", "aria-label": "References" }, ...links) : null);
  }

  comment(text) {
    const whole = make("p", { class: "comment" }, text);
    if (text.length <= LONG_COMMENT) return whole;
    const start = `${text.slice(0, LONG_COMMENT / 2).trim()}\u2026`;
    return make("details", { class: "long" }, make("summary", { class: "comment" }, start), whole);
  }
}

// A link if the text is a web address, else the text.
function reference(text) {
  if (!/^https?:\/\/\S+$/i.test(text)) return document.createTextNode(text);
  return make("a", { href: text, rel: "noreferrer" }, text.replace(/^https?:\/\//i, "").replace(/\/$/, ""));
}

// Search by id, name and capability: matches are marked, Enter goes to the next.
class Search {
  constructor(model) {
    this.model = model;
    this.query = "";
    this.hits = [];
    this.at = -1; // number of the current hit
    const lower = (technique) => this.model.techniques[technique]?.name.toLowerCase() ?? "";
    this.names = model.techniques.map(({ id, parent }, number) =>
      ({ own: `${id.toLowerCase()} ${lower(number)}`, above: lower(parent) }));
    this.mapped = model.capabilities.map(() => new Set()); // the techniques of each capability in any set
    for (const { rows } of model.sets) {
      rows.technique.forEach((technique, row) => this.mapped[rows.capability[row]].add(technique));
    }
  }

  // Searches the techniques of `order`, the order of the matrix. The colon of "Technique: Sub-technique" is ignored.
  find(order) {
    const words = this.model.state.query.toLowerCase().split(/[\s:]+/).filter(Boolean);
    const query = words.join(" ");
    const last = this.hits[this.at];
    this.hits = query ? this.among(order, words) : [];
    this.at = query === this.query ? this.hits.indexOf(last) : -1;
    this.query = query;
  }

  // Techniques with all words in any order; a sub-technique may have some of them in its parent's name, not all.
  among(order, words) {
    const found = new Set(this.model.capabilities.flatMap((pair, number) => {
      const text = pair.join(" ").toLowerCase();
      return words.every((word) => text.includes(word)) ? [...this.mapped[number]] : [];
    }));
    return order.filter((technique) => {
      const { own, above } = this.names[technique];
      return found.has(technique) || (words.some((word) => own.includes(word)) &&
        words.every((word) => own.includes(word) || above.includes(word)));
    });
  }

  // The next hit, or the previous one; -1 without hits.
  step(by) {
    const { length } = this.hits;
    if (!length) return -1;
    this.at = this.at < 0 && by < 0 ? length - 1 : (this.at + by + length) % length;
    return this.hits[this.at];
  }

  get status() {
    if (!this.query) return "";
    if (!this.hits.length) return "no matches";
    return this.at < 0 ? plural(this.hits.length, "match", "matches") : `${this.at + 1} of ${this.hits.length}`;
  }
}
