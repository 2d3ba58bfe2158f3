"""Where the images of a training come from, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from archdsl.components.component import Component, of_definition
from archdsl.components.registry import find
from archdsl.data.digits import Digits
from archdsl.data.fingerprint import Fingerprint
from archdsl.data.source import ImageSource
from archdsl.errors import SearchError
from archdsl.language.settings import ProxySettings


@dataclass(frozen=True, slots=True)
class DataSource:
    """A source of images by name and options, and where it is.

    component: of kind "data"; None for the bundled digits, or where a recipe's datamodule stands
        in for it
    folder: what relative paths are relative to
    code: where classes of the user's own are looked for; None for `folder`
    """

    component: Component | None = None
    folder: Path = field(default_factory=Path)
    code: Path | None = None

    @property
    def classes(self) -> Path:
        """Where classes of the user's own are looked for."""
        return self.folder if self.code is None else self.code

    @classmethod
    def of(cls, settings: ProxySettings) -> Self:
        """What the `proxy` section says of the images."""
        return cls(settings.data, settings.folder)

    def open(self) -> ImageSource:
        """The source itself, which has read nothing yet."""
        if self.component is None:
            return Digits()
        source: ImageSource = self.component.definition.cls(**dict(self.component.options))
        return source

    def fingerprint(self) -> Fingerprint:
        """What tells these data from others. Raises SearchError for data that cannot be read."""
        return self.open().fingerprint(self.folder)

    def record(self) -> dict[str, Any]:
        """The data source as JSON holds it."""
        data = None
        if self.component is not None:
            options = {n: list(v) if isinstance(v, tuple) else v for n, v in self.component.options}
            data = {"type": self.component.type, "options": options}
        return {"data": data, "folder": str(self.folder)}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Self:
        """The data source that `record()` wrote.

        Raises SearchError where its kind of source is not known here, or has other options.
        """
        data = record["data"]
        if data is None:
            return cls(None, Path(record["folder"]))
        definition = find("data", data["type"])
        if definition is None:
            raise SearchError(
                f"data source: nothing of kind data is called '{data['type']}'.  import its class"
            )
        if data["options"].keys() != definition.options.keys():
            given = ", ".join(data["options"]) or "no options"
            raise SearchError(f"data source: it was written with {given}.  {definition.usage()}")
        options = {n: tuple(v) if isinstance(v, list) else v for n, v in data["options"].items()}
        return cls(of_definition(definition, options), Path(record["folder"]))
