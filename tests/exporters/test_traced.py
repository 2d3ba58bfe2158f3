"""Programs of torch.export and ONNX files: what is in them, and what is refused."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

import archdsl
from archdsl.data.preprocessing import BYTES, Pixels, Preprocessing
from archdsl.errors import BuildError, ExportError
from archdsl.exporters import export, exported
from archdsl.exporters.traced.module import weighted
from archdsl.exporters.wanted import Wanted
from tests.exporters.gate.networks import NETWORK, SPEC, weights
from tests.tools.models import small

SAID = Preprocessing(
    tuple("abcdefghij"), 3, (16, 16), Pixels(BYTES, (0.5,) * 3, (0.25,) * 3, (16, 16))
)

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")


def program(content: object, extra: dict[str, str] | None = None) -> Any:
    assert isinstance(content, bytes)
    return torch.export.load(io.BytesIO(content), extra_files=extra).module()


def content(to: str, wanted: Wanted) -> Any:
    return exported(NETWORK, to, None, wanted).content


@pytest.fixture(scope="module")
def file() -> Any:
    """An ONNX file of maps, deployed, with all that it can carry."""
    return content("onnx", Wanted(weights(), SAID, (1, 0), True, 19))


def test_a_program_takes_any_batch_and_says_what_the_model_says() -> None:
    state = weights()
    run = program(content("program", Wanted(state)))
    model = weighted(NETWORK, state).eval()
    for batch in (1, 4, 40):
        images = torch.randn(batch, 3, 16, 16)
        with torch.no_grad():
            torch.testing.assert_close(run(images), model(images))


def test_without_weights_they_are_fresh_from_one_seed() -> None:
    images = torch.randn(2, 3, 16, 16)
    state = torch.random.get_rng_state()
    one, other = (program(content("program", Wanted())) for _ in range(2))
    assert torch.equal(torch.random.get_rng_state(), state)
    torch.manual_seed(0)
    model = archdsl.build(SPEC).eval()
    assert torch.equal(one(images), other(images))
    torch.testing.assert_close(one(images), model(images))


def test_a_program_carries_the_preprocessing_in_its_extra_files() -> None:
    extra = {"name": "", "preprocessing": ""}
    program(content("program", Wanted(preprocessing=SAID)), extra)
    assert extra["name"] == "tiny"
    assert Preprocessing.from_record(json.loads(extra["preprocessing"])) == SAID


def test_an_onnx_file_names_what_goes_in_and_comes_out_and_carries_the_preprocessing(
    file: bytes,
) -> None:
    model = onnx.load_from_string(file)
    carried = {one.key: one.value for one in model.metadata_props}
    assert Preprocessing.from_record(json.loads(carried["preprocessing"])) == SAID
    assert carried["name"] == "tiny"
    assert [one.name for one in model.graph.input] == ["images"]
    assert [one.name for one in model.graph.output] == ["stages.1", "stages.0"]
    assert model.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "batch"
    assert [one.version for one in model.opset_import if one.domain == ""] == [19]


def test_the_maps_of_an_onnx_file_are_those_of_features(file: bytes) -> None:
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    model = archdsl.build(SPEC, features=[1, 0])
    model.load_state_dict({name: weights()[name] for name in model.state_dict()})
    images = torch.randn(3, 3, 16, 16)
    found = session.run(None, {"images": images.numpy()})
    with torch.no_grad():
        for one, other in zip(found, model.eval()(images), strict=True):
            torch.testing.assert_close(torch.from_numpy(one), other, rtol=0, atol=2e-5)


def test_a_deployed_form_has_fewer_tensors_and_says_the_same() -> None:
    spec = archdsl.load(SPEC, set={"stem.norm": "batch_norm"})
    network = spec.network()
    state = weights(network)
    images = torch.randn(2, 3, 16, 16)
    whole, fused = (
        export(network, "program", weights=state),
        exported(network, "program", None, Wanted(state, fused=True)).content,
    )
    names = [list(program(one).state_dict()) for one in (whole, fused)]
    assert any("running_var" in name for name in names[0])
    assert not any("running_var" in name for name in names[1])
    torch.testing.assert_close(program(whole)(images), program(fused)(images))


def test_weights_in_their_deployed_form_are_taken() -> None:
    network = archdsl.load(SPEC, set={"stem.norm": "batch_norm"}).network()
    model = weighted(network, weights(network)).eval()
    state = archdsl.fuse(model).state_dict()
    assert set(state) != set(model.state_dict())
    run = program(export(network, "program", weights=state))
    images = torch.randn(2, 3, 16, 16)
    with torch.no_grad():
        torch.testing.assert_close(run(images), model(images))


@pytest.mark.parametrize("opset", [17, 1000])
def test_an_opset_that_there_is_not_is_refused(opset: int) -> None:
    with pytest.raises(ExportError, match=rf"^opset is {opset}\.  choose one of 18 to \d+$"):
        archdsl.export(SPEC, to="onnx", opset=opset)


@pytest.mark.parametrize(("features", "said"), [([2], "there is no stage 2"), ([], "write a list")])
def test_a_stage_that_there_is_not_is_refused(features: list[int], said: str) -> None:
    with pytest.raises(BuildError, match=said):
        archdsl.export(SPEC, to="program", features=features)


@pytest.mark.parametrize(
    ("to", "missing", "extra"),
    [
        ("onnx", "onnx", "onnx"),
        ("onnx", "onnxscript", "onnx"),
        ("executorch", "executorch", "executorch"),
        ("litert", "litert_torch", "litert"),
        ("coreml", "coremltools", "coreml"),
    ],
)
def test_a_package_that_is_missing_is_named_with_the_command(
    to: str, missing: str, extra: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == missing]:
        monkeypatch.delitem(sys.modules, name)

    class Hidden:
        def find_spec(self, name: str, path: object = None, target: object = None) -> None:
            if name.partition(".")[0] == missing:
                raise ModuleNotFoundError(f"No module named '{name}'", name=missing)

    monkeypatch.setattr(sys, "meta_path", [Hidden(), *sys.meta_path])
    with pytest.raises(ExportError) as caught:
        archdsl.export(SPEC, to=to, path=tmp_path / "file")
    assert str(caught.value) == (
        f"{to} needs the package {missing}.  pip install 'archdsl[{extra}]'"
    )
    assert not list(tmp_path.iterdir())


def test_a_network_that_torch_cannot_trace_is_refused_in_words(module: Any) -> None:
    module(
        """
        from torch import Tensor, nn

        from archdsl import token_mixer

        @token_mixer("by_value")
        class ByValue(nn.Module):
            \"\"\"Another thing for bright images.\"\"\"

            def forward(self, x: Tensor) -> Tensor:
                \"\"\"(B, dim, H, W) to the same.\"\"\"
                return x * 2 if float(x.mean()) > 1e9 else x
        """,
        "by_value",
    )
    network = archdsl.load(SPEC, set={"block.token_mixer": "by_value"}).network()
    with pytest.raises(ExportError) as caught:
        export(network, "program")
    said = rf"program does not take tiny, with torch {torch.__version__} ("
    assert str(caught.value).startswith(said)
    assert str(caught.value).endswith(".  choose another form")


@pytest.mark.slow
def test_fused_attention_stays_in_a_program_and_is_products_in_onnx() -> None:
    network = small("deit_tiny").network()
    content = export(network, "program")
    assert isinstance(content, bytes)
    nodes = torch.export.load(io.BytesIO(content)).graph.nodes
    assert any("scaled_dot_product_attention" in str(node.target) for node in nodes)
    found = onnx.load_from_string(export(network, "onnx"))
    names = {node.op_type for node in found.graph.node}
    assert {"Softmax", "MatMul", "LayerNormalization", "Gelu"} <= names
    assert "Attention" not in names
