// Every trial in a table that sorts, and that makes only the rows that are in view.

const SPARE = 15; // rows made above and below those in view

class TrialTable {
  constructor(page, host) {
    this.page = page;
    this.columns = columnsOf(page.record);
    this.sorted = { key: "number", down: false };
    this.body = element("tbody");
    this.heads = this.columns.map((column) => this.head(column));
    this.table = element("table", { "aria-rowcount": String(page.record.count + 1) },
      element("thead", {}, element("tr", {}, ...this.heads)), this.body);
    this.window = element("div", { class: "window", tabindex: "0", role: "region", "aria-label": "every trial" }, this.table);
    host.append(this.window);
    host.hidden = false;
    this.window.addEventListener("scroll", () => this.fill());
    this.body.addEventListener("click", (event) => {
      const row = event.target.closest("tr[data-trial]");
      if (!row) return;
      event.preventDefault();
      page.select(Number(row.dataset.trial), event.target.closest("a") !== null);
    });
    page.on("filtered", () => this.order());
    page.on("selected", () => this.reveal());
    this.order();
  }

  head(column) {
    const head = element("th", { scope: "col", class: column.text ? null : "n" },
      column.plain ? column.name : button(column.name, () => this.sortBy(column)));
    head.dataset.key = column.key;
    return head;
  }

  sortBy(column) {
    const { sorted } = this;
    // the first press shows the best, or the most, or the first by the alphabet
    const down = column.text || column.key === "number" ? false : column.down;
    this.sorted = { key: column.key, down: sorted.key === column.key ? !sorted.down : down };
    this.window.scrollTop = 0;
    this.order();
  }

  order() {
    const { page, sorted } = this;
    const column = this.columns.find((one) => one.key === sorted.key);
    const places = [...page.record.number.keys()].filter((place) => page.passes[place]);
    this.places = places.sort((a, b) => compared(column.of(a), column.of(b), sorted.down) || a - b);
    for (const head of this.heads) {
      const here = head.dataset.key === sorted.key;
      head.setAttribute("aria-sort", here ? (sorted.down ? "descending" : "ascending") : "none");
    }
    this.first = null;
    this.fill();
  }

  /** Make the rows that are in view. */
  fill() {
    const { places, window: view } = this;
    const height = this.height ?? 31;
    const first = Math.max(0, Math.floor(view.scrollTop / height) - SPARE);
    const last = Math.min(places.length, Math.ceil((view.scrollTop + (view.clientHeight || 544)) / height) + SPARE);
    if (this.first === first && this.last === last) return;
    [this.first, this.last] = [first, last];
    const rows = places.slice(first, last).map((place, at) => this.row(place, first + at));
    this.body.replaceChildren(space(first * height), ...rows, space((places.length - last) * height));
    if (!this.height && rows.length && rows[0].offsetHeight) {
      this.height = rows[0].getBoundingClientRect().height;
      this.first = null;
      this.fill();
    }
  }

  row(place, at) {
    const { page } = this;
    const number = page.record.number[place];
    const row = element("tr", { "data-trial": String(place), "aria-rowindex": String(at + 2) },
      ...this.columns.map((column) => {
        const words = column.words(place);
        const cell = element("td", { class: column.text ? null : "n" });
        if (column.key === "number") cell.append(element("a", { href: `#trial-${number}` }, words));
        else cell.append(words);
        if (column.text) cell.title = words;
        return cell;
      }));
    row.classList.toggle("selected", page.selected === place);
    row.classList.toggle("best", number === page.record.best);
    return row;
  }

  /** Mark the selected trial's row, and bring it into view. */
  reveal() {
    const { selected } = this.page;
    const at = this.places.indexOf(selected);
    if (at >= 0 && this.height) {
      const [top, { scrollTop, clientHeight }] = [at * this.height, this.window];
      if (top < scrollTop || top + 3 * this.height > scrollTop + clientHeight) {
        this.window.scrollTop = Math.max(0, top - clientHeight / 2);
      }
    }
    this.first = null;
    this.fill();
  }
}

function columnsOf(record) {
  const ofField = (field) => ({
    key: field.key, name: field.name, of: (place) => field.of[place],
    words: (place) => (field.of[place] === null ? "–" : typeof field.of[place] === "string" ? field.of[place] : field.write(field.of[place])),
    down: !(field.key.startsWith("cost") || field.key === "seconds"
      || (field.name === record.judged_by && record.better === "smaller")),
  });
  const text = (key, name, words, plain = false) => ({ key, name, of: words, words, text: true, plain });
  const fields = [...record.fields.values()];
  const kept = (start) => fields.filter((field) => field.key.startsWith(start)).map(ofField);
  return [
    ofField(record.fields.get("number")),
    text("origin", "from", (place) =>
      record.origin[place] + (record.began_with[record.number[place]] ? `, began with ${record.began_with[record.number[place]]}` : "")),
    text("state", "state", (place) => record.stand(place)),
    ...kept("metric"), ...kept("cost"), ofField(record.fields.get("seconds")),
    text("answers", "answers", (place) => record.answers(place).map(([, answer]) => answer).join(" "), true),
  ];
}

/** Figures by size and words by the alphabet; what is none comes last either way. */
function compared(a, b, down) {
  const [none, other] = [typeof a !== "number" && typeof a !== "string", typeof b !== "number" && typeof b !== "string"];
  if (none || other) return Number(none) - Number(other);
  const order = typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en");
  return down ? -order : order;
}

function space(height) {
  return element("tr", { class: "space", "aria-hidden": "true" },
    element("td", { style: `height:${height}px`, colspan: "99" }));
}
