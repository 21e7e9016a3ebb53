// The explorer of the live page, with buttons that download each view.
const FORMATS = { json: "Layer", svg: "SVG", png: "PNG", xlsx: "XLSX", pdf: "PDF" };

class LiveExplorer extends Explorer {
  matrix(id) {
    const known = this.matrices.has(id);
    const matrix = super.matrix(id);
    if (!known) matrix.element.querySelector(".view-head").append(this.downloads(matrix));
    return matrix;
  }

  downloads(matrix) {
    return make("div", { class: "downloads", role: "group", "aria-label": "Download" }, "Download ",
      ...Object.entries(FORMATS).map(([format, name]) => {
        const button = make("button", { type: "button" }, name);
        button.addEventListener("click", () => this.root.dispatchEvent(new CustomEvent("download", { detail: { view: matrix.view, format } })));
        return button;
      }));
  }

  // What to ask the server for: a view under the filters of the page, and the number of capabilities of the plan.
  wanted({ view, format }, budget) {
    const { model } = this;
    const { state } = model;
    const kind = view.id === "~plan" ? "plan" : view.kind;
    const same = model.views.filter((one) => one.kind === view.kind && one.id !== "~plan");
    const query = { view: kind, place: kind === "plan" ? 0 : same.findIndex(({ id }) => id === view.id), format, budget };
    const category = model.measures[model.measureOf(view)].name;
    if (category !== "overall") query.category = category;
    if (state.platform >= 0) query.platform = model.platforms[state.platform];
    if (state.least > 0) query.least = state.least;
    const parts = new URLSearchParams(query);
    if (state.capability >= 0 && model.hasCapabilities(view)) {
      for (const text of model.capabilities[state.capability]) parts.append("capability", text);
    }
    return parts;
  }
}

// Saves the file of an answer under the name that the server gives it.
async function saveFile(answer, format) {
  const [, name = `layer.${format}`] = /filename="([^"]*)"/.exec(answer.headers.get("Content-Disposition")) ?? [];
  const url = URL.createObjectURL(await answer.blob());
  make("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
