// Put all of it in its place; where that fails, the page is what it is without scripts.

async function start() {
  const page = new Page(new SearchRecord(await unpacked("record")));
  for (const host of document.querySelectorAll("[data-plot]")) makePlot(page, host);
  const every = document.getElementById("every-trial");
  every.append(...filterForm(page));
  new TrialTable(page, every);
  new TrialPanel(page, document.getElementById("trial"));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && event.target === document.body) page.select(null);
  });
  page.followAddress();
  document.documentElement.dataset.ready = "yes";
}

function makePlot(page, host) {
  const { drawn } = page.record;
  switch (host.dataset.plot) {
    case "against":
      return new Plot(page, host, againstView(page, drawn[Number(host.dataset.cost)]));
    case "course":
      return new Plot(page, host, courseView(page));
    case "curves":
      return new Plot(page, host, curvesView(page));
    case "parallel": {
      const plot = new Plot(page, host, parallelView(page, drawn[0]));
      host.append(decisionsList(page, plot));
      return plot;
    }
    default:
      throw new Error(`no plot is called ${host.dataset.plot}`);
  }
}

/** What stands in the page for browsers without scripts: it was escaped when it was written. */
function plainly() {
  for (const host of document.querySelectorAll("[data-plot], #every-trial")) host.hidden = true;
  for (const plain of document.querySelectorAll("noscript")) {
    plain.replaceWith(...new DOMParser().parseFromString(plain.textContent, "text/html").body.children);
  }
}

start().catch((error) => {
  plainly();
  throw error;
});
