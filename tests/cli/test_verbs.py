"""What the verbs on a spec say of it."""

from __future__ import annotations

import subprocess
import sys

import pytest

import archdsl
from archdsl import shipped
from archdsl.components import registry
from archdsl.recipes import names


def test_check_says_that_a_spec_is_right(run, tiny):
    done = run("check", tiny)
    assert (done.code, done.out) == (0, f"{tiny}: right, one architecture\n")


def test_check_says_how_large_a_space_is(run, monkeypatch, tiny_space):
    monkeypatch.setenv("COLUMNS", "1000")
    said = run("check", tiny_space).out
    assert said.startswith(f"{tiny_space}: right, a space of 27 architectures\n")
    data = run("check", tiny_space, "--json").data
    assert (data["name"], data["space"], data["size"]) == ("tiny_space", True, 27)


def test_check_says_of_more_workers_than_trials_that_they_have_nothing_to_do(
    run, monkeypatch, tiny_space
):
    monkeypatch.setenv("COLUMNS", "1000")
    given = ("check", tiny_space, "--set", "search.trials=2", "--set")
    said = "search.workers: 99 workers for 2 trials, 97 of them with no trial to judge"
    done = run(*given, "search.workers=99")
    assert done.code == 0 and f"\n  {said}\n" in done.out
    assert run(*given, "search.workers=99", "--json").data["notes"] == [said]
    assert run(*given, "search.workers=2", "--json").data["notes"] == []


def test_check_says_how_much_fits_and_what_the_budget_does(run, tiny_space):
    space = archdsl.space(str(tiny_space))
    costs = [space.cost(member) for member in space.enumerate()]
    macs = sorted(cost.macs for cost in costs)
    high = macs[13]
    inside = [cost for cost in costs if cost.macs <= high]
    data = run("check", tiny_space, "--set", f"search.budget.macs={high}", "--json").data
    assert data["fits"] == {"low": len(inside), "high": len(inside)}
    assert data["costs"]["macs"] == {
        "smallest": macs[0], "largest": macs[-1], "default": space.cost(space.default()).macs,
    }  # fmt: skip
    assert sum(one["share"] for one in data["histogram"]) == pytest.approx(1)
    addresses = {one["address"] for one in data["effects"]}
    assert addresses == set(space.decisions)
    for address in addresses:
        its = [one for one in data["effects"] if one["address"] == address]
        assert sum(one["after"] for one in its) == pytest.approx(1)
    said = run("check", tiny_space, "--set", f"search.budget.macs={high}").out
    assert f"27 architectures, {len(inside)} of them" in said
    assert "smallest" in said and "what the budget does" in said
    assert "(about)" not in said and all(one["exact"] for one in data["effects"])


def test_check_gives_the_shares_that_visiting_every_member_gives(run, tiny_space):
    space = archdsl.space(str(tiny_space))
    members = [(member.decisions, space.cost(member).macs) for member in space.enumerate()]
    high = sorted(macs for _, macs in members)[13]
    data = run("check", tiny_space, "--set", f"search.budget.macs={high}", "--json").data
    for one in data["effects"]:
        for when, most in (("before", max(macs for _, macs in members)), ("after", high)):
            taking = [d[one["address"]] for d, macs in members if macs <= most]
            share = sum(answer == one["answer"] for answer in taking) / len(taking)
            assert one[when] == pytest.approx(share, abs=1e-12)
        assert one["possible"] == (one["after"] > 0)


def test_check_says_where_a_budget_excludes_nothing(run, tiny_space):
    largest = archdsl.space(str(tiny_space)).bounds("macs")[1]
    patch = "search.budget.macs="
    said = run("check", tiny_space, "--set", f"{patch}{largest}").out
    assert "\n  the budget excludes nothing: every member is inside\n" in said
    assert "what the budget does" not in said
    said = run("check", tiny_space, "--set", f"{patch}{largest - 1}").out
    assert "excludes nothing" not in said
    assert "\n  what the budget does" in said


def test_check_holds_a_spec_without_holes_to_its_budget(run):
    done = run("check", "poolformer_s12", "--set", "search.budget.macs=1G")
    assert done.code == 2 and "the smallest has 1.82G" in done.err
    assert run("check", "poolformer_s12", "--set", "search.budget.macs=2G").code == 0


def test_check_says_why_it_cannot_count(run, monkeypatch):
    monkeypatch.setattr("archdsl.spaces.circuit.building.MAX_CASES", 1)
    done = run("check", "digits")
    assert done.code == 0
    assert "not counted: answers that several parts share have" in done.out
    assert "the default has macs" in done.out


def test_check_proves_that_a_budget_is_impossible(run, tiny_space):
    done = run("check", tiny_space, "--set", "search.budget.macs=1")
    assert done.code == 2
    assert "no architecture of this space fits 1" in done.err


def test_set_changes_a_value(run, tiny_space):
    done = run("check", tiny_space, "--set", "stages.0.depth=1", "--json")
    assert done.data["size"] == 9


def test_set_names_itself_where_it_is_wrong(run, tiny):
    done = run("check", tiny, "--set", "stages.0.dept=1")
    assert done.code == 2
    assert "stages.0" in done.err
    assert "dept" in done.err


def test_no_imports_refuses_python(run, tiny):
    (tiny.parent / "mine.py").write_text("")
    tiny.write_text(tiny.read_text().replace("name: tiny", "name: tiny\nimports: [./mine.py]"))
    assert run("check", tiny).code == 0
    done = run("check", tiny, "--no-imports")
    assert done.code == 2
    assert "imports of ./mine.py are refused here" in done.err


TINY_COUNTED = """\
address                      MACs  params  activations  out
stem.0                      4,608      80          576  8×8×8
stages.0                   32,768     624        1,024  8×8×8
  stages.0.blocks.0–1  ×2  32,768     624        1,024  8×8×8
    norm1                       0      32        1,024  8×8×8
    token_mixer                 0       0        1,024  8×8×8
    norm2                       0      32        1,024  8×8×8
    channel_mixer          32,768     560        1,024  8×8×8
stages.1                   34,816   2,304          768  16×4×4
  stages.1.downsample.0    18,432   1,168          768  16×4×4
  stages.1.blocks.0        16,384   1,136          512  16×4×4
    norm1                       0      32          512  16×4×4
    token_mixer                 0       0          512  16×4×4
    norm2                       0      32          512  16×4×4
    channel_mixer          16,384   1,072          512  16×4×4
head                          160     170          266  10×1×1

tiny                       72,352   3,178        1,024
"""


def test_count_prints_the_cost_by_address_and_in_total(run, tiny):
    assert run("count", tiny).out == TINY_COUNTED
    cost = archdsl.count(tiny)
    mixer = cost.by_address["stages.0.blocks.1.channel_mixer"]
    lines = run("count", tiny, "--all").out.splitlines()
    (at,) = [n for n, line in enumerate(lines) if line.split()[:1] == ["stages.0.blocks.1"]]
    assert lines[at + 4].split()[:3] == ["channel_mixer", f"{mixer.macs:,}", f"{mixer.params:,}"]
    assert not any("×" in line and "  ×" in line for line in lines)


def test_count_as_json_adds_up(run, tiny):
    data = run("count", tiny, "--json").data
    for cost in ("macs", "params", "train_params"):
        assert data[cost] == sum(row[cost] for row in data["by_address"].values())
    assert data["activations"] == max(row["activations"] for row in data["by_address"].values())


def test_count_of_a_space_says_that_it_is_the_default(run, tiny_space):
    done = run("count", tiny_space)
    assert done.out.endswith("a space, counted at its default member\n")
    assert run("count", tiny_space, "--json").data["default_of_a_space"] is True


TINY_DRAWN = """\
tiny: 1×8×8 → 10 classes

address                 out     params   MACs  share
    layer
stem.0                  8×8×8       80  4.61k    6.4 % █
    {type: conv, kernel: 3}
stages.0.blocks.0–1 ×2  8×8×8       32      0      0 %
    token: layer_norm → pooling
                        8×8×8      592  32.8k     45 % ████████
    channel: layer_norm → {type: mlp, ratio: 2}
stages.1.downsample.0   16×4×4   1.17k  18.4k     25 % ████
    {type: conv, kernel: 3, stride: 2}
stages.1.blocks.0       16×4×4      32      0      0 %
    token: layer_norm → pooling
                        16×4×4    1.1k  16.4k     23 % ████
    channel: layer_norm → {type: mlp, ratio: 2}
head                    10×1×1     170    160   0.22 %
    linear
                                 3.18k  72.4k

a row ×N has what all of its N equal blocks cost
"""


def test_show_draws_the_structure_with_equal_blocks_once(run, tiny):
    assert run("show", tiny).out == TINY_DRAWN


def test_show_of_a_space_lists_what_is_left_to_decide(run, tiny_space):
    done = run("show", tiny_space)
    assert "27 architectures, shown at the default; decisions:" in done.out
    line = next(line for line in done.out.splitlines() if "stages.0.token_mixer" in line)
    words = "stages.0.token_mixer pooling sep_conv identity default pooling"
    assert line.split() == words.split()
    data = run("show", tiny_space, "--json").data
    assert data["decisions"]["stages.0.depth"] == {"answers": [1, 2, 3], "default": 2}


def test_show_as_json_has_every_layer_with_its_shapes(run, tiny):
    data = run("show", tiny, "--json").data
    network = archdsl.load(tiny).network()
    assert [row["address"] for row in data["layers"]] == [x.address for x in network.layers()]
    assert data["layers"][0]["out_shape"] == [8, 8, 8]


def test_list_names_the_kinds_and_their_components(run):
    done = run("list")
    assert done.code == 0
    for kind in registry.KINDS:
        assert kind in done.out
    assert "pooling" in run("list", "--json").data["token_mixer"]["names"]


def test_list_of_a_kind_prints_help_and_options(run):
    done = run("list", "token_mixer")
    assert "kernel (odd int, 7)" in done.out
    data = run("list", "token_mixer", "--json").data["token_mixer"]
    assert data["sep_conv"]["options"]["kernel"]["words"] == "kernel (odd int, 7)"
    assert data["sep_conv"]["doc"]


def test_list_keys_names_what_a_spec_takes_on_each_level(run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    done = run("list", "keys")
    assert done.code == 0
    heads = [line for line in done.out.splitlines() if not line.startswith(" ")]
    assert heads == ["a spec", "block", "a stage", "a run"]
    assert "    classes      int from 0                1000  " in done.out
    keys = run("list", "keys", "--json").data["keys"]
    assert keys["run"]["depth"] == {
        "takes": "int from 0 to 1000", "otherwise": "an error", "help": "how many blocks",
    }  # fmt: skip


def test_list_specs_names_what_is_shipped(run):
    done = run("list", "specs")
    assert [line.split()[0] for line in done.out.splitlines()] == shipped.names()
    assert list(run("list", "specs", "--json").data["specs"]) == shipped.names()


def test_list_baselines_names_every_published_model_with_its_figures(run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    done = run("list", "baselines")
    head, *lines = done.out.splitlines()
    assert head.split() == ["name", "params", "MACs", "top-1", "weights"]
    assert sorted(line.split()[0] for line in lines) == shipped.names(shipped.BASELINES)
    (line,) = [line for line in lines if line.startswith("poolformer_s12 ")]
    assert line.split(maxsplit=4) == [
        "poolformer_s12", "11,915,176", "1,812,267,008", "77.2",
        "GitHub, release v1.0 of sail-sg/poolformer",
    ]  # fmt: skip
    assert any(line.startswith("ffnet_4 ") and " 85.3 at 384 " in line for line in lines)
    data = run("list", "baselines", "--json").data["baselines"]
    assert data["poolformer_s12"] == {
        "params": 11_915_176, "macs": 1_812_267_008, "top1": 77.2, "top1_at": None,
        "weights": "GitHub, release v1.0 of sail-sg/poolformer",
    }  # fmt: skip
    assert data["mixer_s16"]["weights"] is None


def test_list_recipes_names_each_with_its_source(run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    done = run("list", "recipes")
    head, *lines = done.out.splitlines()
    assert head.split() == ["name", "epochs", "batch", "optimizer", "rate", "source"]
    (line,) = [line for line in lines if line.startswith("finetune_30 ")]
    assert line.split(maxsplit=5) == [
        "finetune_30", "30", "1,024", "adamw", "5e-05",
        "MetaFormer Baselines for Vision (Yu et al., arXiv 2210.13452), fine-tuning at 384",
    ]  # fmt: skip
    data = run("list", "recipes", "--json").data["recipes"]
    assert sorted(data) == names()
    assert data["ffnet_300"]["augmentation"]["mixup"] == 0.2
    assert data["ffnet_300"]["source"].startswith("MetaMixer Is All You Need ")


@pytest.mark.parametrize("kind", ["baselines", "recipes"])
def test_list_baselines_and_recipes_load_nothing_heavy(kind):
    program = (
        f"import sys; from archdsl.cli import main; main(['list', '{kind}']);"
        "print(sorted({'torch', 'optuna', 'lightning', 'numpy', 'rich'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_export_prints_the_code_or_writes_it(run, tiny, tmp_path):
    printed = run("export", tiny, "--to", "code")
    assert "def tiny(" in printed.out
    path = tmp_path / "best.py"
    assert run("export", tiny, "-o", path).out == f"tiny is written to {path}\n"
    assert path.read_text() == printed.out
    assert run("export", tiny, "--json").data["text"] == printed.out


def test_export_to_an_unknown_form_names_the_known(run, tiny):
    done = run("export", tiny, "--to", "pickle")
    assert done.code == 2
    assert "code" in done.err
