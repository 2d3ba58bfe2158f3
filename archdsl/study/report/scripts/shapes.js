// What tells the trials apart in a plot: a shape and a colour by where they came from.

const PATHS = {
  circle: "M10,2A8,8 0 1 1 9.99,2Z",
  diamond: "M10,0L20,10L10,20L0,10Z",
  square: "M2,2H18V18H2Z",
  triangle: "M10,1L19,18H1Z",
  pentagon: "M10,0.5L19.5,7.4L15.9,18.6H4.1L0.5,7.4Z",
  plus: "M7,0H13V7H20V13H13V20H7V13H0V7H7Z",
  star: "M10,0L12.9,6.6L20,7.3L14.7,12.1L16.2,19.1L10,15.4L3.8,19.1L5.3,12.1L0,7.3L7.1,6.6Z",
  cross: "M2,0L10,8L18,0L20,2L12,10L20,18L18,20L10,12L2,20L0,18L8,10L0,2Z",
};

const SOUGHT = "#3b7dd8";
const QUIET = "#8a8f98";
const FIRST = "#d9822b";
const GOOD = "#2f9e57";
const BAD = "#d64545";

const ORIGINS = new Map([
  ["first", [FIRST, "diamond"]],
  ["random", [QUIET, "circle"]],
  ["grid", [QUIET, "square"]],
  ["tpe", [SOUGHT, "triangle"]],
  ["evolution", [SOUGHT, "square"]],
  ["gp", [SOUGHT, "pentagon"]],
  ["optuna", [SOUGHT, "plus"]],
]);

/** [colour, shape] of an origin. */
function look(origin) {
  return ORIGINS.get(origin) ?? [SOUGHT, "plus"];
}

/** A shape as the plotting library takes one. */
function symbol(shape) {
  return shape === "circle" ? "circle" : `path://${PATHS[shape]}`;
}

/** An entry of a legend: a shape in its colour, or a line, and words. */
function legendEntry(words, colour, shape, dashed = false) {
  const drawn = shape
    ? drawing("path", { d: PATHS[shape], fill: colour })
    : drawing("path", {
      d: "M0,10H20", stroke: colour, "stroke-width": "3", "stroke-dasharray": dashed ? "4 3" : null,
    });
  return element("li", {},
    drawing("svg", { viewBox: "0 0 20 20", "aria-hidden": "true" }, drawn), words);
}

/** Origin -> the places of some trials that came from there, in the order of the legend. */
function byOrigin(record, places) {
  const found = new Map();
  for (const origin of [...ORIGINS.keys(), ...record.origin]) {
    if (!found.has(origin)) found.set(origin, []);
  }
  for (const place of places) found.get(record.origin[place]).push(place);
  return new Map([...found].filter(([, at]) => at.length));
}
