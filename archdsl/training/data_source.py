"""Where the images of a training come from, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from archdsl.components.component import Component, component
from archdsl.data.digits import Digits
from archdsl.data.fingerprint import Fingerprint
from archdsl.data.source import Source
from archdsl.language.settings import ProxySettings


@dataclass(frozen=True, slots=True)
class DataSource:
    """A source of images by name and options, and where it is.

    component: of kind "data"; None for the bundled digits, or where a recipe's datamodule stands
        in for it
    folder: what relative paths are relative to, and where classes of the user's own are looked for
    """

    component: Component | None = None
    folder: Path = field(default_factory=Path)

    @classmethod
    def of(cls, settings: ProxySettings) -> Self:
        """What the `proxy` section says of the images."""
        return cls(settings.data, settings.folder)

    def open(self) -> Source:
        """The source itself, which has read nothing yet."""
        if self.component is None:
            return Digits()
        source: Source = self.component.definition.cls(**dict(self.component.options))
        return source

    def fingerprint(self) -> Fingerprint:
        """What tells these data from others. Raises SearchError for data that cannot be read."""
        return self.open().fingerprint(self.folder)

    def record(self) -> dict[str, Any]:
        """The data source as JSON holds it."""
        data = None
        if self.component is not None:
            data = {"type": self.component.type, "options": dict(self.component.options)}
        return {"data": data, "folder": str(self.folder)}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Self:
        """The data source that `record()` wrote."""
        data = record["data"]
        made = None if data is None else component("data", data["type"], **data["options"])
        return cls(made, Path(record["folder"]))
