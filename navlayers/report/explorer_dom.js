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

// A score on its colour; a tick where something is covered without a score.
function chip(entry, nothing) {
  if (entry === null) return make("span", { class: "chip none" }, nothing || "\u2013");
  const text = entry.score === null ? "\u2713" : figure(entry.score);
  return make("span", { class: `chip${colorClass(entry.color)}` }, text);
}

// A link where the text is an address of the web, else the text.
function reference(text) {
  if (!/^https?:\/\/[^\s]+$/i.test(text)) return document.createTextNode(text);
  return make("a", { href: text, rel: "noreferrer" }, text.replace(/^https?:\/\//i, "").replace(/\/$/, ""));
}

function plural(number, one, many) {
  return `${number.toLocaleString("en")} ${number === 1 ? one : many || `${one}s`}`;
}
