// The filter of the trials: words, where they came from, what became of them, and ranges.

function filterForm(page) {
  const { record } = page;
  const search = element("input", { type: "search", placeholder: "words, as 12 or kernel=7", "aria-label": "words in a trial" });
  search.addEventListener("input", () => {
    page.filter.words = search.value;
    page.refilter();
  });
  const ranges = element("div", { class: "filter" });
  const count = element("p", { class: "hint", role: "status" });
  const form = element("form", { class: "filter", id: "filter" },
    element("label", {}, "Search", search),
    ticks(page, "origins", "from", [...byOrigin(record, record.number.keys()).keys()], record.origin),
    ticks(page, "states", "state", [...new Set(record.state)].sort(), record.state),
    ...["value", ...record.drawn.map((cost) => `cost ${cost}`)].map((key) => rangeInputs(page, key)));
  form.addEventListener("submit", (event) => event.preventDefault());

  const tell = () => {
    if (search.value !== page.filter.words) search.value = page.filter.words;
    count.textContent = `${integer(page.passing)} of ${integer(record.count)} trials`;
    ranges.replaceChildren(...[...page.filter.ranges].map(([key, pair]) => rangeButton(page, key, pair)));
    if (page.filtering) ranges.append(button("Show all trials", () => page.showAll(), { id: "show-all" }));
  };
  page.on("filtered", tell);
  tell();
  return [form, ranges, count];
}

/** A box for each of some values, all ticked at first. */
function ticks(page, what, words, values, of) {
  const boxes = values.map((value) => {
    const box = element("input", { type: "checkbox", checked: "", value });
    box.addEventListener("change", () => {
      const ticked = boxes.filter(([one]) => one.checked).map(([one]) => one.value);
      page.filter[what] = ticked.length === values.length ? null : new Set(ticked);
      page.refilter();
    });
    const many = of.reduce((sum, each) => sum + Number(each === value), 0);
    return [box, element("label", {}, box, `${value} (${integer(many)})`)];
  });
  page.on("filtered", () => {
    for (const [box] of boxes) box.checked = page.filter[what]?.has(box.value) ?? true;
  });
  return element("fieldset", {}, element("legend", {}, words), ...boxes.map(([, label]) => label));
}

/** From where to where a field may be. */
function rangeInputs(page, key) {
  const { name } = page.record.fields.get(key);
  const [low, high] = ["from", "to"].map((end) =>
    element("input", { type: "number", step: "any", "aria-label": `${name} ${end}`, placeholder: end }));
  const read = (input, other) => (input.value === "" ? other : Number(input.value));
  const changed = () => {
    const none = low.value === "" && high.value === "";
    page.bound(key, none ? null : [read(low, -Infinity), read(high, Infinity)]);
  };
  low.addEventListener("change", changed);
  high.addEventListener("change", changed);
  page.on("filtered", () => {
    const pair = page.filter.ranges.get(key) ?? [-Infinity, Infinity];
    [low, high].forEach((input, at) => {
      input.value = Number.isFinite(pair[at]) ? String(Number(pair[at].toPrecision(6))) : "";
    });
  });
  return element("fieldset", {}, element("legend", {}, name), low, high);
}

/** A range in words, which goes when it is pressed. */
function rangeButton(page, key, [low, high]) {
  const field = page.record.fields.get(key);
  const write = (value) => (Number.isFinite(value) ? field.write(roundedFor(key, value)) : "any");
  return button(`${field.name}: ${write(low)} to ${write(high)} ×`, () => page.bound(key, null),
    { "aria-label": `no longer only ${field.name} ${write(low)} to ${write(high)}` });
}

function roundedFor(key, value) {
  return key === "number" || key.startsWith("cost") ? Math.round(value) : value;
}
