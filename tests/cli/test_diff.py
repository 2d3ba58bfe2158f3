"""`diff` and the drawings of `show`, from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

import archdsl

PATCHED = """\
tiny → tiny

stages.0.blocks.0–1.channel_mixer ×2  changed  ratio 2 → 3
stages.1.blocks.0.channel_mixer       changed  ratio 2 → 3

                   MACs                        params
stem              4.61k       =                    80     =
stages.0  32.8k → 49.2k  +16.4k  +50 %      624 → 896  +272  +44 %
stages.1    34.8k → 43k  +8.19k  +24 %   2.3k → 2.83k  +528  +23 %
head                160       =                   170     =
total     72.4k → 96.9k  +24.6k  +34 %  3.18k → 3.98k  +800  +25 %
"""


def test_a_patch_is_compared_with_what_it_patches(run, tiny):
    done = run("diff", tiny, tiny, "--set", "block.channel_mixer.ratio=3")
    assert (done.code, done.out) == (0, PATCHED)


def test_equal_specs_are_said_to_be_equal(run, tiny):
    done = run("diff", tiny, tiny)
    assert (done.code, done.out) == (0, "tiny → tiny: equal in structure and in cost\n")
    assert run("diff", tiny, tiny, "--json").data["equal"] is True


def test_as_json_it_has_what_python_has(run, tiny, tiny_space):
    data = run("diff", tiny, tiny_space, "--json").data
    assert data == archdsl.diff(tiny, tiny_space).record()
    assert {one["address"] for one in data["decisions"]} >= {"stages.0.depth"}
    total = data["costs"][-1]
    assert total["place"] == "total"
    assert total["macs"]["after"] - total["macs"]["before"] == total["macs"]["difference"]


@pytest.mark.parametrize("ending", ["svg", "png"])
def test_pictures_are_written(run, tiny, tiny_space, ending):
    one, both = tiny.parent / f"one.{ending}", tiny.parent / f"both.{ending}"
    assert run("show", tiny_space, "--draw", one).out.endswith(f"drawn to {one}\n")
    assert run("diff", tiny, tiny_space, "--draw", both).out.endswith(f"drawn to {both}\n")
    assert run("show", tiny, "--draw", one, "--json").data["drawn"] == str(one)
    assert one.stat().st_size and both.stat().st_size


@pytest.mark.parametrize("line", [("show",), ("diff", "poolformer_s12")])
def test_another_ending_is_refused_before_anything_is_read(run, line):
    done = run(line[0], *line[1:], "nothing_at_all", "--draw", "a.pdf")
    assert done.code == 2
    assert "argument --draw: a drawing is written as .svg or .png, and not to 'a.pdf'" in done.err


def test_show_says_costs_by_row_and_as_json_by_layer(run, tiny):
    cost = archdsl.count(tiny)
    data = run("show", tiny, "--json").data
    assert (data["macs"], data["params"]) == (cost.macs, cost.params)
    rows = [*data["layers"], *data["vectors"]]
    assert sum(row["macs"] for row in rows) == cost.macs
    assert sum(row["params"] for row in rows) == cost.params


@pytest.mark.parametrize("name", ["poolformer_s12", "deit_tiny", "transnext_micro"])
def test_the_rows_of_show_have_all_that_is_counted(name):
    from archdsl.compiler.outline import outline

    counted = [address for row in outline(archdsl.load(name).network()) for address in row.costs]
    assert sorted(counted) == sorted(archdsl.count(name).by_address)


def test_show_goes_on_where_a_cost_is_not_known(run, tiny):
    folder: Path = tiny.parent
    (folder / "mine.py").write_text(
        "import torch\nfrom torch import nn\n\nimport archdsl\n\n\n"
        "@archdsl.token_mixer('shown_uncounted')\nclass ShownUncounted(nn.Module):\n"
        '    """A product along channels, which no rule counts."""\n\n'
        "    def __init__(self, dim: int) -> None:\n        super().__init__()\n\n"
        "    def forward(self, x):\n        return torch.cumprod(x, 1)\n"
    )
    file = folder / "mine.yaml"
    file.write_text(
        "archdsl: 1\nname: mine\nextends: ./tiny.yaml\nimports: [./mine.py]\n"
        "stages.1.token_mixer: shown_uncounted\n"
    )
    done = run("show", file)
    assert done.code == 0
    assert "its cost is not known: stages.1.blocks.0.token_mixer: " in " ".join(done.out.split())
    assert run("show", file, "--json").data["macs"] is None
    both = run("diff", tiny, file)
    assert both.code == 0
    assert "their costs are not compared: " in both.out
