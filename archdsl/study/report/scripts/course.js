// The trials in the order of the search, and the best up to each.

function courseView(page) {
  const { record } = page;
  const { course } = record;
  const places = [...record.number.keys()].filter((place) => record.judged(place));
  const at = (place) => [record.number[place], record.value[place], place];
  const known = course.number.map((number, step) => step).filter((step) => typeof course.low[step] === "number");
  const y = {
    name: record.judged_by, write: figure,
    range: ends([...places.map((place) => record.value[place]), ...known.map((step) => course.high[step])]),
  };
  const x = { name: "trial", write: integer, range: ends(record.number, 1) };
  const foot = y.range.min + (y.range.max - y.range.min) * 0.03;
  const failed = Object.keys(record.failures).map((number) => record.places.get(Number(number)));
  const failures = failed.map((place) => [record.number[place], foot, place]);
  const steps = (of) => course.number.map((number, step) => [number, of[step]]);
  const thin = { color: GOOD, width: 1, type: "dashed" };

  return {
    name: `${record.judged_by} of each trial in the order of the search, and the best so far`,
    points: [...places.map(at), ...failures],
    brush: ["number", "value"],
    words: (point) => {
      const step = course.number.indexOf(record.number[point[2]]);
      if (step < 0) return record.words(point[2]);
      const between = typeof course.low[step] === "number"
        ? `, 95 % interval ${figure(course.low[step])} to ${figure(course.high[step])}` : "";
      return `${record.words(point[2])}\nbest so far ${figure(course.best[step])}${between}`;
    },
    legend: () => [
      ...originsOf(record, places),
      legendEntry("best so far", GOOD, null),
      ...(known.length ? [legendEntry("its 95 % interval", GOOD, null, true)] : []),
      ...(failed.length ? [legendEntry(`failed (${integer(failed.length)})`, BAD, "cross")] : []),
    ],
    option: (colours) => ({
      ...plane(colours, x, y),
      series: [
        ...dotsOf(page, places, at),
        dots("failed", failures.filter((point) => page.passes[point[2]]), BAD, "cross", 9),
        line("best", steps(course.best), { color: GOOD, width: 2 }, { step: "end" }),
        line("low", known.length ? steps(course.low) : [], thin, { step: "end" }),
        line("high", known.length ? steps(course.high) : [], thin, { step: "end" }),
      ],
    }),
  };
}
