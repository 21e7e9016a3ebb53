// What is told of the technique below the pointer or the focus: its scores per set and category.

function measureNames(model) {
  return model.measures.map((one) => one.name);
}

// A row per set: what it gives the technique in each measure, and how many of its capabilities.
function scoreTable(model, technique) {
  const names = measureNames(model);
  const head = make("tr", {}, make("th", { scope: "col" }, "set"),
    ...names.map((name) => make("th", { scope: "col", class: "right" }, name)),
    make("th", { scope: "col", class: "right" }, "capabilities"));
  const rows = model.views.filter((view) => view.kind === "set").map((view) => {
    const set = model.sets[view.sets[0]];
    const entries = names.map((_, at) => (view.shown[at] || view.shown[0]).entries.get(technique) || null);
    const scores = entries.some((entry) => entry !== null)
      ? entries.map((entry) => make("td", { class: "right" }, chip(entry)))
      : [make("td", { class: "right soft", colspan: names.length }, NOT_COVERED)];
    const number = set.layer ? "" : String(set.counts[technique] || 0);
    return make("tr", {}, make("th", { scope: "row" }, set.name), ...scores, make("td", { class: "right" }, number));
  });
  return make("table", { class: "scores" }, make("thead", {}, head), make("tbody", {}, ...rows));
}

class Tip {
  constructor(model) {
    this.model = model;
    this.element = make("div", { id: "tip", role: "tooltip", class: "tip", hidden: true });
    this.cell = null;
  }

  // `title` is that of the view, whose entry of the technique of the cell it is.
  show(cell, view, title, entry) {
    const technique = Number(cell.dataset.technique);
    const { id, name, parent } = this.model.techniques[technique];
    const words = entry === null ? "" : this.model.texts[entry.words] || "";
    this.element.replaceChildren(...[
      make("p", { class: "tip-name" }, make("b", {}, id), " ", name),
      parent >= 0 ? make("p", { class: "soft" }, `of ${this.model.techniques[parent].name}`) : null,
      ["union", "difference", "gap", "layer"].includes(view.kind) && entry !== null
        ? said(title, entry, words) : null,
      view.kind === "set" && words ? make("p", {}, words) : null,
      scoreTable(this.model, technique),
    ].filter(Boolean));
    this.element.hidden = false;
    if (this.cell && this.cell !== cell) this.cell.removeAttribute("aria-describedby");
    this.cell = cell;
    cell.setAttribute("aria-describedby", "tip");
    this.place(cell.getBoundingClientRect());
  }

  // Below the cell, or above where there is more room; never beyond the edge of the window.
  place(cell) {
    const { width, height } = this.element.getBoundingClientRect();
    const room = document.documentElement;
    const left = Math.max(8, Math.min(cell.left, room.clientWidth - width - 8));
    const below = cell.bottom + 8;
    const top = below + height > room.clientHeight && cell.top > height + 8 ? cell.top - height - 8 : below;
    this.element.style.left = `${left}px`;
    this.element.style.top = `${Math.max(8, Math.min(top, room.clientHeight - height - 8))}px`;
  }

  // Stays with what has the focus or is still below the pointer, when something is scrolled.
  follow() {
    if (this.cell && this.cell.matches(":focus-visible, :hover")) this.place(this.cell.getBoundingClientRect());
    else this.hide();
  }

  hide() {
    if (this.cell) this.cell.removeAttribute("aria-describedby");
    this.cell = null;
    this.element.hidden = true;
  }
}
