// What the parts of the page share: which trial is selected, and which trials pass the filter.

/** Tells its parts of "selected" and "filtered". */
class Page extends EventTarget {
  constructor(record) {
    super();
    this.record = record;
    this.selected = null;
    this.filter = { words: "", origins: null, states: null, ranges: new Map() };
    this.passes = new Uint8Array(record.count).fill(1);
    this.passing = record.count;
    window.addEventListener("hashchange", () => this.followAddress());
  }

  on(what, listener) {
    this.addEventListener(what, listener);
  }

  /** Select the trial at a place, or none by null; `moved`: whether the keys go to it, too. */
  select(place, moved = false) {
    this.selected = place;
    const hash = place === null ? "" : `#trial-${this.record.number[place]}`;
    if (location.hash !== hash) {
      history.replaceState(null, "", hash || location.pathname + location.search);
    }
    this.dispatchEvent(new CustomEvent("selected", { detail: { moved } }));
  }

  /** Select the trial that the address names. */
  followAddress() {
    const named = /^#trial-(\d+)$/.exec(location.hash);
    const place = named && this.record.places.get(Number(named[1]));
    if (place !== undefined && place !== null) this.select(place, true);
  }

  /** Bound a field, or by null no more. */
  bound(key, range) {
    if (range) this.filter.ranges.set(key, range);
    else this.filter.ranges.delete(key);
    this.refilter();
  }

  showAll() {
    this.filter = { words: "", origins: null, states: null, ranges: new Map() };
    this.refilter();
  }

  refilter() {
    const { words, origins, states, ranges } = this.filter;
    const { record, passes } = this;
    const sought = words.toLowerCase().split(/\s+/).filter(Boolean);
    const bounds = [...ranges].map(([key, ends]) => [record.fields.get(key).of, ...ends]);
    this.passing = 0;
    for (let place = 0; place < record.count; place += 1) {
      const passed =
        (!origins || origins.has(record.origin[place])) &&
        (!states || states.has(record.state[place])) &&
        bounds.every(([of, low, high]) => within(of[place], low, high)) &&
        sought.every((word) => record.haystack(place).includes(word));
      passes[place] = Number(passed);
      this.passing += passes[place];
    }
    this.dispatchEvent(new CustomEvent("filtered"));
  }

  get filtering() {
    return this.passing < this.record.count;
  }

  /** Tell who listens to the page. */
  say(words) {
    document.getElementById("said").textContent = words.replaceAll("\n", ", ");
  }
}

function within(value, low, high) {
  return typeof value === "number" && value >= low && value <= high;
}
