// One trial: what it came to, its answers, its failure, and its spec as it was recorded.

class TrialPanel {
  constructor(page, host) {
    this.page = page;
    this.host = host;
    host.setAttribute("aria-label", "the selected trial");
    host.addEventListener("keydown", (event) => event.key === "Escape" && this.close());
    page.on("selected", (event) => this.show(event.detail.moved));
  }

  show(moved) {
    const { page, host } = this;
    const open = page.selected !== null;
    host.hidden = !open;
    document.body.classList.toggle("open", open);
    if (!open) return;
    // where the keys were is where they go back to
    if (moved && !host.contains(document.activeElement)) this.from = document.activeElement;
    host.replaceChildren(...this.filled(page.selected));
    host.scrollTop = 0;
    if (moved) host.querySelector("h2").focus();
    page.say(page.record.words(page.selected));
  }

  close() {
    this.page.select(null);
    this.from?.focus();
    this.from = null;
  }

  filled(place) {
    const { record } = this.page;
    const number = record.number[place];
    const failure = record.failure(place);
    const facts = [
      ["from", record.origin[place]], ["state", record.state[place]],
      ...(record.began_with[number] ? [["began with", record.began_with[number]]] : []),
      ...record.metrics.map((one) => [one.name, figure(one.of[place])]),
      ...record.costs.map((one) => [one.name, one.of[place] === null ? "–" : integer(one.of[place])]),
      ["seconds", record.seconds[place].toFixed(1)],
    ];
    const answers = record.answers(place);
    return [
      element("div", { class: "bar" },
        element("h2", { tabindex: "-1" }, `Trial ${number}${number === record.best ? ", the winner" : ""}`),
        element("span", {},
          this.to("Previous", place - 1), " ", this.to("Next", place + 1), " ",
          button("Close", () => this.close(), { id: "close-trial" }))),
      ...(failure ? [element("p", {}, `It failed: ${failure.cause}`)] : []),
      ...(failure?.trace ? [element("pre", {}, failure.trace)] : []),
      table(facts),
      element("h3", {}, "Its spec"),
      this.spec(number),
      element("h3", {}, "Its answers"),
      answers.length ? table(answers) : element("p", {}, "It took no decision."),
    ];
  }

  to(words, place) {
    const there = place >= 0 && place < this.page.record.count;
    return button(words, () => this.page.select(place, true), { disabled: there ? null : "" });
  }

  /** The spec, once it is unpacked. */
  spec(number) {
    const shown = element("pre", { id: "spec" }, "…");
    const copy = button("Copy", () => copied(this.page, shown, copy), { id: "copy-spec" });
    this.texts ??= unpacked("texts");
    this.texts.then((held) => {
      shown.spec = specOf(held, number);
      shown.textContent = printable(shown.spec);
    });
    return element("div", {}, copy, shown);
  }
}

/** The text of a trial, character for character. */
function specOf(held, number) {
  return held.of[number].map((place) => held.lines[place]).join("\n");
}

/** Copy a spec; where a browser does not let us, select it, so that a key does. */
async function copied(page, shown, copy) {
  try {
    await navigator.clipboard.writeText(shown.spec);
    copy.textContent = "Copied";
    page.say("copied");
  } catch {
    getSelection().selectAllChildren(shown);
    page.say("selected, to be copied");
  }
}
