// The live page: it follows the sets of the server, and asks it for what the explorer shows. Texts of files, of the
// server too, become text nodes, never markup.

class Live {
  constructor(root) {
    this.at = Object.fromEntries([...document.querySelectorAll("[data-live]")].map((one) => [one.dataset.live, one]));
    this.root = root;
    this.sheet = new CSSStyleSheet();
    this.planSheet = new CSSStyleSheet();
    document.adoptedStyleSheets = [this.sheet, this.planSheet];
    const query = new URLSearchParams(location.search);
    this.chosen = query.has("sets") ? query.get("sets").split(",").filter(Boolean) : null;
    this.threat = query.get("threat");
    this.dropped = null;
    this.state = { sets: [], threats: [] };
    this.explorer = null;
    this.asked = 0;
    this.drops = 0;
    this.fileFindings = null;
    this.questions = new Questions(() => ({ names: this.readable, threat: this.threat, file: this.dropped }));
    this.planner = new Planner(this.at, Math.max(0, Math.trunc(Number(query.get("budget"))) || 0), {
      ask: (parts, signal) => this.questions.ask("plan", parts, signal),
      show: (plan) => this.showPlan(plan),
      fail: (error) => this.fail(error, "plan"),
      changed: () => this.writeAddress(),
    });
    this.lastSave = new LastSave(this.at);
    this.overTime = new OverTime(this.at, (parts) => this.questions.ask("history", parts));
    this.listen();
    this.follow();
  }

  // What the server sends: the sets, now and after each change.
  follow() {
    const events = new EventSource("events");
    events.addEventListener("message", ({ data }) => {
      this.say("");
      this.take(JSON.parse(data));
    });
    events.addEventListener("error", () => this.say("The server does not answer. The page shows what it had last."));
  }

  take(state) {
    this.state = state;
    const known = new Map(state.sets.map((set) => [set.name, set]));
    this.chosen = (this.chosen ?? state.chosen).filter((name) => known.has(name));
    if (!this.chosen.length && !this.dropped) this.chosen = state.chosen;
    this.threat ??= state.threats[0] ?? "";
    this.showSets();
    this.showFindings();
    this.showNavigator();
    const stamps = this.readable.map((name) => known.get(name).stamp).join();
    if (stamps !== this.stamps || this.readable.join() !== this.shownNames) this.load();
  }

  set(name) {
    return this.state.sets.find((set) => set.name === name);
  }

  // The chosen sets that were read well at least once, or that are still to be read.
  get readable() {
    return this.chosen.filter((name) => !(this.set(name).broken && !this.set(name).stamp));
  }

  say(text) {
    if (this.at.status.textContent !== text) this.at.status.textContent = text;
  }

  showProblems(problems) {
    this.at.problems.hidden = !problems.length;
    this.at.problems.replaceChildren(...problems.map((text) => make("p", {}, text)));
  }

  // What the explorer shows, and the plan.
  answers(questions) {
    const { budget } = this.planner;
    return Promise.all([
      questions.ask("explorer", { release: globalThis.navlayersRelease?.key ?? "" }),
      budget ? questions.ask("plan", { budget }).catch(() => null) : null,
    ]);
  }

  // `known`: these answers, where the server was asked before.
  async load(known = null) {
    const number = ++this.asked;
    const names = this.readable;
    this.stamps = names.map((name) => this.set(name).stamp).join();
    this.shownNames = names.join();
    this.writeAddress();
    this.planner.renew();
    this.overTime.renew(names.filter((name) => this.set(name).file));
    if (!names.length && !this.dropped) return;
    try {
      const [answer, plan] = known ?? await this.answers(this.questions);
      if (number === this.asked) this.show(answer, plan);
    } catch (error) {
      if (number === this.asked) this.fail(error);
    }
  }

  fail(error, of = "sets") {
    this.failed = of;
    this.showProblems(error instanceof Problems ? error.texts : ["The server does not answer."]);
  }

  show(answer, plan) {
    this.showProblems(answer.warnings);
    // A release is sent once.
    if (answer.data.release) globalThis.navlayersRelease = { ...answer.data.release, key: answer.release };
    const data = { ...answer.data, release: null };
    // What was read before the answer came is what it is about.
    if (answer.stamps) this.stamps = this.readable.map((name) => answer.stamps[name] ?? this.set(name).stamp).join();
    restyle(this.sheet, answer.style);
    this.data = data;
    const added = plan ? [this.planView(plan)] : [];
    if (plan) this.planner.rest(plan);
    const { scrollX, scrollY } = window;
    if (this.explorer) this.explorer.replace(data, added);
    else this.start(data, added);
    const { domain } = answer;
    this.at.title.textContent = answer.titles.join(" \u00b7 ");
    this.at.release.textContent = answer.releaseTitle;
    document.title = `${answer.titles.join(", ")} \u2013 navlayers`;
    this.showVerdict(answer.verdict);
    this.planner.fill(answer.capabilities, answer.noun);
    this.fileFindings = answer.findings ? { name: this.dropped.name, found: answer.findings } : null;
    this.showFindings();
    this.tell(this.at.told, answer.sentences, answer.tables, answer.notices);
    this.tell(this.at.steps, plan?.sentences ?? [], plan?.tables ?? []);
    if (this.domain !== domain) this.loadThreats(domain);
    this.lastSave.take(data, globalThis.navlayersRelease.techniques,
      [answer.release, this.threat, this.dropped?.name, ...this.readable].join("\n"), this.stamps);
    if (this.turns) this.turnTo(answer.against);
    window.scrollTo(scrollX, scrollY);
  }

  // A threat that was just chosen is what the reader asks about: the matrix shows its gaps.
  turnTo(view) {
    this.turns = false;
    const { model, controls } = this.explorer;
    if (view && model.viewOf(view) && !model.state.views.includes(view)) controls.chooseView(view);
  }

  showVerdict({ number, words, hole }) {
    this.at.verdict.hidden = false;
    this.at.verdict.replaceChildren(make("p", {}, make("b", {}, number), ` ${words}`), ...(hole ? [make("p", { class: "hole" }, hole)] : []));
  }

  start(data, added) {
    const address = location.hash.slice(1);
    this.explorer = new LiveExplorer(this.root, data);
    for (const one of added) this.explorer.put(one);
    const state = added.length ? this.explorer.model.stateOf(address) : null;
    if (state) this.explorer.change(state);
  }

  planView({ view, colors, texts, style }) {
    restyle(this.planSheet, style);
    return { view, colors, texts };
  }

  showPlan(plan) {
    this.tell(this.at.steps, plan?.sentences ?? [], plan?.tables ?? []);
    if (!plan) return void this.explorer.replace(this.data);
    const first = !this.explorer.model.viewOf("~plan");
    this.explorer.put(this.planView(plan));
    if (first) this.explorer.controls.chooseView("~plan");
    if (this.failed === "plan") this.showProblems([]);
  }

  // Sentences, and tables below them that open.
  tell(place, sentences, tables, notices = []) {
    const open = new Set([...place.querySelectorAll("details[open]")].map((one) => one.dataset.key));
    const parts = [
      ...sentences.map((text) => make("p", {}, text)),
      ...tables.map((table, at) => make("details", { "data-key": `table${at}`, open: open.has(`table${at}`) },
        make("summary", {}, table.title || "Table"), tableOf(table))),
      notices.length ? make("details", { "data-key": "notes", open: open.has("notes") },
        make("summary", {}, plural(notices.length, "note")), make("ul", {}, ...notices.map((text) => make("li", {}, text)))) : null,
    ].filter(Boolean);
    place.hidden = !parts.length;
    place.replaceChildren(...parts);
  }

  // A group of buttons per domain; sets of one domain can be shown together. Shipped sets that nobody named are in a
  // menu until they are chosen.
  showSets() {
    const { sets: place } = this.at;
    const focused = document.activeElement?.dataset?.set;
    const open = place.querySelector("details")?.open ?? false;
    const isOffered = ({ name, offered }) => offered && !this.chosen.includes(name);
    const groups = (sets) => {
      const domains = Map.groupBy(sets, (set) => set.domain);
      const order = ["enterprise", "mobile", "ics"];
      return [...domains].sort(([one], [other]) => order.indexOf(one) - order.indexOf(other)).map(([domain, some]) => {
        // Each by the first of these that no other has.
        const alone = (key, set) => some.filter((other) => other[key] === set[key]).length === 1;
        const text = (set) => set[["label", "title"].find((key) => alone(key, set)) ?? "name"];
        return make("div", {}, domains.size > 1 && domain ? make("span", { class: "soft" }, domain) : "",
          ...some.map((set) => this.setButton(set, text(set))));
      });
    };
    const own = this.dropped ? [make("div", {}, make("button", { type: "button", "data-set": "", "aria-pressed": "true",
      title: "Remove the file" }, `${this.dropped.name} \u2715`))] : [];
    const offered = this.state.sets.filter(isOffered);
    place.replaceChildren(...own, ...groups(this.state.sets.filter((set) => !isOffered(set))), ...(offered.length
      ? [make("details", { open }, make("summary", {}, "Add a shipped set"), ...groups(offered.filter(({ domain }) => domain)))] : []));
    if (focused === undefined) return;
    const button = [...place.querySelectorAll("button")].find((one) => one.dataset.set === focused);
    // What is back in the closed menu cannot have the focus.
    (button?.closest("details:not([open])")?.firstChild ?? button)?.focus();
  }

  setButton({ name, title, broken, problems, offered }, text) {
    const chosen = this.chosen.includes(name);
    return make("button", {
      type: "button", "data-set": name, "aria-pressed": String(chosen), "data-broken": broken,
      title: broken ? problems.join("\n") : offered && chosen ? `Remove ${title}` : title,
    }, offered && chosen ? `${text} \u2715` : text);
  }

  choose(name) {
    if (name === "") {
      this.dropped = null;
      if (!this.chosen.length) this.chosen = this.state.chosen;
      this.renew();
      return;
    }
    const { domain } = this.set(name);
    // A file is of the domain that is shown.
    if (this.dropped && domain && domain !== this.domain) this.dropped = null;
    const others = this.chosen.filter((one) => one !== name);
    // Sets of one domain can be compared; one of another domain starts anew.
    if (others.length === this.chosen.length) this.chosen = [...others.filter((one) => this.set(one).domain === domain), name];
    else if (others.length || this.dropped) this.chosen = others;
    this.renew();
  }

  showFindings() {
    const files = this.chosen.map((name) => this.set(name)).filter((set) => set.file).map((set) => ({
      name: set.file, found: set.findings, note: set.broken
        ? `${set.file} can't be read${set.stamp ? "; showing the last good version" : ""}.` : "", checked: set.checked }));
    if (this.fileFindings) files.push({ ...this.fileFindings, note: "", checked: true });
    const shown = files.filter(({ found, note }) => found.count || note);
    const kept = new Map([...this.at.findings.children].map((one) => [one.dataset.key, one.open]));
    this.at.findings.hidden = !shown.length;
    this.at.findings.replaceChildren(...shown.map(({ name, found, note, checked }) => {
      const rest = found.count - found.errors - found.warnings;
      const counts = [found.errors && plural(found.errors, "error"), found.warnings && plural(found.warnings, "warning"), rest && plural(rest, "note")];
      // One line, so that the matrix stays in view; what was open stays open.
      const text = [counts.filter(Boolean).join(", "), note].filter(Boolean).join(". ");
      return make("details", { "data-key": name, open: kept.get(name) ?? false, class: found.errors || note ? "broken" : "" },
        make("summary", {}, make("b", {}, name), ` ${text}${checked ? "" : " before the last save"}`),
        make("ul", { tabindex: "0", "aria-label": `Findings in ${name}` }, ...found.first.map(({ place, level, code, text }) =>
          make("li", { class: level === "error" && "strong" }, make("code", {}, place), ` ${level}: `, make("span", { class: "soft" }, code), ` ${text}`)),
        found.count > found.first.length ? make("li", {}, `and ${found.count - found.first.length} more`) : null));
    }));
  }

  showNavigator() {
    const { navigator } = this.state;
    const layers = this.chosen.flatMap((name) => this.set(name).layers);
    this.at.navigator.hidden = !layers.length;
    const urls = layers.map((name) => `layerURL=${encodeURIComponent(`${location.origin}/layers/${name}`)}`);
    this.at.navigator.href = `${navigator.split("#")[0]}#${urls.join("&")}`;
  }

  async loadThreats(domain) {
    this.domain = domain;
    const names = await this.questions.threats(domain);
    this.at.threats.replaceChildren(...names.map((value) => make("option", { value })));
    this.showThreat();
  }

  showThreat() {
    if (document.activeElement === this.at.threat) return;
    const option = [...this.at.threats.children].find(({ value }) => value.endsWith(`(${this.threat})`));
    this.at.threat.value = option?.value ?? this.threat ?? "";
  }

  // A file is shown beside the sets, or alone if they do not go together; if it can't be read, all stays as it was.
  async drop(file) {
    this.at.file.value = "";
    if (this.readable.length >= MOST_VIEWS) {
      this.showProblems([`${MOST_VIEWS} sets are shown; remove one to add ${file.name}.`]);
      return;
    }
    const number = ++this.drops;
    const ask = (names) => this.answers(new Questions(() => ({ names, threat: this.threat, file }))).catch((error) => error);
    const names = this.readable;
    this.say(`Reading ${file.name} \u2026`);
    const beside = await ask(names);
    const apart = beside instanceof Problems && beside.findings?.errors === 0 && names.length > 0;
    const answers = apart ? await ask([]) : beside;
    if (number !== this.drops) return;
    this.say("");
    if (answers instanceof Error) {
      const { findings } = answers;
      this.fileFindings = findings ? { name: file.name, found: findings } : null;
      this.showFindings();
      if (findings?.errors) this.showProblems([`Can't read ${file.name}; see the errors below.`]);
      else this.fail(answers);
      return;
    }
    this.dropped = file;
    if (apart) this.chosen = [];
    await this.renew(apart || this.readable.join() === names.join() ? answers : null);
    if (apart) this.showProblems(beside.texts);
  }

  renew(answers = null) {
    this.stamps = null;
    this.showSets();
    this.showFindings();
    this.showNavigator();
    return this.load(answers);
  }

  async download(detail) {
    try {
      await saveFile(await this.questions.ask("download", this.explorer.wanted(detail, this.planner.budget)), detail.format);
    } catch (error) {
      this.fail(error);
    }
  }

  // Sets, threat and plan are in the address: a reload shows the same. A dropped file is not: it is not kept.
  writeAddress() {
    const query = new URLSearchParams();
    if (this.chosen.join() !== this.state.chosen?.join() && this.chosen.length) query.set("sets", this.chosen.join(","));
    if (this.threat !== (this.state.threats[0] ?? "")) query.set("threat", this.threat);
    if (this.planner.budget) query.set("budget", this.planner.budget);
    const search = query.size ? `?${query}` : "";
    if (search !== location.search) history.replaceState(null, "", `${location.pathname}${search}${location.hash}`);
  }

  listen() {
    const { at } = this;
    at.sets.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button) this.choose(button.dataset.set);
    });
    at.threat.addEventListener("change", () => {
      const text = at.threat.value.trim();
      this.threat = /\(([A-Z]+\d+)\)$/.exec(text)?.[1] ?? text;
      this.turns = Boolean(this.threat);
      this.load();
    });
    at.file.addEventListener("change", () => {
      if (at.file.files[0]) this.drop(at.file.files[0]);
    });
    this.root.addEventListener("download", ({ detail }) => this.download(detail));
    const isFile = (event) => event.dataTransfer?.types.includes("Files");
    document.addEventListener("dragover", (event) => {
      if (!isFile(event)) return;
      event.preventDefault();
      at.drop.hidden = false;
    });
    document.addEventListener("dragleave", (event) => {
      if (!event.relatedTarget) at.drop.hidden = true;
    });
    document.addEventListener("drop", (event) => {
      if (!isFile(event)) return;
      event.preventDefault();
      at.drop.hidden = true;
      if (event.dataTransfer.files[0]) this.drop(event.dataTransfer.files[0]);
    });
  }
}

// Replaces the rules of a sheet if they are others: browsers style the whole page anew.
function restyle(sheet, text) {
  if (sheet.text !== text) sheet.replaceSync(text);
  sheet.text = text;
}

function tableOf({ columns, rows, note }) {
  const name = ({ right, whole }) => (right ? "right" : whole ? "id" : null);
  return make("div", { class: "frame", tabindex: "0", role: "region", "aria-label": "Table" },
    make("table", {},
      make("thead", {}, make("tr", {}, ...columns.map((column) => make("th", { scope: "col", class: name(column) }, column.name)))),
      make("tbody", {}, ...rows.map((row) => make("tr", {}, ...row.map((text, at) => make("td", { class: name(columns[at]) }, text)))))),
    note && make("p", { class: "soft small" }, note));
}

new Live(document.getElementById("explorer"));
