"""A page in the browser of whoever typed the command."""

from __future__ import annotations

import os
import webbrowser
from pathlib import Path


def opened(page: Path) -> bool:
    """Open a page, and do not wait for it. False where there is no browser with a window."""
    try:
        browser = webbrowser.get()
        if _waits(browser):
            if not os.environ.get("BROWSER"):
                return False  # one of text, which would take the terminal
            browser = webbrowser.BackgroundBrowser([browser.name, *_words(browser)])
        return bool(browser.open(page.resolve().as_uri()))
    except (webbrowser.Error, OSError):
        return False


def _waits(browser: webbrowser.BaseBrowser) -> bool:
    """Whether it gives the command back only once it is closed."""
    if isinstance(browser, webbrowser.BackgroundBrowser):
        return False
    if isinstance(browser, webbrowser.UnixBrowser):
        return not browser.background
    return isinstance(browser, webbrowser.GenericBrowser)


def _words(browser: webbrowser.BaseBrowser) -> list[str]:
    return list(browser.args) if isinstance(browser, webbrowser.GenericBrowser) else ["%s"]
