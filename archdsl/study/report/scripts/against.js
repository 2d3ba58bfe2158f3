// The metric of each trial against a cost, with the budget and the front.

function againstView(page, cost) {
  const { record } = page;
  const of = record.costs.find((one) => one.name === cost).of;
  const places = [...record.number.keys()].filter((place) => record.judged(place) && of[place] !== null);
  const at = (place) => [of[place], record.value[place], place];
  const points = places.map(at);
  const budget = (record.budget.find(([name]) => name === cost)?.[1] ?? []).filter(Boolean);
  const x = {
    name: cost, write: amount, range: ends([...points.map((point) => point[0]), ...budget]),
  };
  const y = {
    name: record.judged_by, write: figure, range: ends(points.map((point) => point[1])),
  };
  const front = record.front.map((number) => record.places.get(number)).filter((place) => place !== undefined)
    .map(at).sort((a, b) => a[0] - b[0]);
  const winner = record.places.get(record.best);

  return {
    name: `${record.judged_by} of each trial by ${cost}`,
    points,
    brush: [`cost ${cost}`, "value"],
    words: (point) => record.words(point[2]),
    legend: () => [
      ...originsOf(record, places),
      ...(front.length > 1 ? [legendEntry("front", GOOD, null)] : []),
      ...(budget.length ? [legendEntry(`budget, ${budget.map(amount).join(" to ")}`, BAD, null, true)] : []),
      legendEntry("winner", GOOD, "star"),
    ],
    option: (colours) => ({
      ...plane(colours, x, y),
      series: [
        ...dotsOf(page, places, at),
        line("front", front.length > 1 ? front : [], { color: GOOD, width: 1.5 }),
        line("budget", [], { color: BAD, type: "dashed" }, {
          markLine: {
            symbol: "none", silent: true, animation: false,
            lineStyle: { color: BAD, type: "dashed", width: 1.5 },
            label: { show: false },
            data: budget.map((bound) => ({ xAxis: bound })),
          },
        }),
        dots("winner", places.includes(winner) ? [at(winner)] : [], GOOD, "star", 18, 1),
      ],
    }),
  };
}

/** The legend of some trials: where they came from, and how many did. */
function originsOf(record, places) {
  return [...byOrigin(record, places)].map(([origin, found]) =>
    legendEntry(`${origin} (${integer(found.length)})`, ...look(origin)));
}
