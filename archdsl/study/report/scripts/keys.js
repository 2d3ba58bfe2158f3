// Keys in a plot that has the focus.

const STEPS = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowUp: [1, 1], ArrowDown: [1, -1] };

/** Arrows go on along x or along y, Home and End to the first and last, Enter opens, Escape leaves. */
function walk(plot, event) {
  const { page, cursor } = plot;
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key === "Escape") {
    plot.canvas.blur();
  } else if (event.key === "Enter" || event.key === " ") {
    if (cursor) page.select(cursor[2], true);
  } else if (event.key in STEPS || event.key === "Home" || event.key === "End") {
    const [along, step] = STEPS[event.key] ?? [0, 0];
    plot.show(next(plot.stops(), cursor, along, step, event.key), true);
  } else {
    return;
  }
  event.preventDefault();
}

/** The point after another along x (0) or y (1). */
function next(stops, cursor, along, step, key) {
  const ordered = stops.toSorted((a, b) => a[along] - b[along] || a[1 - along] - b[1 - along] || a[2] - b[2]);
  if (key === "Home") return ordered[0] ?? null;
  if (key === "End") return ordered.at(-1) ?? null;
  const at = ordered.indexOf(cursor);
  if (at < 0) return ordered[0] ?? null;
  return ordered[Math.min(Math.max(at + step, 0), ordered.length - 1)];
}
