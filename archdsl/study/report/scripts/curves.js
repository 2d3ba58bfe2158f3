// What each trial came to after each of its epochs.

function curvesView(page) {
  const { record } = page;
  const { name } = record.curves;
  const curves = new Map(
    Object.entries(record.curves.of)
      .map(([number, found]) => [
        record.places.get(Number(number)), found.filter((one) => one.every((each) => typeof each === "number")),
      ])
      .filter(([, found]) => found.length),
  );
  const last = [...curves].map(([place, found]) => [...found.at(-1), place]);
  const others = [...curves].flatMap(([place, found]) => found.slice(0, -1).map((one) => [...one, place]));
  const points = [...last, ...others];
  const x = { name: "epoch", write: figure, range: ends(points.map((point) => point[0]), 1) };
  const y = { name, write: figure, range: ends(points.map((point) => point[1])) };
  /** All in one line with gaps: a line for each would be slow for thousands. */
  const joined = (passed) =>
    [...curves].flatMap(([place, found]) =>
      (Boolean(page.passes[place]) === passed ? [...found, [null, null]] : []));
  const opacity = curves.size > 200 ? 0.35 : 0.7; // they are one line, which covers itself once

  return {
    name: `${name} of each trial after each epoch`,
    points,
    stops: last.length,
    words: (point) => `${record.words(point[2])}\nepoch ${figure(point[0])}: ${name} ${figure(point[1])}`,
    legend: () => [
      legendEntry(`each trial (${integer(curves.size)})`, SOUGHT, null),
      legendEntry("the winner", GOOD, null, true),
    ],
    overlay: (place, colours) =>
      line("selected", curves.get(place) ?? [], { color: colours.mark, width: 3 }, { z: 5 }),
    option: (colours) => ({
      ...plane(colours, x, y),
      series: [
        line("faint", joined(false), { color: QUIET, width: 1, opacity: 0.1 }),
        line("trials", joined(true), { color: SOUGHT, width: curves.size > 200 ? 0.7 : 1.2, opacity }),
        line("winner", curves.get(record.places.get(record.best)) ?? [], { color: GOOD, width: 3, type: "dashed" }),
        line("selected", [], { color: colours.mark, width: 3 }),
      ],
    }),
  };
}
