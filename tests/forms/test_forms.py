"""The forms that need packages of others, in an environment that has one of them: `make forms`.

`FORM` names it. Elsewhere nothing here runs.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

import pytest
import torch

from archdsl.compiler.network import Network
from archdsl.errors import ExportDiffers
from archdsl.exporters import Files, form
from archdsl.exporters.registry import find
from tests.exporters.gate.networks import checked
from tests.tools.models import small

FORM = os.environ.get("FORM", "")
PACKAGES = {"executorch": "executorch", "litert": "litert-torch", "coreml": "coremltools"}
ROOT = Path(__file__).parents[2]

NAMES = ("poolformer_s12", "transnext_micro", "swin_tiny", "ffnet_1", "caformer_s18")

here = pytest.mark.skipif(not FORM, reason="runs by  make forms")
compared = pytest.mark.skipif(FORM in ("", "coreml"), reason="where its files can be run")


@here
@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_family_leaves_and_says_what_the_model_says(name: str) -> None:
    found = checked(FORM, small(name).network()).checked
    assert found is not None
    if FORM == "coreml":
        assert found.words().startswith("not checked: what the model of Core ML says of images")
        return
    assert found.comparison is not None
    assert found.comparison.within(found.tolerance)
    assert found.comparison.alike == 16


@here
@pytest.mark.slow
def test_maps_of_stages_and_the_deployed_form_leave() -> None:
    network = small("ffnet_1").network()
    assert checked(FORM, network, features=(0, 3), fused=True).content


@compared
@pytest.mark.slow
def test_a_wrong_export_is_refused_and_its_layer_named() -> None:
    make = find(FORM)

    @form("wrong", run=make.runner, tolerance=make.tolerance)
    def wrong(network: Network, weights: Mapping[str, torch.Tensor] | None = None) -> Files:
        """with a transposed weight"""
        assert weights is not None
        name = "stages.1.blocks.0.channel_mixer.fc2.weight"
        changed = dict(weights)
        if name in changed:
            changed[name] = changed[name].swapaxes(0, 1).contiguous()
        return make.make(network, weights=changed)

    with pytest.raises(ExportDiffers, match=r"differs from stages\.1\.blocks\.0\.channel_mixer on"):
        checked("wrong")


@here
def test_the_package_is_the_one_of_the_makefile() -> None:
    package = PACKAGES[FORM]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    pinned = re.search(rf"^PACKAGE_{FORM} := (.+)$", makefile, re.MULTILINE)
    assert pinned is not None
    assert pinned[1] == f"{package}=={metadata.version(package)}"


def test_the_manual_has_the_versions_of_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    pinned = re.findall(r"^PACKAGE_\w+ := (.+)==(.+)$", makefile, re.MULTILINE)
    assert [package for package, _ in pinned] == list(PACKAGES.values())
    manual = (ROOT / "docs" / "forms.md").read_text(encoding="utf-8")
    for package, version in pinned:
        assert f"{package} {version}" in manual


def operators(content: bytes, folder: Path) -> set[str]:
    """The names of the operators in a file, without those that a delegate has to itself."""
    if FORM == "executorch":
        from executorch.exir._serialize import _program

        plan = _program.deserialize_pte_binary(content).program.execution_plan[0]
        return {operator.name for operator in plan.operators}
    if FORM == "litert":
        from ai_edge_litert.interpreter import Interpreter

        return {one["op_name"] for one in Interpreter(model_content=content)._get_ops_details()}
    import io
    import zipfile

    import coremltools

    zipfile.ZipFile(io.BytesIO(content)).extractall(folder)
    (package,) = folder.glob("*.mlpackage")
    main = coremltools.utils.load_spec(str(package)).mlProgram.functions["main"]
    return {one.type for block in main.block_specializations.values() for one in block.operations}


@here
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_fused_attention_is_products(tmp_path: Path) -> None:
    content = checked(FORM, small("deit_tiny").network()).content
    assert isinstance(content, bytes)
    names = {name.lower() for name in operators(content, tmp_path)}
    assert len(names) > 3
    assert not {name for name in names if "attention" in name or "composite" in name}
    if FORM != "executorch":  # where XNNPACK has them to itself
        assert "softmax" in names
        assert names & {"batch_matmul", "matmul"}
