"""What a saved folder says of its model: a card that the Hub takes, and a configuration."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from huggingface_hub import ModelCard
from safetensors import safe_open

import archdsl
from archdsl.data.preprocessing import BYTES, Pixels, Preprocessing, weights_metadata

FOUND = """
found:
  trial: 2
  trials: 3
  sampler: gp
  seed: 0
  metrics: {accuracy: 0.75, loss: 0.5}
  test: {accuracy: 0.7, loss: 0.6, n: 40}
"""


def described(spec_text: str, names: tuple[str, ...] = ()) -> archdsl.Spec:
    model = archdsl.build(archdsl.loads(spec_text))
    if names:
        channels, *sides = model.network.input
        size = (sides[0], sides[1])
        pixels = Pixels(BYTES, (0.5,) * channels, (0.25,) * channels, cover=size)
        said = Preprocessing(names, channels, size, pixels)
        model.metadata = weights_metadata(said)
    archdsl.save(model, "kept/")
    return archdsl.load("./kept")


@pytest.fixture
def text(spec) -> str:
    return spec.dump()


def test_the_configuration_has_labels_and_preprocessing(text: str) -> None:
    classes = archdsl.loads(text).network().classes
    names = tuple(f"class {index}" for index in range(classes))
    described(text, names)
    found = json.loads(Path("kept/config.json").read_text())
    assert found["id2label"] == {str(index): name for index, name in enumerate(names)}
    assert found["label2id"] == {name: index for index, name in enumerate(names)}
    assert found["num_classes"] == classes
    assert found["preprocessing"]["pixels"]["mean"] == [0.5] * 3
    assert "class_names" not in found["preprocessing"]


def test_without_names_there_are_no_labels(text: str) -> None:
    described(text)
    found = json.loads(Path("kept/config.json").read_text())
    assert "id2label" not in found and "preprocessing" not in found


def test_the_hub_reads_the_card(text: str) -> None:
    described(text + FOUND)
    card = ModelCard.load("kept/README.md")
    assert card.data.library_name == "archdsl"
    assert card.data.pipeline_tag == "image-classification"
    assert card.data.tags == ["archdsl", "pytorch", "vision-backbone"]
    cost = archdsl.count("./kept")
    assert f"| multiply-accumulates | {cost.macs:,} |" in card.text
    assert "| accuracy | 0.7500 | 0.7000 |" in card.text
    assert "The architecture is trial 2 of 3 of a search (sampler gp, seed 0)" in card.text
    assert "The test split of 40 images was looked at once the search was over." in card.text


def test_a_model_of_nobodys_search_says_that_there_are_no_results(text: str) -> None:
    described(text)
    said = Path("kept/README.md").read_text()
    assert "None are on record: `archdsl evaluate` judges it on images." in said
    assert "Nobody says what was done to the images" in said


def test_names_of_others_are_no_markup(text: str) -> None:
    classes = archdsl.loads(text).network().classes
    names = ("<b>a</b>", "[x](y)\n# z", *(str(index) for index in range(classes - 2)))
    described(text, names)
    said = Path("kept/README.md").read_text()
    assert "\\<b\\>a\\</b\\>, \\[x\\](y) \\# z" in said
    assert ModelCard.load("kept/README.md").data.library_name == "archdsl"


def test_a_backbone_is_no_classifier(text: str) -> None:
    archdsl.save(archdsl.build(archdsl.loads(text), features=[0]), "maps/")
    assert ModelCard.load("maps/README.md").data.pipeline_tag == "image-feature-extraction"
    assert json.loads(Path("maps/config.json").read_text())["features"] == [0]


def test_a_folder_of_before_loads_and_takes_another_model(text: str) -> None:
    model = archdsl.build(archdsl.loads(text))
    archdsl.save(model, "kept/")
    weights, metadata = Path("kept/model.safetensors"), {}
    with safe_open(weights, "pt") as file:
        metadata = dict(file.metadata())
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    origin = json.loads(metadata["archdsl"])
    origin["files"] = []
    from safetensors.torch import save_file

    save_file(tensors, weights, {**metadata, "archdsl": json.dumps(origin)})
    for name in ("config.json", "README.md"):
        Path("kept", name).unlink()
    again = archdsl.load_model("kept")
    state = model.state_dict()
    assert all(torch.equal(state[name], one) for name, one in again.state_dict().items())
    archdsl.save(again, "kept/")
    assert Path("kept/README.md").is_file()


def test_nothing_in_the_folder_is_a_pickle(text: str) -> None:
    described(text)
    for path in Path("kept").iterdir():
        assert not path.read_bytes().startswith((b"\x80", b"PK")), path
    shutil.rmtree("kept")


def test_a_training_is_no_search(text: str) -> None:
    described(text + "found:\n  metrics: {accuracy: 0.75, train_loss: 0.5}\n  archdsl: 0.2.0\n")
    said = Path("kept/README.md").read_text()
    assert "are those of the best epoch of a training (`archdsl train`)" in said
    assert "| accuracy | 0.7500 | – |" in said and "| train_loss" not in said
    assert "Loss of the training steps: 0.5000." in said
    assert "search" not in said.partition("## Results")[2] and "None" not in said
