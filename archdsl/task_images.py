"""The images that an exported network is checked on: of its own task where they can be read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from archdsl.errors import ArchError
from archdsl.language.sandbox import Sandbox
from archdsl.language.settings import ProxySettings
from archdsl.loading import space_from_text
from archdsl.printable import printable_line
from archdsl.specification import Spec

if TYPE_CHECKING:
    from archdsl.compiler.network import Network
    from archdsl.data.preprocessing import Preprocessing
    from archdsl.exporters.gate import Images


def task_images(spec: Spec, folder: Path | None, said: Preprocessing | None) -> Images:
    """Validation images of a run, or of the data that a spec searches on; else drawn ones.

    folder: the run directory or saved folder that the spec is of, if it is of one
    said: what was done to the task's images, for those that are drawn
    """
    from archdsl.exporters.gate import drawn

    network = spec.network()
    if isinstance(spec.document.reach, Sandbox):
        return drawn(network, said, "a sandbox reads no data")
    try:
        settings = settings_of_run(folder) if folder is not None else _of_spec(spec)
        if settings is None:
            return drawn(network, said, "nothing says where real ones are")
        if settings.datamodule is not None:
            return drawn(network, said, "a datamodule's are for its training alone")
        return _read(settings, network)
    except ArchError as error:
        why = printable_line(str(error).partition("\n")[0])
        return drawn(network, said, f"the task's cannot be read ({why})")


def _of_spec(spec: Spec) -> ProxySettings | None:
    settings = spec.settings().proxy if "search" in spec.document.top else None
    return settings if settings is not None and settings.data is not None else None


def settings_of_run(folder: Path) -> ProxySettings | None:
    """The data and the schedule of a run, as its last start had them.

    None for a folder that is no run, and for a search by an `evaluate`, which has no data.
    """
    from archdsl.study.record.folder import read_state

    state = read_state(folder)
    if state is None or state.created is None or state.created.setup["evaluate"] == "own":
        return None
    proxy = state.created.setup["settings"]["proxy"]
    moved = {"search.proxy.folder": proxy["folder"]}
    data = proxy.get("data")
    if data is not None and "path" in data:
        moved["search.proxy.data.path"] = data["path"]
    return space_from_text(state.created.space, folder.absolute(), moved).spec.settings().proxy


def _read(settings: ProxySettings, network: Network) -> Images:
    from archdsl.exporters.gate.images import of_source
    from archdsl.training.data_source import DataSource
    from archdsl.training.fits import check_fits

    source = DataSource.of(settings)
    opened = source.open()
    check_fits(network.input, network.classes, opened.describe(source.folder), size=settings.size)
    return of_source(opened.searchable(source.folder, network.input[1:]), network)
