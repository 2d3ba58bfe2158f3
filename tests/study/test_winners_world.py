"""From a folder of images over a search to predictions where there is no archdsl."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open

import archdsl
from archdsl.data.preprocessing import Preprocessing
from archdsl.training import DataSource, Recipe, prepare
from archdsl.training.batches import to_judge_by
from archdsl.training.heldout import held_out_images
from tests import started

SPEC = """\
archdsl: 1
name: shapes
input: [{channels}, 32, 32]
classes: 4
stem: {{type: conv, kernel: 4, stride: 4, padding: 0}}
block: {{norm: layer_norm, token_mixer: {{choice: [pooling, sep_conv]}}, channel_mixer: mlp}}
stages: [{{dim: 16, depth: 1}}]
search:
  trials: 2
  proxy: {{data: {{type: image_folder, path: images, channels: {channels}}}, epochs: 3, batch: 16}}
"""

NAMES = ['it\'s "two"', "new\nline", "x\udcff", "ümlaut \u202e"]

ALONE = """\
import json
import runpy
import sys
from pathlib import Path

import torch
from PIL import Image, ImageOps
from safetensors.torch import load_file


class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "archdsl":
            raise ImportError(name)


sys.meta_path.insert(0, Blocked())
names = runpy.run_path("best.py")
model = names["shapes"]().eval()
model.load_state_dict(load_file("best.safetensors"))
inputs, answers = [], []
for path in json.loads(sys.stdin.read()):
    image = ImageOps.exif_transpose(Image.open(path))
    if image.mode.startswith("I;16"):  # of 16 bits the upper eight: convert would clip
        upper = image.tobytes()["B" not in image.mode :: 2]
        image = Image.frombytes("L", image.size, upper)
    image = image.convert("RGB")
    pixels = torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8)
    inputs.append(names["preprocess"](pixels.view(image.height, image.width, 3)))
    with torch.no_grad():
        answers.append(int(model(inputs[-1][None]).argmax()))
torch.save((torch.stack(inputs), answers, names["CLASSES"]), "seen.pt")
assert "archdsl" not in sys.modules
"""


def draw(folder: Path) -> None:
    """Shapes of four colours, of any size, in every sort of file; some are photographs' size."""
    rng = np.random.default_rng(0)
    for label, name in enumerate(NAMES):
        (folder / name).mkdir(parents=True)
        for number in range(30):
            side = rng.integers(20, 90, 2) if number % 4 else rng.integers(300, 400, 2)
            pixels = rng.integers(0, 120, (*side, 3))
            pixels[side[0] // 4 : side[0] // 2] = 255  # an edge overshoots
            pixels[..., label % 3] += 60 * (label + 1) // 2
            image = Image.fromarray(pixels.clip(0, 255).astype("uint8"))
            if number % 12 == 9:  # a PNG of 16 bits
                image = Image.fromarray(np.asarray(image.convert("L")).astype("uint16") * 256 + 77)
            image.save(folder / name / f"{number}.{('png', 'jpg', 'webp')[number % 3]}")


def smallest(path: str) -> int:
    """The smaller side of an image, above which archdsl decodes a JPEG at a part of its size."""
    with Image.open(path) as image:
        return min(image.size)


@pytest.mark.slow
@pytest.mark.parametrize("channels", [3, 1])
def test_a_winner_sees_elsewhere_what_it_saw_here(channels, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("ARCHDSL_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    draw(tmp_path / "images")
    (tmp_path / "shapes.yaml").write_text(SPEC.format(channels=channels))
    result = archdsl.search("./shapes.yaml", out="run")
    assert result.best is not None
    run = tmp_path / "run"

    spec = archdsl.load("./shapes.yaml")
    proxy = spec.settings().proxy
    recipe, source = Recipe.of(proxy), DataSource.of(proxy)
    network = spec.network()
    data = prepare(recipe, source, network.input, network.classes)
    split, views = held_out_images(data)
    batches = to_judge_by(split, views, data.size, recipe, lambda: torch.device("cpu"))
    here = torch.cat([images for images, _ in batches])
    model = archdsl.build(run / "best.yaml", weights=run / "best.safetensors").eval()
    with torch.no_grad():
        answers = model(here).argmax(1).tolist()

    items = [json.loads(line) for line in (run / "data.jsonl").read_text().splitlines()]
    files = [str(tmp_path / "images" / name) for name, where, *_ in items if where == "test"]
    assert len(files) == len(here)
    done = subprocess.run(
        [*started.python(), "-c", ALONE], cwd=run, input=json.dumps(files), capture_output=True,
        text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    there, predicted, classes = torch.load(run / "seen.pt")

    agreed = np.mean([one == other for one, other in zip(answers, predicted, strict=True)])
    pixels = (there - here).abs() * 0.25 * 255  # back to levels of a byte
    reduced = [path.endswith("jpg") and smallest(path) > 2 * 36 for path in files]
    plain = [not one for one in reduced]
    print(f"largest difference: {pixels.amax():.0f} of 255; whole files {pixels[plain].amax():.0f}")
    assert agreed >= 0.99
    assert pixels[plain].amax() < 0.01
    assert classes == tuple(sorted(NAMES))

    said = Preprocessing.from_spec(archdsl.load(run / "best.yaml").tree["found"]["preprocessing"])
    with safe_open(run / "best.safetensors", "pt") as file:
        metadata = json.loads(file.metadata()["preprocessing"])
    assert Preprocessing.from_record(metadata) == said
    assert said.class_names == classes and said.size == (32, 32) and said.channels == channels
    assert archdsl.export("./run") == archdsl.export("./run/best.yaml")
    assert archdsl.export("./run") == (run / "best.py").read_text()
    page = (run / "report.html").read_text()
    for shown in ("it&#39;s &#34;two&#34;", r"x\udcff", r"ümlaut \u202e", "scaled until it covers"):
        assert shown in page
