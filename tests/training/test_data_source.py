"""Where images come from, as plain values."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from archdsl.components.component import component
from archdsl.data.digits import Digits
from archdsl.errors import SearchError
from archdsl.language.settings import ProxySettings
from archdsl.training.data_source import DataSource

FOLDER = component("data", "image_folder", path="ünd/er", val=0.25, flip=False)


@pytest.mark.parametrize("made", [None, FOLDER, component("data", "digits", clutter=3)])
@pytest.mark.parametrize("folder", [Path(), Path("/somewhere/else")])
def test_a_data_source_goes_through_json_and_is_what_it_was(made, folder) -> None:
    source = DataSource(made, folder)
    again = DataSource.from_record(json.loads(json.dumps(source.record())))
    assert again == source
    assert vars(again.open()).keys() == vars(source.open()).keys()


def test_it_is_what_the_proxy_section_says_of_the_images() -> None:
    assert DataSource.of(ProxySettings(data=FOLDER, folder=Path("a"))) == DataSource(
        FOLDER, Path("a")
    )
    assert isinstance(DataSource.of(ProxySettings()).open(), Digits)


def test_a_source_that_is_not_known_here_or_has_other_options() -> None:
    record = DataSource(component("data", "digits")).record()
    unknown = {**record, "data": {**record["data"], "type": "mine"}}
    with pytest.raises(SearchError) as caught:
        DataSource.from_record(unknown)
    assert str(caught.value) == (
        "data source: nothing of kind data is called 'mine'.  import its class"
    )
    older = {**record, "data": {"type": "digits", "options": {"canvas": 12, "noise": 0.3}}}
    with pytest.raises(SearchError) as caught:
        DataSource.from_record(older)
    assert str(caught.value) == (
        "data source: it was written with canvas, noise.  digits takes: canvas (int from 8 to "
        "64, 12), noise (number from 0 to 1, 0.3), clutter (int from 0 to 16, 0), "
        "placements (int from 1 to 64, 1)"
    )
    assert DataSource.from_record(record).component == component("data", "digits")
