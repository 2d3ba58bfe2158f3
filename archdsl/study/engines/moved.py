"""The user's code on a machine that it travelled to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Travelled:
    """Files below a folder, each under the whole path that it had where it came from."""

    root: Path

    def here(self, path: Path) -> Path:
        """Where a path of there is on this machine."""
        return self.root / path.relative_to(path.anchor)

    def there(self, path: Path) -> Path:
        """Where it was that is on this machine; one that did not travel stays."""
        if not path.is_relative_to(self.root):
            return path
        return Path(self.root.anchor) / path.relative_to(self.root)
