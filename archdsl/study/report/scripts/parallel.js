// Parallel coordinates: a line for each trial across its decisions, its cost and its metric.

const SHOWN = 10; // decisions at first; more are ticked
const ROOM = { left: 48, right: 72, top: 72, bottom: 20 };

function parallelView(page, cost) {
  const { record } = page;
  const varied = record.decisions.filter((one) => one.answers.length > 1);
  const ranked = [...varied].sort((a, b) => rank(record, a) - rank(record, b));
  const chosen = new Set(ranked.slice(0, SHOWN).map((one) => one.address));
  const places = [...record.number.keys()].filter((place) => record.judged(place));
  const best = bestTenth(record, places);
  const points = places.map((place) => [record.value[place], place, place]);
  const view = {
    name: `every trial across its decisions, ${cost} and ${record.judged_by}`,
    points,
    columns: [],
    varied,
    chosen,
    words: (point) => record.words(point[2]),
    legend: () => [
      legendEntry("the best tenth", GOOD, null),
      legendEntry("other trials", QUIET, null),
    ],
    /** Take the ticked decisions for axes. */
    choose() {
      view.columns = [
        ...varied.filter((one) => chosen.has(one.address)).map((one) => answersColumn(one)),
        figuresColumn(record.fields.get(`cost ${cost}`), places),
        figuresColumn(record.fields.get("value"), places),
      ];
      view.width = Math.max(320, view.columns.length * 96);
    },
    pixel: (plot, place) => pixelOn(plot, view.columns.length - 1, place),
    nearest: (plot, x, y) => nearestLine(plot, x, y, page),
    overlay: (place, colours) => lines("selected", place === null ? [] : [row(view.columns, place)],
      { color: colours.mark, width: 4, opacity: 1 }, { z: 5 }),
    attach: (plot) => plot.chart.on("axisareaselected", (event) => {
      const column = view.columns[Number(event.parallelAxisId.replace("axis", ""))];
      const [ends] = event.intervals ?? [];
      page.bound(column.key, ends ? column.bounds(ends) : null);
    }),
    option: (colours) => ({
      animation: false,
      parallel: { ...ROOM, axisExpandable: false, parallelAxisDefault: {} },
      parallelAxis: view.columns.map((column, at) => parallelAxis(column, at, colours)),
      series: [
        lines("faint", rowsOf(view.columns, places.filter((place) => !page.passes[place])), { color: QUIET, opacity: 0.04, width: 1 }),
        lines("others", rowsOf(view.columns, places.filter((place) => page.passes[place] && !best.has(place))),
          { color: QUIET, width: 1, opacity: Math.max(0.06, Math.min(0.5, 120 / places.length)) }),
        lines("best", rowsOf(view.columns, places.filter((place) => page.passes[place] && best.has(place))),
          { color: GOOD, width: 1.6, opacity: Math.max(0.15, Math.min(0.8, 60 / best.size)) }),
        lines("selected", [], { color: colours.mark, width: 4, opacity: 1 }),
      ],
    }),
  };
  view.choose();
  return view;
}

/** The place of a decision among all by what it mattered, as far as that is known. */
function rank(record, decision) {
  const at = (record.important ?? []).indexOf(decision.address);
  return at < 0 ? Infinity : at;
}

function bestTenth(record, places) {
  const sign = record.better === "larger" ? -1 : 1;
  const ordered = [...places].sort((a, b) => sign * (record.value[a] - record.value[b]));
  return new Set(ordered.slice(0, Math.ceil(places.length / 10)));
}

/** An axis whose steps are answers, and below them that it was not asked. */
function answersColumn(one) {
  const missing = one.of.includes(-1);
  return {
    key: `decision ${one.address}`, name: one.address, of: one.of,
    min: missing ? -1 : 0, max: one.answers.length - 1, step: 1,
    write: (code) => one.answers[code] ?? (code === -1 ? "not asked" : ""),
    bounds: ([low, high]) => [Math.ceil(low), Math.floor(high)],
  };
}

function figuresColumn(field, places) {
  const range = ends(places.map((place) => field.of[place]).filter((value) => typeof value === "number"));
  return {
    key: field.key, name: field.name, of: field.of, min: range.min, max: range.max, step: range.interval,
    write: field.write, bounds: (pair) => pair,
  };
}

function row(columns, place) {
  return columns.map((column) => column.of[place]);
}

function rowsOf(columns, places) {
  return places.map((place) => row(columns, place));
}

function lines(id, data, style, more = {}) {
  return {
    id, type: "parallel", data, silent: true, lineStyle: style, progressive: 0,
    activeOpacity: style.opacity, inactiveOpacity: style.opacity, ...more,
  };
}

function parallelAxis(column, at, colours) {
  const short = (text) => (text.length > 14 ? `${text.slice(0, 13)}…` : text);
  // the whole address is in the list of decisions
  const parts = column.name.split(".");
  const name = parts.length > 2
    ? [parts.slice(0, 2).join("."), parts.slice(2, -1).slice(0, 2).join("."), parts.at(-1)].filter(Boolean)
    : [column.name];
  return {
    id: `axis${at}`, dim: at, type: "value", min: column.min, max: column.max, interval: column.step,
    name: name.map((part) => short(part)).join("\n"), nameLocation: "end", nameGap: 12,
    nameTextStyle: { color: colours.text, fontSize: 11, lineHeight: 14, verticalAlign: "bottom" },
    axisLabel: {
      color: colours.text, fontSize: 11, textBorderColor: colours.paper, textBorderWidth: 3,
      formatter: (value) => short(String(column.write(value))),
    },
    axisLine: { lineStyle: { color: colours.quiet } }, axisTick: { show: false },
    areaSelectStyle: { width: 18, color: "#8888", opacity: 0.4 },
  };
}

/** Where a trial's line crosses an axis. */
function pixelOn(plot, at, place) {
  const { columns } = plot.view;
  const column = columns[at];
  const width = plot.canvas.clientWidth - ROOM.left - ROOM.right;
  const height = plot.canvas.clientHeight - ROOM.top - ROOM.bottom;
  const share = (column.of[place] - column.min) / (column.max - column.min || 1);
  return [ROOM.left + width * (at / (columns.length - 1)), ROOM.top + height * (1 - share)];
}

/** The line that passes nearest to where the pointer is. */
function nearestLine(plot, x, y, page) {
  const { columns, points } = plot.view;
  const [start] = pixelOn(plot, 0, points[0][2]);
  const [end] = pixelOn(plot, columns.length - 1, points[0][2]);
  const along = ((x - start) / (end - start)) * (columns.length - 1);
  const left = Math.max(0, Math.min(columns.length - 2, Math.floor(along)));
  let [best, least] = [null, NEAR];
  for (const point of points) {
    if (!page.passes[point[2]]) continue;
    const [from, to] = [pixelOn(plot, left, point[2])[1], pixelOn(plot, left + 1, point[2])[1]];
    const far = Math.abs(from + (to - from) * (along - left) - y);
    if (far < least) [best, least] = [point, far];
  }
  return best;
}

/** The list in which decisions are ticked that have an axis. */
function decisionsList(page, plot) {
  const { view } = plot;
  const tick = (one) => {
    const box = element("input", { type: "checkbox", checked: view.chosen.has(one.address) ? "" : null });
    box.addEventListener("change", () => {
      if (box.checked) view.chosen.add(one.address);
      else view.chosen.delete(one.address);
      view.choose();
      plot.canvas.style.minWidth = `${view.width}px`;
      if (!plot.chart) return;
      // axes do not go on with brushes of others
      plot.chart.clear();
      plot.draw();
    });
    return element("label", {}, box, one.address);
  };
  return element("details", { class: "ticks" },
    element("summary", {}, `Decisions with an axis (of ${view.varied.length} that were answered in more ways than one)`),
    element("div", { class: "filter" }, ...view.varied.map(tick)));
}
