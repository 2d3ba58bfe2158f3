// The record as the page holds it: a list a property, with an entry a trial, at its "place".

/** What lies in an element: JSON, deflated, in base64. */
async function unpacked(id) {
  const held = atob(document.getElementById(id).textContent.trim());
  const bytes = Uint8Array.from(held, (each) => each.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return JSON.parse(await new Response(stream).text());
}

class SearchRecord {
  constructor(held) {
    Object.assign(this, held);
    this.count = held.number.length;
    this.places = new Map(held.number.map((number, place) => [number, place]));
    this.haystacks = [];
    this.fields = fieldsOf(held);
  }

  /** Whether a trial came to a figure that can be drawn. */
  judged(place) {
    return typeof this.value[place] === "number";
  }

  failure(place) {
    return this.failures[this.number[place]];
  }

  /** [address, answer] of each decision that a trial took. */
  answers(place) {
    return this.decisions
      .filter((one) => one.of[place] >= 0)
      .map((one) => [one.address, one.answers[one.of[place]]]);
  }

  /** What became of a trial, in words. */
  stand(place) {
    const failure = this.failure(place);
    return failure ? `failed: ${failure.cause}` : this.state[place];
  }

  /** All that is said of a trial, for a search in its text. */
  haystack(place) {
    this.haystacks[place] ??= [
      this.number[place], this.origin[place], this.stand(place),
      ...this.answers(place).map(([address, answer]) => `${address}=${answer}`),
    ].join(" ").toLowerCase();
    return this.haystacks[place];
  }

  /** A trial in a few lines, for who points at it. */
  words(place) {
    const said = [`trial ${this.number[place]}, ${this.origin[place]}`];
    const failure = this.failure(place);
    if (failure) said.push(`failed: ${failure.cause.slice(0, 80)}`);
    else said.push(`${this.judged_by} ${figure(this.value[place])}`);
    for (const cost of this.costs.slice(0, 2)) said.push(`${cost.name} ${amount(cost.of[place])}`);
    return said.join("\n");
  }
}

/** Key -> what can be sorted by and bounded: the name, the figures by place, how one is written. */
function fieldsOf(held) {
  const fields = new Map();
  const add = (key, name, of, write) => fields.set(key, { key, name, of, write });
  add("number", "trial", held.number, String);
  add("value", held.judged_by, held.value, figure);
  for (const one of held.metrics) add(`metric ${one.name}`, one.name, one.of, figure);
  for (const one of held.costs) add(`cost ${one.name}`, one.name, one.of, amount);
  add("seconds", "seconds", held.seconds, (value) => value.toFixed(1));
  for (const one of held.decisions) {
    add(`decision ${one.address}`, one.address, one.of, (code) => one.answers[code] ?? "not asked");
  }
  return fields;
}

/** A figure to four digits; a dash for none. What is not finite comes as a word. */
function figure(value) {
  if (value === null || value === undefined) return "–";
  if (typeof value === "string") return value;
  const size = Math.abs(value);
  if (size >= 1e6 && size < 1e15) return integer(Math.round(value));
  return String(Number(value.toPrecision(4)));
}

function integer(value) {
  return value.toLocaleString("en-GB");
}

/** An amount to three digits, in thousands, millions, and so on. */
function amount(value) {
  if (value === null || value === undefined) return "–";
  for (const [unit, size] of [["T", 1e12], ["G", 1e9], ["M", 1e6], ["k", 1e3]]) {
    if (Math.abs(value) >= size) return `${Number((value / size).toPrecision(3))}${unit}`;
  }
  return String(value);
}
