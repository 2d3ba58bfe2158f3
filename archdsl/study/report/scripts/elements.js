// Elements are made of names and texts here and nowhere else: no text becomes markup.

/** An element. Children are elements or texts; an attribute that is null is left out. */
function element(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

function drawing(tag, attributes = {}, ...children) {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function filled(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null) made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

/** A button that does something. */
function button(words, action, attributes = {}) {
  const made = element("button", { type: "button", ...attributes }, words);
  made.addEventListener("click", action);
  return made;
}

/** A text with what does not print as itself shown as its code. */
function printable(text) {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (each) =>
    each === "\n" || each === "\t" ? each : `\\u${each.codePointAt(0).toString(16).padStart(4, "0")}`);
}

/** Rows of texts as a table: the first cell of each is its name. */
function table(rows) {
  return element("div", { class: "wide" }, element("table", {},
    ...rows.map(([name, ...cells]) => element("tr", {},
      element("th", { scope: "row" }, name),
      ...cells.map((cell) => element("td", { class: "n" }, cell))))));
}
