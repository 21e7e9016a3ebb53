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
