// Elements. Texts are always texts: nothing here reads markup.

function make(name, options, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(options || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key === "class") element.className = value;
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

function colorClass(number) {
  return number >= 0 ? ` k${number}` : "";
}

const NOT_COVERED = "not covered";

// What stands for a score: a tick where something is covered without one, nothing where it is not covered.
function scoreText(entry) {
  if (entry === null || entry.score === false) return "";
  return entry.score === null ? "\u2713" : figure(entry.score);
}

// A score on its colour; what is not covered is empty, and in words for those who ask.
function chip(entry) {
  if (entry === null) {
    return make("span", { class: "chip none", title: NOT_COVERED }, make("span", { class: "hidden" }, NOT_COVERED));
  }
  const told = entry.score === false ? NOT_COVERED : scoreText(entry);
  const title = entry.score === null ? "covered without a score" : null;
  return make("span", { class: `chip${colorClass(entry.color)}`, title }, told);
}

// What a view says of a technique: its score, and the words that say more.
function said(name, entry, words) {
  const rest = entry.score === false ? words.replace(/^not covered\b[\s;]*/i, "") : words;
  return make("p", { class: "small" }, `${name}: `, chip(entry), rest ? ` ${rest}` : "");
}

// A link where the text is an address of the web, else the text.
function reference(text) {
  if (!/^https?:\/\/[^\s]+$/i.test(text)) return document.createTextNode(text);
  return make("a", { href: text, rel: "noreferrer" }, text.replace(/^https?:\/\//i, "").replace(/\/$/, ""));
}

// Whether an element is there to be seen and to have the focus.
function isSeen(element) {
  return element.isConnected && element.getClientRects().length > 0;
}

function plural(number, one, many) {
  return `${number.toLocaleString("en")} ${number === 1 ? one : many || `${one}s`}`;
}
