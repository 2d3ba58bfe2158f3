"""What a self-check found, kept between processes: a file of the user's cache for each counter.

A file is a line with the SHA-256 of the rest, and JSON: `[counter, {operator: why}]`. What is
damaged, or speaks of another counter, is no answer; where nothing can be written nothing is kept.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from pathlib import Path

from archdsl.cache import cache_folder
from archdsl.drafts import draft_of


def kept(counter: str) -> dict[str, str] | None:
    """Operator -> why it is refused, as found for a counter; None where nobody has looked."""
    if not counter:
        return None
    try:
        digest, _, text = _path(counter).read_text(encoding="utf-8").partition("\n")
        if digest != _digest(text):
            return None
        found = json.loads(text)
    except (OSError, ValueError, RecursionError):
        return None
    match found:
        case [str(whose), {**wrong}] if whose == counter:
            texts = {str(name): why for name, why in wrong.items() if isinstance(why, str)}
            return texts if len(texts) == len(wrong) else None
    return None


def keep(counter: str, wrong: dict[str, str]) -> None:
    """Keep what was found, if there is a place."""
    if not counter:
        return
    text = json.dumps([counter, wrong])
    with contextlib.suppress(OSError):
        path = _path(counter)
        path.parent.mkdir(parents=True, exist_ok=True)
        with draft_of(path) as draft:
            draft.write_text(f"{_digest(text)}\n{text}", encoding="utf-8")


def _path(counter: str) -> Path:
    return cache_folder() / f"self_check_{_digest(counter)[:32]}.json"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
