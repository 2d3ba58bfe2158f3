"""A page in a browser, and what it did there beside being looked at."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

_NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, _NAMES)), None)
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium here; apt-get install chromium"
)


@dataclass
class Opened:
    """A page that was opened.

    page: playwright's; said: what its console and its faults say; asked: what it asked others for
    """

    page: Any
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def until(self, expression: str) -> None:
        """Wait until it is true. The page's policy forbids playwright's own way, which is eval."""
        end = time.monotonic() + 15
        while not self.page.evaluate(expression):
            assert time.monotonic() < end, f"{expression} stays false: {self.said}"

    def see_all(self) -> None:
        """Scroll through it, so that all plots are drawn."""
        self.page.evaluate(
            """async () => {
                for (let y = 0; y < document.body.scrollHeight; y += 500) {
                    scrollTo(0, y);
                    await new Promise(requestAnimationFrame);
                    await new Promise(requestAnimationFrame);
                }
                scrollTo(0, 0);
            }"""
        )


@contextmanager
def browser() -> Iterator[Any]:
    """A browser without a window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        running = started.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        try:
            yield running
        finally:
            running.close()


@contextmanager
def opened(running: Any, path: Path, **context: Any) -> Iterator[Opened]:
    """A page in a context of its own, once its scripts are through, if it runs any.

    context: as playwright's `new_context` takes it
    """
    from playwright.sync_api import TimeoutError

    own = running.new_context(**context)
    try:
        found = Opened(own.new_page())
        found.page.on("console", lambda said: found.said.append(said.text))
        found.page.on("pageerror", lambda fault: found.said.append(str(fault)))
        found.page.on("request", lambda request: found.asked.append(request.url))
        found.page.goto(path.as_uri())
        if context.get("java_script_enabled", True):
            try:
                found.page.wait_for_selector("html[data-ready]", state="attached", timeout=15_000)
            except TimeoutError as late:
                raise AssertionError(f"its scripts came to no end: {found.said}") from late
        yield found
    finally:
        own.close()
