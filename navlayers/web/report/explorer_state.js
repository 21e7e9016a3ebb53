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
