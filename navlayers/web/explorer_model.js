// What the page was given, made ready to be looked up. No score and no colour is made here.
// A technique, a view, a set, a capability is named by its number in these lists.

function readModel(data) {
  const techniques = data.release.techniques.map(([id, name, parent, platforms]) => ({
    id, name, parent, platforms, subs: [], tactics: [],
  }));
  techniques.forEach((one, number) => {
    if (one.parent >= 0) techniques[one.parent].subs.push(number);
  });
  const tactics = data.release.tactics.map(({ name, techniques: cells }) => {
    for (const [technique, subs] of cells) {
      for (const one of [technique, ...subs]) techniques[one].tactics.push(name);
    }
    return { name, cells };
  });
  return {
    techniques,
    tactics,
    platforms: data.release.platforms,
    byId: new Map(techniques.map((one, number) => [one.id, number])),
    measures: data.measures,
    categories: data.categories,
    counts: data.counts,
    capabilities: data.capabilities.map(([id, label]) => ({ id, label })),
    sets: data.sets.map((one) => readSet(one)),
    views: data.views.map((one) => ({ ...one, hidden: new Set(one.hidden), shown: one.shown.map(readShown) })),
    texts: readTexts(data.texts, data.told),
  };
}

// Texts that stand in tables of the page are there only.
function readTexts(texts, told) {
  const cells = document.querySelectorAll(".told");
  return texts.map((text, number) => (number in told ? cells[told[number]].textContent : text));
}

function readShown(shown) {
  const entries = new Map();
  shown.technique.forEach((technique, row) => {
    entries.set(technique, { score: shown.score[row], color: shown.color[row], words: shown.words[row] });
  });
  return { entries, legend: shown.legend, ramp: shown.ramp, low: shown.low, high: shown.high };
}

function readSet(set) {
  const rowsOf = new Map();
  const capabilitiesOf = new Map();
  set.rows.technique.forEach((technique, row) => {
    if (!rowsOf.has(technique)) rowsOf.set(technique, []);
    rowsOf.get(technique).push(row);
    if (!capabilitiesOf.has(technique)) capabilitiesOf.set(technique, new Set());
    capabilitiesOf.get(technique).add(set.rows.capability[row]);
  });
  const alone = new Map();
  for (const [capability, { techniques, scores }] of Object.entries(set.alone)) {
    alone.set(Number(capability), scores.map((list) => {
      const found = new Map();
      list.forEach((score, row) => {
        if (score !== false) found.set(techniques[row], score);
      });
      return found;
    }));
  }
  return { ...set, rowsOf, capabilitiesOf, alone };
}

// The number of the measure that a view is shown under.
function measureOf(state, view) {
  return view.shown.length > 1 ? state.category : 0;
}

// What a view says of a technique under the category alone, or null for nothing.
function ownEntryOf(state, view, technique) {
  return view.shown[measureOf(state, view)].entries.get(technique) || null;
}

// The title of a view with the category that it is shown under.
function titleOf(model, state, view) {
  const measure = measureOf(state, view);
  return measure > 0 ? `${view.title} (${model.measures[measure].name})` : view.title;
}

// Whether what a view shows is of capabilities: not so what none covers, and layers that are made of all of them.
function hasCapabilities(view) {
  return view.kind !== "gap" && view.kind !== "layer";
}

// What a view shows of a technique under the filters: { score, color, words }, or null for nothing.
function entryOf(model, state, view, technique) {
  const measure = measureOf(state, view);
  let entry = ownEntryOf(state, view, technique);
  if (state.capability >= 0 && hasCapabilities(view)) {
    const own = aloneOf(model, state.capability, view.sets, measure, technique);
    if (view.kind === "set" || view.kind === "union") entry = own;
    else if (own === null) entry = null;
  }
  if (entry !== null && state.least > 0 && !(Math.abs(entry.score) >= state.least)) return null;
  return entry;
}

// What a capability gives a technique by itself, the highest of the sets that have it.
function aloneOf(model, capability, sets, measure, technique) {
  let found = null;
  for (const number of sets) {
    const own = model.sets[number].alone.get(capability);
    if (!own || !own[measure].has(technique)) continue;
    const score = own[measure].get(technique);
    if (found === null || score > found.score) found = { score, words: -1 };
  }
  if (found === null) return null;
  const color = model.measures[measure].colors[String(found.score)];
  return { ...found, color: color === undefined ? -1 : color };
}

function onPlatform(model, state, technique) {
  return state.platform < 0 || model.techniques[technique].platforms.includes(state.platform);
}

// Whether a view has a place for a technique on the platform that is asked for.
function isThere(model, state, view, technique) {
  return onPlatform(model, state, technique) && !view.hidden.has(technique);
}

// Techniques whose sub-techniques are what a view is about: one that hides all others shows them at once.
function openedBy(model, views) {
  const found = new Set();
  for (const view of views) {
    if (!view.hidden.size) continue;
    for (const technique of view.shown[0].entries.keys()) {
      const { parent } = model.techniques[technique];
      if (parent >= 0) found.add(parent);
    }
  }
  return found;
}

// Whether an entry says that something is covered, or, in views of other kinds, anything at all.
function isCovered(view, entry) {
  if (entry === null) return false;
  return view.kind === "set" || view.kind === "union" ? entry.score === null || entry.score > 0 : true;
}

function figure(score) {
  return String(score).replace("-", "\u2212");
}
// What is being looked at, and the same as the address of the page, so that a bookmark leads back to it.

function firstState(model) {
  const start = model.views.find((view) => view.kind === "union") || model.views[0];
  return {
    views: [start.id], compare: false, category: 0, platform: -1, capability: -1, least: 0, only: false,
    query: "", open: null, pinned: -1, cells: "",
  };
}

const MOST_VIEWS = 4;

// The techniques that are open: those that were asked for, or as the views have it.
function openOf(model, state) {
  return state.open || openedBy(model, model.views.filter((view) => state.views.includes(view.id)));
}

// The part of the address behind "#", or "" where all is as at first.
function addressOf(model, state) {
  const first = firstState(model);
  const parts = new URLSearchParams();
  const put = (name, value, usual) => {
    if (value !== usual) parts.set(name, value);
  };
  put("view", state.views.join(","), first.views.join(","));
  put("compare", state.compare ? "1" : "", "");
  put("category", model.measures[state.category].name, model.measures[0].name);
  put("platform", state.platform < 0 ? "" : model.platforms[state.platform], "");
  put("capability", state.capability < 0 ? "" : capabilityName(model, state.capability), "");
  put("least", String(state.least), "0");
  put("only", state.only ? "1" : "", "");
  put("search", state.query, "");
  put("cells", state.cells, "");
  put("open", openName(model, openOf(model, state)), openName(model, openOf(model, { ...state, open: null })));
  put("pin", state.pinned < 0 ? "" : model.techniques[state.pinned].id, "");
  const text = parts.toString();
  // Always more than one name, so that it is never taken for the place of a technique in the page.
  return text && `matrix=1&${text}`;
}

function openName(model, open) {
  const all = model.techniques.filter((one) => one.subs.length).length;
  if (open.size === all && all) return "all";
  return [...open].sort((a, b) => a - b).map((number) => model.techniques[number].id).join(",") || "none";
}

// Label and id, for several capabilities of as many sets may have one of either.
function capabilityName(model, number) {
  const { id, label } = model.capabilities[number];
  return `${id} ${label}`;
}

// Whether an address is one of the explorer's: that of a state, or of a technique that it knows.
function isAddress(model, address) {
  const parts = new URLSearchParams(address);
  return parts.has("matrix") || model.byId.has(parts.get("pin") || "");
}

// The state that an address names; what it names wrongly is as at first. null where it names none.
function stateOf(model, address) {
  if (!isAddress(model, address)) return null;
  const parts = new URLSearchParams(address);
  const state = firstState(model);
  const number = (list, name) => list.findIndex((one) => one === parts.get(name));
  const views = (parts.get("view") || "").split(",").filter((id) => model.views.some((view) => view.id === id));
  if (views.length) state.views = [...new Set(views)].slice(0, MOST_VIEWS);
  state.compare = parts.get("compare") === "1" || state.views.length > 1;
  state.category = Math.max(0, model.measures.findIndex((one) => one.name === parts.get("category")));
  state.platform = number(model.platforms, "platform");
  state.capability = model.capabilities.findIndex((_, i) => capabilityName(model, i) === parts.get("capability"));
  state.least = Math.max(0, Number(parts.get("least")) || 0);
  state.only = parts.get("only") === "1";
  state.query = parts.get("search") || "";
  state.cells = ["names", "ids"].includes(parts.get("cells")) ? parts.get("cells") : "";
  const open = parts.get("open");
  if (open !== null) {
    const ids = open === "all" ? model.techniques.map((one) => one.id) : open.split(",");
    const known = ids.map((id) => model.byId.get(id));
    state.open = new Set(known.filter((found) => found !== undefined && model.techniques[found].subs.length));
  }
  const pinned = model.byId.get(parts.get("pin") || "");
  state.pinned = pinned === undefined ? -1 : pinned;
  return state;
}

// Writes addresses, none of which is a step of the browser's history; not too often, for browsers mind.
function addressWriter(model) {
  let timer = 0;
  return (address) => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (!address && !isAddress(model, location.hash.slice(1))) return;
      try {
        history.replaceState(null, "", address ? `#${address}` : location.pathname + location.search);
      } catch {
        // A page in a frame, say, may not change its address.
      }
    }, 150);
  };
}
