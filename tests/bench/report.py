"""What a report takes: seconds to build it by part, its size by part, and seconds to open it.

    python -m tests.bench.report [--trials 20 5000] [--keep FOLDER]

A run of so many trials is made of the space of the analytic benchmark, whose members inside the
budget take about 45 of 85 decisions: drawn, not searched, each with its own text, five epochs and
a figure that follows from its answers, with noise; every hundredth failed. Its report is built in
this process once to have everything imported, and then five times more, timed: medians, and of the
whole the least and the most. The page is opened in headless Chromium, if there is one, in five
contexts: seconds until its load event, until its scripts are through and the table answers, and
until the first plot has been scrolled to and is drawn. Last, ten million additions in Python: how
fast the machine was meanwhile.
"""

from __future__ import annotations

import argparse
import hashlib
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from archdsl.study.record.events import Epoch, Finished, Proposed, Running, Training
from archdsl.study.record.file_store import FileStore
from archdsl.study.report import page, read
from tests.bench.driver import BUDGET, searched, space_of
from tests.bench.sleepers import Disk, Sleepers
from tests.study.browser import CHROMIUM, browser

FIRST, EPOCHS, RUNS = 8, 5, 5


def figure_of(decisions: dict[str, Any], noise: float) -> float:
    """Between 0 and 1: what the answers do, and noise."""
    said = "".join(f"{address}={answer}" for address, answer in list(decisions.items())[:6])
    own = hashlib.blake2b(said.encode(), digest_size=2).digest()
    return 0.3 + 0.5 * int.from_bytes(own) / 65536 + 0.1 * noise


def made(out: Path, trials: int) -> None:
    """A run with so many finished trials."""
    searched(space_of("random", FIRST), out, Sleepers(1, Disk(), epochs=EPOCHS))
    space = space_of("random", trials)
    store = FileStore(out)
    with store.open():
        list(store.replay())  # it goes on behind what it has read
        draws = space.draws(trials - FIRST, BUDGET, seed=1, measure="stagewise")
        for number, drawn in enumerate(draws, start=FIRST):
            training = Training(number, "search", 0, 0)
            network = hashlib.blake2b(str(number).encode(), digest_size=16).hexdigest()
            value = figure_of(drawn.decisions, int(network[:4], 16) / 65536)
            text = space.member(drawn.decisions).dump()
            store.add(Proposed(number, "random", drawn.decisions, text, dict(drawn.costs), network))
            store.add(Running(training, None, 1.0 + number))
            for epoch in range(1, EPOCHS + 1):
                reached = value * (1 - 0.5**epoch)
                store.add(Epoch(training, epoch, {"accuracy": reached, "loss": 1 / epoch}))
            took = (10.0, 1.0 + number, 11.0 + number)
            if number % 100 == 99:
                why = "the loss is not finite"
                store.add(Finished(number, "failed", {}, None, why, None, *took, "diverged"))
            else:
                metrics = {"accuracy": value, "loss": 0.2}
                store.add(Finished(number, "complete", metrics, [value], None, None, *took))
    searched(space, out, Sleepers(1, Disk()))


class Watch:
    """Seconds of this process by the name of a part."""

    def __init__(self) -> None:
        self.seconds = dict[str, float]()

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        begun = time.process_time()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.process_time() - begun

    def watched(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **kwargs: Any) -> Any:
            with self.part(name):
                return function(*args, **kwargs)

        return timed


PARTS = {
    "analysed": "what mattered, effects and curves, with their figures",
    "architecture": "the winner drawn and counted",
    "_drawn": "figures without scripts",
    "_packed": "the trials packed",
}


def built(out: Path) -> tuple[list[Watch], Path]:
    """Build a report, and some times more, timed."""
    path = page.write_report(out)
    watches = []
    for _ in range(RUNS):
        watch = Watch()
        with watch.part("all"):
            with watch.part("the record read"):
                record = read.read(out)
            with parts_watched(watch):
                page.write_report(out, record)
        watches.append(watch)
    return watches, path


@contextmanager
def parts_watched(watch: Watch) -> Iterator[None]:
    patches = [
        mock.patch.object(page, name, watch.watched(words, getattr(page, name)))
        for name, words in PARTS.items()
    ]
    for patch in patches:
        patch.start()
    yield
    for patch in patches:
        patch.stop()


def opening(path: Path) -> dict[str, list[float]]:
    """Seconds until each of three things, in each of some contexts."""
    found: dict[str, list[float]] = {}
    with browser() as running:
        for _ in range(RUNS):
            context = running.new_context(viewport={"width": 1400, "height": 900})
            opened = context.new_page()
            begun = time.monotonic()

            def passed(what: str, begun: float = begun) -> None:
                found.setdefault(what, []).append(time.monotonic() - begun)

            opened.goto(path.as_uri())
            passed("until it is loaded")
            opened.wait_for_selector("html[data-ready]", state="attached")
            passed("until its table answers")
            opened.locator(".canvas").first.scroll_into_view_if_needed()
            opened.wait_for_selector("[data-plot] canvas")
            passed("until its first plot is drawn")
            context.close()
    return found


def adding() -> float:
    """Seconds of ten million additions."""
    begun, total = time.process_time(), 0
    for number in range(10**7):
        total += number
    return time.process_time() - begun


def sizes(html: str) -> dict[str, int]:
    """Bytes of the parts of a page."""
    plain = sum(len(one.split("</noscript>")[0].encode()) for one in html.split("<noscript>")[1:])
    scripts = [one.split("</script>")[0] for one in html.split("<script>")[1:]]
    begun = '<script type="application/octet-stream"'
    packed = [one.split("</script>")[0] for one in html.split(begun)[1:]]
    found = {
        "the plotting library": len(scripts[0].encode()),
        "scripts of ours": len(scripts[1].encode()),
        "the trials, packed": len(packed[0]),
        "their specs, packed": len(packed[1]),
        "tables and figures without scripts": plain,
    }
    whole = len(html.encode())
    return {**found, "the rest": whole - sum(found.values()), "all": whole}


def main() -> None:
    """Make the runs and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, nargs="+", default=[20, 5000])
    parser.add_argument("--keep", type=Path, help="where the runs stay; those there are taken")
    known = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for trials in known.trials:
            out = (known.keep or Path(folder)) / str(trials)
            if not (out / "record.jsonl").is_file():
                made(out, trials)
            watches, path = built(out)
            print(f"{trials} trials")
            for name in watches[0].seconds:
                print(f"  {spread([watch.seconds[name] for watch in watches])} s of CPU  {name}")
            for name, size in sizes(path.read_text()).items():
                print(f"  {size / 1e6:6.2f} MB  {name}")
            for name, seconds in (opening(path) if CHROMIUM else {}).items():
                print(f"  {spread(seconds)} s  {name}")
    print(f"{spread([adding() for _ in range(RUNS)])} s of CPU  ten million additions")


def spread(values: list[float]) -> str:
    """The median, the least and the most."""
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


if __name__ == "__main__":
    main()
