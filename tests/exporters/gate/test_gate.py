"""What the gate says of files that cannot be compared, and of forms of a user's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

import archdsl
from archdsl.compiler.network import Network
from archdsl.errors import ExportDiffers, ExportError
from archdsl.exporters import Files, NotRunHere, form
from archdsl.exporters.gate import drawn
from archdsl.exporters.gate.compare import compared
from archdsl.exporters.registry import Run
from archdsl.exporters.traced.module import weighted
from tests.exporters.gate.networks import NETWORK, SPEC, checked, weights

pytestmark = pytest.mark.usefixtures("no_others")

Wrong = Callable[[Tensor], Any]


def own(run: Callable[..., Run], name: str = "own") -> str:
    """A form of a user's, whose one file is the network's name."""

    @form(name, run=run, tolerance=1e-6)
    def own(network: Network) -> Files:
        """a name"""
        return {"name.txt": network.name}

    return name


def that_gives(what: Callable[[Run, Tensor], Any]) -> Callable[..., Run]:
    def run(files: Files, network: Network, state: Mapping[str, Tensor]) -> Run:
        assert files == {"name.txt": "tiny"}
        model = weighted(network, state).eval()
        return lambda images: what(model, images)

    return run


def test_a_form_with_a_runner_is_compared_with_the_model() -> None:
    found = checked(own(that_gives(lambda model, x: model(x)))).checked
    assert found is not None
    assert found.words() == (
        "checked on 16 random images with the usual mean and deviation, in batches of 1 and 15, "
        f"with the weights given: largest difference 0.0e+00 (0.0e+00 of the largest, "
        f"{found.comparison.of:.4g}), top class alike in 16 of 16; tolerance 1e-06"  # type: ignore[union-attr]
    )


@pytest.mark.parametrize(
    ("what", "said"),
    [
        (lambda model, x: model(x)[:1], "gives 1x10 for 15 images, and the model 15x10"),
        (lambda model, x: model(x)[:, :9], "gives 1x9 for 1 image, and the model 1x10"),
        (lambda model, x: [], "gives nothing for 1 image, and the model 1x10"),
        (lambda model, x: model(x) * float("nan"), "gives what is no number"),
        (lambda model, x: model(x[:, :1]), "fails on 1 image (RuntimeError: "),
        (lambda model, x: None, "fails on 1 image (TypeError: a runner gives a tensor, or sev"),
        (lambda model, x: model(torch.zeros_like(x)), "largest difference "),
    ],
)
def test_what_cannot_be_compared_is_refused_in_words(what: Any, said: str) -> None:
    with pytest.raises(ExportDiffers) as caught:
        checked(own(that_gives(what)))
    assert str(caught.value).startswith(f"own does not say what the model says: {said}")


def test_where_every_prefix_agrees_that_is_said() -> None:
    found: list[int] = []

    def run(files: Files, network: Network, state: Mapping[str, Tensor]) -> Run:
        found.append(len(found))
        model = weighted(network, state).eval()
        return (lambda x: model(x) + 1) if found == [0] else model

    with pytest.raises(ExportDiffers) as caught:
        checked(own(run))
    assert str(caught.value).endswith(
        ".  exported again up to each of its layers, it agrees; nothing was written"
    )


def test_a_prefix_that_the_form_does_not_take_is_told() -> None:
    def run(files: Files, network: Network, state: Mapping[str, Tensor]) -> Run:
        if network.head is None:
            raise ValueError("no head")
        model = weighted(network, state).eval()
        return lambda x: model(x) + 1

    with pytest.raises(ExportDiffers) as caught:
        checked(own(run))
    assert "from which layer on cannot be said (the runner of the form 'own' fails (Val" in str(
        caught.value
    )


def test_a_runner_that_fails_is_named() -> None:
    def run(files: Files) -> Run:
        raise KeyError("dim")

    with pytest.raises(ExportError) as caught:
        checked(own(run))
    assert str(caught.value) == (
        "the runner of the form 'own' fails (KeyError: 'dim').  mend tests.exporters.gate."
        "test_gate.test_a_runner_that_fails_is_named.<locals>.run"
    )
    with pytest.raises(ExportError, match=r"^the runner of the form 'own' gives int\.  it gives a"):
        checked(own(lambda files: 3))  # type: ignore[arg-type, return-value]


def test_files_that_cannot_be_run_here_are_written_and_that_is_said() -> None:
    def run(files: Files) -> Run:
        raise NotRunHere("its telephone is not here")

    found = checked(own(run)).checked
    assert found is not None
    assert found.words() == "not checked: its telephone is not here"


def test_a_model_that_gives_no_numbers_is_refused() -> None:
    state = weights()
    state["head.classifier.bias"].fill_(float("nan"))
    with pytest.raises(ExportError, match="the model's own output holds what is no number"):
        checked("code", weights=state)


def test_a_difference_is_a_share_of_the_largest_number() -> None:
    model = weighted(NETWORK, weights()).eval()
    images = drawn(NETWORK).pixels
    small, large = (
        compared(lambda x, by=by: model(x) * (1 + by), model, images, classes=True)  # type: ignore[misc]
        for by in (5e-6, 2e-5)
    )
    with torch.no_grad():
        assert small.of in [float(model(x).abs().max()) for x in images.split([1, 15])]
    assert small.within(1e-5) and not large.within(1e-5)
    assert small.alike == 16


def test_nothing_is_written_where_it_differs_and_what_was_there_stays(tmp_path: Path) -> None:
    torch.save(weights(), tmp_path / "tiny.pt")
    name = own(that_gives(lambda model, x: model(x) + 1))
    file = tmp_path / "name.txt"
    for before in (None, "old"):
        if before is not None:
            file.write_text(before)
        with pytest.raises(ExportDiffers):
            archdsl.export(SPEC, to=name, path=file, weights=tmp_path / "tiny.pt")
        assert (file.read_text() if file.exists() else None) == before
    archdsl.export(SPEC, to=name, path=file, check=False)
    assert file.read_text() == "tiny"


def test_a_part_of_the_stages_is_compared_by_their_maps() -> None:
    found = checked("program", features=(1,)).checked
    assert found is not None and found.comparison is not None
    assert found.comparison.alike is None
    assert "top class" not in found.words()
