"""With a torch that the table of operators was not checked with, each operator checks itself."""

from __future__ import annotations

import hashlib
import json
import warnings
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import archdsl
from archdsl.cli import main
from archdsl.cost import contractions, origin, ready, self_check, table
from archdsl.cost import store as stores
from archdsl.cost.by_hand import DISGUISED, FORMS, HandCount
from archdsl.cost.flow import roles
from archdsl.cost.operators import CHECKED_WITH
from archdsl.cost.operators import table as all_rules
from archdsl.cost.trace import CountRefused
from archdsl.errors import CountError

WHERE = "stages.0.blocks.1.token_mixer"
PAGE = Path(__file__).parents[2] / "docs" / "versions.md"
CURE = "install torch 2.13, 2.14 or 2.15, or give the module a method `macs`"

SPEC = """
archdsl: 1
name: small
input: [3, 16, 16]
stem: {{type: conv, kernel: 4, stride: 4}}
block: {{norm: layer_norm, channel_mixer: none}}
stages:
  - {{dim: 8, depth: 1, token_mixer: {mixer}}}
"""


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setenv("ARCHDSL_CACHE", str(tmp_path / "cache"))
    another_process(monkeypatch)
    yield tmp_path / "cache"
    forget()


def forget():
    stores.forget()
    origin.counter_version.cache_clear()
    self_check._refusals.cache_clear()


def another_process(monkeypatch, version=None):
    monkeypatch.setattr(table, "_known", {})
    if version is not None:
        monkeypatch.setattr(torch, "__version__", version)
    forget()


@pytest.fixture
def checks(monkeypatch):
    """How often it was checked, and with what version."""
    seen = []
    check = self_check.check

    def counted():
        seen.append(torch.__version__)
        return check()

    monkeypatch.setattr(self_check, "check", counted)
    return seen


@pytest.fixture
def few(monkeypatch):
    """A table of few operators, where it matters not how many there are."""
    monkeypatch.setattr(self_check, "FORMS", {"aten::linear": FORMS["aten::linear"]})
    monkeypatch.setattr(self_check, "DISGUISED", {"aten::sum": DISGUISED["aten::sum"]})


def off_by_one(monkeypatch, rules, name):
    rule = rules[name]
    monkeypatch.setitem(rules, name, lambda inputs, outputs: rule(inputs, outputs) + 1)


def small(tmp_path, mixer):
    (tmp_path / "small.yaml").write_text(SPEC.format(mixer=mixer), "utf-8")
    return archdsl.load(tmp_path / "small.yaml")


def test_every_operator_of_the_table_has_its_form():
    assert FORMS.keys() == all_rules().keys()


def test_every_operator_costs_here_what_it_costs_by_hand():
    found = self_check.check()
    assert {name: each.macs for name, each in found.items()} == {
        name: form.macs for name, form in FORMS.items()
    }
    assert self_check.disagreements(found) == {}


def test_another_version_counts_as_the_pinned_one_does(monkeypatch, checks):
    another_process(monkeypatch, "2.99.0")
    assert archdsl.count("poolformer_s12").macs == 1_812_267_008
    assert checks == ["2.99.0"]


def test_every_operator_that_adds_up_has_a_contraction_in_disguise():
    named = roles.SUMS | roles.SQUARES | roles.NORMS | roles.RUNNING_SUMS | roles.POOLS.keys()
    leaves = {"frobenius_norm"}  # torch says so itself, with a warning that nothing can silence
    assert {f"aten::{name}" for name in named - leaves} == DISGUISED.keys() - {"aten::add"}


def test_no_contraction_in_disguise_goes_unseen_here():
    assert self_check.unseen() == {}
    for name, run in DISGUISED.items():
        with pytest.raises(CountRefused, match="is a contraction, which no counter sees"):
            self_check._traced(run)
        assert self_check._traced(lambda x, name=name: plain(name, x)).macs == 0


def plain(name, x):
    """The operator on what is no product."""
    call = getattr(torch.ops.aten, name.removeprefix("aten::"))
    match name.removeprefix("aten::"):
        case "avg_pool1d" | "adaptive_avg_pool1d":
            return call(x[0], [3])
        case "avg_pool2d" | "adaptive_avg_pool2d":
            return call(x, [3, 3])
        case "avg_pool3d" | "adaptive_avg_pool3d":
            return call(x, [3, 3, 3])
        case "norm" | "linalg_vector_norm":
            return call(x, 2, [1])
        case "cumsum":
            return call(x, 1)
        case "add":
            return call(x, x.flip(1))
        case _:
            return call(x, [1])


def test_an_operator_that_adds_products_up_unseen_is_refused(monkeypatch, of):
    monkeypatch.setitem(DISGUISED, "aten::mean", lambda x: x.mean(1))
    another_process(monkeypatch, "2.99.0")
    with pytest.raises(CountError) as caught:
        of(lambda m, x: x.mean(1, keepdim=True))
    assert str(caught.value) == (
        f"{WHERE}: aten::mean: its count cannot be relied on with torch 2.99.0, where a product "
        f"of two tensors that aten::mean adds up goes unseen.  {CURE}"
    )
    assert of(lambda m, x: x.sum(1, keepdim=True)).macs == 0


@pytest.mark.parametrize(
    "version", ["2.16.0", "2.12.1", "3.13.0", "2.15.0a0+git", "2.15.0.dev20260101", "2.130.0"]
)
def test_a_version_that_was_not_checked_checks_itself_once(monkeypatch, few, checks, of, version):
    another_process(monkeypatch, version)
    assert of(lambda m, x: F.linear(x, m.weight[:6, :6])).macs == 8 * 6 * 6 * 6
    assert of(lambda m, x: x).macs == 0
    assert checks == [version]


@pytest.mark.parametrize("version", [f"{minor}.{end}" for minor in CHECKED_WITH for end in "07"])
def test_a_version_that_was_checked_does_not(monkeypatch, checks, of, version):
    for label in ("", "+cpu", "+cu132"):
        another_process(monkeypatch, version + label)
        assert of(lambda m, x: F.linear(x, m.weight[:6, :6])).macs == 8 * 6 * 6 * 6
    assert checks == []


def test_the_torch_that_is_here_was_checked():
    assert self_check._minor(str(torch.__version__)) in CHECKED_WITH


def test_an_operator_that_disagrees_is_refused_and_others_go_on(monkeypatch, of):
    off_by_one(monkeypatch, contractions.CONTRACTIONS, "aten::linear")
    another_process(monkeypatch, "2.99.0")
    with pytest.raises(CountError) as caught:
        of(lambda m, x: F.linear(x, m.weight[:6, :6]))
    assert str(caught.value) == (
        f"{WHERE}: aten::linear: its count cannot be relied on with torch 2.99.0, where "
        f"aten::linear alone, 1,440 MACs by hand, is counted as 1,441.  {CURE}"
    )
    assert of(lambda m, x: x @ m.weight[:6, :6]).macs == 8 * 6 * 6 * 6


def test_a_spec_that_needs_it_is_refused_and_its_neighbour_counted(monkeypatch, tmp_path):
    good = archdsl.count(small(tmp_path, "pooling"))
    name = "aten::scaled_dot_product_attention"
    off_by_one(monkeypatch, contractions.CONTRACTIONS, name)
    another_process(monkeypatch, "2.99.0")
    with pytest.raises(CountError) as caught:
        archdsl.count(small(tmp_path, "{type: attention, head_dim: 4}"))
    assert str(caught.value) == (
        f"stages.0.blocks.0.token_mixer: {name}: its count cannot be relied on with torch "
        f"2.99.0, where {name} alone, 5,184 MACs by hand, is counted as 5,185.  {CURE}"
    )
    assert str(caught.value) in PAGE.read_text("utf-8")
    assert archdsl.count(small(tmp_path, "pooling")) == good


def test_the_command_line_says_so(monkeypatch, tmp_path, capsys):
    off_by_one(monkeypatch, contractions.CONTRACTIONS, "aten::_convolution")
    another_process(monkeypatch, "2.99.0")
    small(tmp_path, "pooling")
    assert main(["count", str(tmp_path / "small.yaml")]) == 2
    assert (
        "stem.0.conv: aten::_convolution: its count cannot be relied on" in capsys.readouterr().err
    )


def test_a_checked_version_is_believed(monkeypatch, of):
    off_by_one(monkeypatch, contractions.CONTRACTIONS, "aten::linear")
    assert of(lambda m, x: F.linear(x, m.weight[:6, :6])).macs == 8 * 6 * 6 * 6 + 1


def test_an_operator_that_fails_is_refused_with_its_reason(monkeypatch, of):
    def broken(inputs, outputs):
        return inputs[9]

    monkeypatch.setitem(contractions.CONTRACTIONS, "aten::mm", broken)
    another_process(monkeypatch, "2.99.0")
    why = (
        r"where aten::mm alone, 252 MACs by hand, is refused: the rule for aten::mm fails: "
        r"IndexError: list index out of range\.  install torch"
    )
    with pytest.raises(CountError, match=why):
        of(lambda m, x: x + torch.mm(x[0, 0], x[0, 0]))
    assert of(lambda m, x: x + torch.mv(x[0, 0], x[0, 0, 0])).macs == 36


def test_an_operator_that_is_gone_stops_nobody(monkeypatch, of):
    monkeypatch.setitem(FORMS, "aten::mm", HandCount(252, lambda x: torch.ops.aten.gone(x)))
    another_process(monkeypatch, "2.99.0")
    assert of(lambda m, x: x + torch.mv(x[0, 0], x[0, 0, 0])).macs == 36
    assert set(self_check.refusals()) == {"aten::mm"}


def test_an_operator_that_is_deprecated_warns_nobody(monkeypatch):
    def deprecated(x):
        warnings.warn("it is on its way out", FutureWarning, stacklevel=1)
        return torch.mm(x[0, 0], torch.zeros(6, 7))

    monkeypatch.setitem(FORMS, "aten::mm", HandCount(252, deprecated))
    another_process(monkeypatch, "2.99.0")
    assert self_check.refusals() == {}


def test_what_an_operator_is_traced_to_is_refused_with_it(monkeypatch, of):
    # a convolution of two axes never stands in a trace by its own name
    monkeypatch.setitem(FORMS, "aten::conv2d", FORMS["aten::conv2d"]._replace(macs=1))
    another_process(monkeypatch, "2.99.0")
    weight = torch.zeros(12, 8, 3, 3)
    with pytest.raises(CountError, match=r"aten::_convolution: .* aten::conv2d alone, 1 MACs"):
        of(lambda m, x: F.conv2d(x, weight))
    assert of(lambda m, x: F.conv2d(x, weight, padding="same")).macs == 36 * 12 * 8 * 9


def test_work_done_by_operators_that_are_free_is_refused_with_it(monkeypatch, of):
    monkeypatch.setitem(FORMS, "aten::mm", HandCount(252, lambda x: x.neg().abs()))
    another_process(monkeypatch, "2.99.0")
    for free in (torch.neg, torch.abs):
        with pytest.raises(CountError, match=f"aten::{free.__name__}: its count cannot be relied"):
            of(lambda m, x, free=free: free(x))
    assert of(lambda m, x: x.exp()).macs == 0


def test_a_rule_of_ones_own_stands_in_for_a_ready_one_that_disagrees(monkeypatch, of):
    off_by_one(monkeypatch, ready.READY, "aten::cumsum")
    another_process(monkeypatch, "2.99.0")
    with pytest.raises(CountError, match="aten::cumsum alone, 0 MACs by hand, is counted as 1"):
        of(lambda m, x: x.cumsum(1))
    archdsl.macs("aten::cumsum")(lambda inputs, outputs: 7)
    assert of(lambda m, x: x.cumsum(1)).macs == 7


def test_a_rule_of_ones_own_is_not_what_is_checked(monkeypatch):
    archdsl.macs("aten::cumsum")(lambda inputs, outputs: 7)
    assert self_check.check()["aten::cumsum"].macs == 0


def test_a_module_that_says_what_it_costs_is_believed(monkeypatch):
    class Said(nn.Linear):
        def macs(self, x):
            return 5

    from archdsl.cost.measure import measure

    off_by_one(monkeypatch, contractions.CONTRACTIONS, "aten::linear")
    another_process(monkeypatch, "2.99.0")
    assert measure(lambda: Said(6, 6), (8, 6, 6), WHERE).macs == 5
    with pytest.raises(CountError, match="aten::linear: its count cannot be relied on"):
        measure(lambda: nn.Linear(6, 6), (8, 6, 6), WHERE)


def test_what_was_found_is_kept_for_the_next_process(monkeypatch, few, checks, cache):
    off_by_one(monkeypatch, contractions.CONTRACTIONS, "aten::linear")
    for _ in range(3):
        another_process(monkeypatch, "2.99.0")
        assert set(self_check.refusals()) >= {"aten::linear"}
    assert checks == ["2.99.0"]
    assert len(entries(cache)) == 1


def entries(cache: Path) -> list[Path]:
    return sorted(cache.glob("self_check_*"))


def test_another_version_and_another_table_have_their_own_entries(monkeypatch, few, checks, cache):
    versions = ["2.98.0", "2.99.0", "2.98.0", "2.99.0", "2.99.0+cpu"]
    for version in versions:
        another_process(monkeypatch, version)
        assert self_check.refusals() == {}
    assert checks == ["2.98.0", "2.99.0", "2.99.0+cpu"]
    monkeypatch.setattr(origin, "VERSION", "99")
    another_process(monkeypatch, "2.98.0")
    assert self_check.refusals() == {}
    assert checks == ["2.98.0", "2.99.0", "2.99.0+cpu", "2.98.0"]
    assert len(entries(cache)) == 4


def signed(text: str) -> bytes:
    return f"{hashlib.sha256(text.encode()).hexdigest()}\n{text}".encode()


@pytest.mark.parametrize(
    "damage",
    [
        lambda whole, key: b"",
        lambda whole, key: whole[:-3],
        lambda whole, key: whole.replace(b"{}", b'{"aten::linear": "x"}'),
        lambda whole, key: whole[::-1],
        lambda whole, key: b"\xff\x00" + whole,
        lambda whole, key: signed("[" * 100_000),
        lambda whole, key: signed("[1, 2"),
        lambda whole, key: signed(json.dumps({key: {}})),
        lambda whole, key: signed(json.dumps([key, []])),
        lambda whole, key: signed(json.dumps([key, {"aten::linear": 1}])),
        lambda whole, key: signed(json.dumps([key, {}, 1])),
        lambda whole, key: signed(json.dumps(["of another counter", {"aten::linear": "x"}])),
    ],
)
def test_an_entry_that_is_damaged_or_foreign_is_found_anew(monkeypatch, few, checks, cache, damage):
    another_process(monkeypatch, "2.99.0")
    assert self_check.refusals() == {}
    (path,) = entries(cache)
    whole = path.read_bytes()
    path.write_bytes(damage(whole, origin.counter_version()))
    another_process(monkeypatch, "2.99.0")
    assert self_check.refusals() == {}
    assert len(checks) == 2
    assert path.read_bytes() == whole
    another_process(monkeypatch, "2.99.0")
    assert self_check.refusals() == {}
    assert len(checks) == 2


def test_an_entry_in_the_right_form_is_believed(monkeypatch, few, checks, cache):
    another_process(monkeypatch, "2.99.0")
    assert self_check.refusals() == {}
    (path,) = entries(cache)
    path.write_bytes(signed(json.dumps([origin.counter_version(), {"aten::linear": "x"}])))
    another_process(monkeypatch, "2.99.0")
    assert set(self_check.refusals()) == {"aten::linear"}
    assert len(checks) == 1


def test_where_nothing_can_be_kept_each_process_checks(monkeypatch, few, checks, tmp_path, of):
    (tmp_path / "file").write_text("", "utf-8")
    monkeypatch.setenv("ARCHDSL_CACHE", str(tmp_path / "file" / "cache"))
    for _ in range(2):
        another_process(monkeypatch, "2.99.0")
        assert of(lambda m, x: F.linear(x, m.weight[:6, :6])).macs == 8 * 6 * 6 * 6
    assert len(checks) == 2


def test_a_counter_that_cannot_be_read_is_checked_in_each_process(monkeypatch, few, checks, cache):
    monkeypatch.setattr(self_check, "counter_version", lambda: "")
    for _ in range(2):
        another_process(monkeypatch, "2.99.0")
        assert self_check.refusals() == {}
    assert len(checks) == 2
    assert entries(cache) == []
