// Axes and series as the plotting library takes them, in the page's own colours.

function ink() {
  const style = getComputedStyle(document.documentElement);
  return {
    text: getComputedStyle(document.body).color,
    quiet: style.getPropertyValue("--quiet").trim(),
    line: style.getPropertyValue("--line").trim(),
    paper: style.getPropertyValue("--paper").trim(),
    mark: style.getPropertyValue("--mark").trim(),
  };
}

/** The ends of an axis and the distance of its labels, all round numbers, about some values.
 *  Labels are no nearer than `least`. */
function ends(values, least = 0) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low > high) return { min: 0, max: 1, interval: 0.25 };
  const span = high - low || Math.abs(high) || 1;
  const rough = span / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const interval = Math.max(least, [1, 2, 2.5, 5, 10].find((many) => many * power >= rough) * power);
  return {
    min: Math.floor(low / interval) * interval,
    max: Math.ceil(high / interval) * interval || interval,
    interval,
  };
}

function axis(colours, name, range, write, more = {}) {
  return {
    type: "value",
    name,
    nameLocation: "middle",
    nameTextStyle: { color: colours.text },
    axisLine: { show: true, onZero: false, lineStyle: { color: colours.quiet } },
    axisLabel: { color: colours.text, hideOverlap: true, formatter: (value) => write(value) },
    splitLine: { lineStyle: { color: colours.line } },
    ...range,
    ...more,
  };
}

/** Two axes and the room for what stands along them. */
function plane(colours, x, y) {
  return {
    animation: false,
    grid: { left: 64, right: 18, top: 14, bottom: 48 },
    xAxis: axis(colours, x.name, x.range, x.write, { nameGap: 28 }),
    yAxis: axis(colours, y.name, y.range, y.write, { nameGap: 48 }),
  };
}

/** Dots at [x, y]. */
function dots(id, data, colour, shape, size, opacity = 0.85) {
  return {
    id, type: "scatter", data, symbol: symbol(shape), symbolSize: size, silent: true, progressive: 0,
    large: true, largeThreshold: 1000,
    itemStyle: { color: colour, opacity },
  };
}

function line(id, data, style, more = {}) {
  return {
    id, type: "line", data, showSymbol: false, silent: true, lineStyle: style,
    itemStyle: { color: style.color }, ...more,
  };
}

/** The dots of a plot: by origin those that pass, and faintly behind them those that do not. */
function dotsOf(page, places, at) {
  const { record, passes } = page;
  const size = places.length > 1000 ? 5 : 9;
  const faint = places.filter((place) => !passes[place]).map(at);
  const shown = places.filter((place) => passes[place]);
  return [
    dots("faint", faint, QUIET, "circle", size - 2, 0.2),
    ...[...byOrigin(record, shown)].map(([origin, found]) => {
      const [colour, shape] = look(origin);
      return dots(`from ${origin}`, found.map(at), colour, shape, shape === "diamond" ? size + 3 : size);
    }),
  ];
}
