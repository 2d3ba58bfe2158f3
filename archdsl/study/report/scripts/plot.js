// A plot that answers to the pointer and to keys, whatever it draws.
//
// A view says what is drawn:
//   name           for who cannot see it
//   legend()       the entries of its legend
//   points         [x, y, place] each; those that the keys walk first, `stops` of them
//   option(colours)  what the plotting library draws, as the filter stands
//   words(point)   what is said of a point
//   overlay(place) the series "selected" of a trial, where more than a ring is drawn
//   brush          [key of x, key of y], where an area may be drawn to bound both
//   pixel, nearest   in place of the plot's own
//   width          in pixels that it needs

const NEAR = 14; // pixels from a point within which it is meant

class Plot {
  constructor(page, host, view) {
    this.page = page;
    this.view = view;
    this.cursor = null;
    this.inner = element("div", { style: "position:absolute;inset:0", "aria-hidden": "true" });
    this.ring = element("div", { class: "ring", hidden: "" });
    this.dash = element("div", { class: "ring cursor", hidden: "" });
    this.readout = element("div", { class: "readout", hidden: "", "aria-hidden": "true" });
    this.area = element("div", { class: "area", hidden: "" });
    this.canvas = element("div", {
      class: "canvas", tabindex: "0", role: "application", "aria-roledescription": "plot",
      "aria-label": `${view.name}. Arrow keys go from trial to trial, Enter opens one, Escape leaves.`,
      style: view.width ? `min-width:${view.width}px` : null,
    }, this.inner, this.ring, this.dash, this.area, this.readout);
    host.replaceChildren(
      element("ul", { class: "legend" }, ...view.legend()),
      element("div", { class: "wide" }, this.canvas),
    );
    host.hidden = false;
    this.listen();
  }

  listen() {
    const { canvas, page } = this;
    canvas.addEventListener("pointermove", (event) => this.pointed(event));
    canvas.addEventListener("pointerleave", () => this.leave());
    canvas.addEventListener("pointerdown", (event) => this.press(event));
    canvas.addEventListener("pointerup", (event) => this.release(event));
    canvas.addEventListener("click", (event) => this.clicked(event));
    canvas.addEventListener("keydown", (event) => walk(this, event));
    canvas.addEventListener("focus", () => this.entered());
    canvas.addEventListener("blur", () => this.show(null));
    page.on("selected", () => this.chart && this.mark());
    page.on("filtered", () => this.chart && this.draw());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.chart && this.draw());
    // what nobody looks at yet is not drawn
    const seen = new IntersectionObserver((entries) => {
      if (entries.some((entry) => entry.isIntersecting)) {
        seen.disconnect();
        this.start();
      }
    }, { rootMargin: "200px" });
    seen.observe(canvas);
  }

  start() {
    if (this.chart) return;
    this.chart = echarts.init(this.inner, null, { renderer: "canvas" });
    new ResizeObserver(() => {
      this.chart.resize();
      this.scale = null;
      this.mark();
    }).observe(this.canvas);
    this.view.attach?.(this);
    this.draw();
  }

  draw() {
    this.chart.setOption(this.view.option(ink()), { replaceMerge: ["series"] });
    this.scale = null;
    this.cursor = null;
    this.mark();
  }

  /** Where a point is drawn. */
  pixel([x, y, place]) {
    if (this.view.pixel) return this.view.pixel(this, place);
    this.scale ??= scaleOf(this.chart);
    const { left, across, top, up } = this.scale;
    return [left + across * x, top + up * y];
  }

  /** Put the ring about the selected trial, and what is pointed at to where it is now. */
  mark() {
    const { selected } = this.page;
    const point = selected === null ? undefined : this.stops(true).find((one) => one[2] === selected);
    this.put(this.ring, point);
    if (this.view.overlay) {
      this.chart.setOption({ series: [this.view.overlay(selected, ink())] });
    }
    this.show(this.cursor);
  }

  put(ring, point) {
    ring.hidden = !point;
    if (!point) return;
    const [x, y] = this.pixel(point);
    ring.style.left = `${x}px`;
    ring.style.top = `${y}px`;
  }

  /** The points that keys go to: those that pass, or all. */
  stops(all = false) {
    const { points, stops = points.length } = this.view;
    const found = points.slice(0, stops);
    return all ? found : found.filter((point) => this.page.passes[point[2]]);
  }

  /** Show what a point is, or nothing; `aloud`: to who listens, too. */
  show(point, aloud = false) {
    this.cursor = point;
    this.put(this.dash, point);
    this.readout.hidden = !point;
    if (!point) return;
    const words = this.view.words(point);
    this.readout.textContent = words;
    const [x, y] = this.pixel(point);
    const { offsetWidth: width, offsetHeight: height } = this.readout;
    this.readout.style.left = `${Math.max(0, x + 14 + width > this.canvas.clientWidth ? x - width - 14 : x + 14)}px`;
    this.readout.style.top = `${Math.max(0, Math.min(y - height / 2, this.canvas.clientHeight - height))}px`;
    if (aloud) this.page.say(words);
  }

  entered() {
    if (!this.chart) this.start();
    if (!this.canvas.matches(":focus-visible")) return;
    const stops = this.stops();
    const { selected, record } = this.page;
    const meant = [selected, record.places.get(record.best)];
    const at = meant.map((place) => stops.find((one) => one[2] === place)).find(Boolean);
    this.show(at ?? stops[0] ?? null, true);
  }

  nearest(x, y) {
    if (this.view.nearest) return this.view.nearest(this, x, y);
    let [best, least] = [null, NEAR * NEAR];
    for (const point of this.view.points) {
      if (!this.page.passes[point[2]]) continue;
      const [px, py] = this.pixel(point);
      const far = (px - x) ** 2 + (py - y) ** 2;
      if (far < least) [best, least] = [point, far];
    }
    return best;
  }

  where(event) {
    const box = this.canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  pointed(event) {
    if (!this.chart) return;
    if (this.from) this.spread(event);
    else this.show(this.nearest(...this.where(event)));
  }

  leave() {
    if (document.activeElement !== this.canvas) this.show(null);
  }

  clicked(event) {
    if (this.dragged || !this.chart) return;
    const point = this.nearest(...this.where(event));
    if (point) this.page.select(point[2]);
  }

  press(event) {
    this.dragged = false;
    this.from = this.view.brush && event.pointerType === "mouse" ? this.where(event) : null;
  }

  /** Draw the area from where the pointer was pressed. */
  spread(event) {
    const [[x, y], [to, down]] = [this.from, this.where(event)];
    if (!this.dragged && Math.hypot(to - x, down - y) < 6) return;
    if (!this.dragged) this.canvas.setPointerCapture(event.pointerId);
    this.dragged = true;
    this.show(null);
    this.area.hidden = false;
    Object.assign(this.area.style, {
      left: `${Math.min(x, to)}px`, top: `${Math.min(y, down)}px`,
      width: `${Math.abs(to - x)}px`, height: `${Math.abs(down - y)}px`,
    });
  }

  release(event) {
    const from = this.from;
    this.from = null;
    if (!this.dragged || !from) return;
    this.area.hidden = true;
    this.scale ??= scaleOf(this.chart);
    const { left, across, top, up } = this.scale;
    const to = this.where(event);
    const ends = [[from[0], to[0]].map((x) => (x - left) / across), [from[1], to[1]].map((y) => (y - top) / up)];
    ends.forEach((pair, at) => this.page.bound(this.view.brush[at], pair.sort((a, b) => a - b)));
  }
}

/** Where the axes put what: a pixel is a linear function of a value. */
function scaleOf(chart) {
  const option = chart.getOption();
  const [x, y] = [option.xAxis[0], option.yAxis[0]];
  const grid = { xAxisIndex: 0, yAxisIndex: 0 };
  const [left, bottom] = chart.convertToPixel(grid, [x.min, y.min]);
  const [right, top] = chart.convertToPixel(grid, [x.max, y.max]);
  const across = (right - left) / (x.max - x.min);
  const up = (top - bottom) / (y.max - y.min);
  return { left: left - across * x.min, across, top: bottom - up * y.min, up };
}
