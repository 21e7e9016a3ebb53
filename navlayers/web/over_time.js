// How the coverage of the shown sets changed over time. Reading all versions takes a while, so the server is asked once
// the section is open.
class OverTime {
  constructor({ history, moves }, ask) {
    Object.assign(this, { history, moves, ask, asked: 0 });
    history.addEventListener("toggle", () => this.load());
  }

  // Other sets are shown, or others than before.
  renew(names) {
    this.history.hidden = !names.length;
    this.stale = true;
    this.load();
  }

  async load() {
    if (!this.history.open || !this.stale) return;
    this.stale = false;
    const number = ++this.asked;
    this.moves.replaceChildren(make("p", { class: "soft" }, "Reading the versions \u2026"));
    const { sentences, tables, notices } = await this.ask({}).catch((error) => ({ sentences: [], tables: [],
      notices: error.texts ?? ["The server does not answer."] }));
    if (number !== this.asked) return;
    this.moves.replaceChildren(
      ...sentences.map((text) => make("p", {}, text)),
      ...tables.map(tableOf),
      ...notices.map((text) => make("p", { class: "soft" }, text)));
  }
}
