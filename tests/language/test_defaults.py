"""A default that no spec could say is refused when its class is registered, with its place."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import archdsl
from archdsl.components import registry
from archdsl.errors import ArchError, SpecError
from tests import started

FILE = """\
import math
from enum import StrEnum
from functools import partial
from typing import Literal

import torch
from torch import nn

from archdsl import Act, Fraction, Layer, Norm, Odd, act, norm, token_mixer
from archdsl.nn.layers import Conv
from archdsl.nn.norms import BatchNorm, GroupNorm, LayerNorm


class Mine(nn.Module):
    def __init__(self, *, by: float = 2.0):
        super().__init__()
        self.by = by

    def forward(self, x):
        return x * self.by


class Way(StrEnum):
    ROWS = "rows"


@token_mixer("toy")
class Toy(nn.Module):
    def __init__(self, dim, *, {signature}):
        super().__init__()

    def forward(self, x):
        return x
"""
LINE = 27


def spec_of(folder: Path, signature: str, above: str = "", below: str = "") -> Path:
    text = FILE.replace("{signature}", signature).replace(
        "\n@token_mixer", f"{above}\n@token_mixer"
    )
    (folder / "toy.py").write_text(text + below, encoding="utf-8")
    spec = folder / "toy.yaml"
    spec.write_text(
        "archdsl: 1\nimports: [./toy.py]\ninput: [3, 8, 8]\nstem: {type: conv, kernel: 3}\n"
        "stages: [{dim: 8, depth: 1, token_mixer: toy}]\n",
        encoding="utf-8",
    )
    return spec


ACT = "(archdsl list act)"
CHANGE = "change the default or the type"
AROUND = "or write a class of your own around it"

# A default, its nearest good neighbour, and what is said of it.
REFUSED = [
    ("a: Odd = 4", "a: Odd = 5", f"is 4, which is not an odd int.  {CHANGE}"),
    ("a: int = 2.5", "a: float = 2.5", f"is 2.5, which is not an int.  {CHANGE}"),
    ("a: int = True", "a: bool = True", f"is true, which is not an int.  {CHANGE}"),
    ("a: bool = 1", "a: int = 1", f"is 1, which is not true or false.  {CHANGE}"),
    ("a: int = '2k'", "a: int = 2000", f"is '2k', which is not an int.  {CHANGE}"),
    (
        "a: Fraction = 1.5",
        "a: Fraction = 1",
        f"is 1.5, which is not a number from 0 to 1.  {CHANGE}",
    ),
    (
        "a: float = math.inf",
        "a: float | None = None",
        "is inf, which is not a number.  a spec holds finite numbers; write one, or the type with"
        "  | None",
    ),
    (
        "a: Literal['b', 'c'] = 'd'",
        "a: Literal['b', 'c'] = 'c'",
        f"is 'd', which is not one of b | c.  {CHANGE}",
    ),
    ("a: str = 3", "a: str = '3'", f"is 3, which is not a text.  {CHANGE}"),
    (
        "a: str = '$x'",
        "a: str = 'x$'",
        f"is '$x', which a spec reads as an expression.  {CHANGE}",
    ),
    (
        "a: str = Way.ROWS",
        "a: str = Way.ROWS.value",
        "is <Way.ROWS: 'rows'>, which is no plain value.  write the plain value",
    ),
    (
        "a: str = None",
        "a: str | None = None",
        "is None, which is not a text.  write the type with  | None, or another default",
    ),
    (
        "a: Norm = None",
        "a: Norm | None = None",
        "is None, which is not a norm.  write the type with  | None, or another default",
    ),
    ("a: list[Odd] = 3", "a: list[Odd] = [3]", f"is 3, which is not a list of odd int.  {CHANGE}"),
    (
        "a: list[Odd] = [3, 4]",
        "a: list[Odd] = (3, 5)",
        f"is a list with 4, which is not an odd int.  {CHANGE}",
    ),
    (
        "a: tuple[int, int] = (1, 2, 3)",
        "a: tuple[int, ...] = (1, 2, 3)",
        f"is [1, 2, 3], which is not a list of 2 int.  {CHANGE}",
    ),
    (
        "a: list[Norm] = LayerNorm",
        "a: list[Norm] = [LayerNorm]",
        f"is LayerNorm, which is not a list of norm.  {CHANGE}",
    ),
    (
        "a: Act = 'gelu'",
        "a: Act = nn.GELU",
        "is the text 'gelu', and Python calls it as a class.  give the class that is gelu in a spec"
        f"  {ACT}",
    ),
    (
        "a: Act = lambda: nn.GELU()",
        "a: Act = partial(nn.GELU)",
        "is a function, which no spec can say.  give a registered class, or functools.partial of "
        "one",
    ),
    (
        "a: Act = torch.relu",
        "a: Act = nn.ReLU",
        "is a function, which no spec can say.  give a registered class, or functools.partial of "
        "one",
    ),
    (
        "a: Act = nn.GELU()",
        "a: Act = nn.GELU",
        "is an instance of GELU, which all layers would share.  give the class, or "
        "functools.partial of it",
    ),
    (
        "a: Norm = nn.BatchNorm2d",
        "a: Norm = BatchNorm",
        "is BatchNorm2d, which is no registered norm.  write BatchNorm of archdsl.nn.norms, which "
        "is batch_norm",
    ),
    (
        "a: Norm | None = partial(nn.LayerNorm, eps=1e-5)",
        "a: Norm | None = partial(LayerNorm, eps=1e-5)",
        "is LayerNorm, which is no registered norm.  write LayerNorm of archdsl.nn.norms, which is "
        "layer_norm",
    ),
    (
        "a: Act = nn.GLU",
        "a: Act = nn.SiLU",
        f"is GLU, which is no registered act.  choose one  {ACT}, {AROUND}",
    ),
    (
        "a: Norm = nn.GELU",
        "a: Act = nn.GELU",
        f"is GELU, which is an act and no norm.  choose one  (archdsl list norm), {AROUND}",
    ),
    (
        "a: Act = Mine",
        "a: Act = nn.Identity",
        'is Mine, which is no registered act.  register it:  @act("mine")',
    ),
    (
        "a: Act = partial(nn.LeakyReLU, slope=0.5)",
        "a: Act = partial(nn.LeakyReLU, 0.5)",
        "sets 'slope', which leaky_relu does not have.  leaky_relu takes: negative_slope "
        "(number, 0.01)",
    ),
    (
        "a: Act = partial(nn.ELU, alhpa=0.5)",
        "a: Act = partial(nn.ELU, alpha=0.5)",
        "sets 'alhpa', which elu does not have.  did you mean 'alpha'?  elu takes: alpha "
        "(number, 1)",
    ),
    (
        "a: Act = partial(nn.ReLU, inplace=True)",
        "a: Act = nn.ReLU",
        "sets 'inplace', which relu does not have.  leave it out: it changes no result",
    ),
    (
        "a: Act = partial(nn.PReLU, 8)",
        "a: Act = partial(nn.PReLU, init=0.1)",
        "sets 'num_parameters', which prelu does not have.  prelu takes: init (number, 0.25)",
    ),
    (
        "a: Act = partial(nn.Softplus, 1, 2, 3)",
        "a: Act = partial(nn.Softplus, 1, 2)",
        "has 3 arguments without a name, and Softplus takes 2.  name them, as in  "
        "partial(nn.LeakyReLU, negative_slope=0.1)",
    ),
    (
        "a: Act = partial(nn.ELU, 1, alpha=2)",
        "a: Act = partial(partial(nn.ELU, alpha=1), alpha=2)",
        "sets 'alpha' twice.  say it once",
    ),
    (
        "a: Act = partial(nn.GELU, 'tan')",
        "a: Act = partial(nn.GELU, 'tanh')",
        f"sets 'approximate' to 'tan', which is not one of none | tanh.  {CHANGE}",
    ),
    (
        "a: Act = partial(nn.Hardtanh, 2)",
        "a: Act = partial(nn.Hardtanh, 2, 3)",
        "gives hardtanh, which has min_val 2 and max_val 1.  choose a min_val below max_val",
    ),
    (
        "a: Act = nn.Threshold",
        "a: Act = partial(nn.Threshold, 1, 0)",
        "gives threshold without its option 'threshold'.  threshold takes: threshold (number, "
        "required), value (number, required)",
    ),
    (
        "a: Norm = partial(LayerNorm, 64)",
        "a: Norm = LayerNorm",
        "sets 'dim', which the compiler gives.  leave dim out of the partial",
    ),
    (
        "a: Norm = partial(GroupNorm, groups=0)",
        "a: Norm = partial(GroupNorm, groups=1)",
        f"sets 'groups' to 0, which is not a positive int.  {CHANGE}",
    ),
    (
        "a: Layer = partial(Conv, kernel=3, norm='batch_norm')",
        "a: Layer = partial(Conv, kernel=3, norm=BatchNorm)",
        "sets 'norm' to the text 'batch_norm', and Python calls it as a class.  give the class "
        "that is batch_norm in a spec  (archdsl list norm)",
    ),
    (
        "a: Layer = partial(Conv, kernel=3, act=partial(nn.ELU, 'x'))",
        "a: Layer = partial(Conv, kernel=3, act=partial(nn.ELU, 2))",
        f"sets 'act', which sets 'alpha' to 'x', which is not a number.  {CHANGE}",
    ),
    (
        "a: list[Norm] = [LayerNorm, partial(LayerNorm, eps=0)]",
        "a: list[Norm] = [LayerNorm, partial(LayerNorm, eps=1)]",
        "is a list, an element of which sets 'eps' to 0, which is not a positive number.  "
        f"{CHANGE}",
    ),
]


@pytest.mark.parametrize(("bad", "good", "words"), REFUSED, ids=[bad for bad, _, _ in REFUSED])
def test_a_default_that_no_spec_could_say_is_refused(
    tmp_path: Path, bad: str, good: str, words: str
) -> None:
    spec = spec_of(tmp_path, bad)
    with pytest.raises(SpecError) as caught:
        archdsl.load(spec)
    line = f"{tmp_path / 'toy.py'}:{LINE}"
    # at its own line, or, where the rest of the file had to be read first, at the spec's
    places = (f"{line}:2: imports: ", f"{tmp_path / 'toy.yaml'}:2:1: imports: {line}: ")
    said = str(caught.value).splitlines()[0]
    assert said in [f"{place}token mixer 'toy': the default of 'a' {words}" for place in places]
    archdsl.build(archdsl.load(spec_of(tmp_path, good)))


def test_a_class_may_be_registered_below_the_default_that_names_it(tmp_path: Path) -> None:
    spec = spec_of(tmp_path, "a: Act = partial(Mine, by=3)", below='\n\nact("mine")(Mine)\n')
    [block] = archdsl.load(spec).network().blocks()
    [(_, made)] = block.branches[0].mixers[0].component.options
    assert (made.type, made.options) == ("mine", (("by", 3),))


def test_a_class_may_be_registered_in_a_later_file(tmp_path: Path) -> None:
    spec = spec_of(tmp_path, "a: Act = Mine")
    toy = tmp_path / "toy.py"
    (tmp_path / "later.py").write_text(
        "import sys\nfrom archdsl import act\n"
        f"[toy] = [m for m in sys.modules.values() if vars(m).get('__file__') == {str(toy)!r}]\n"
        "act('mine')(toy.Mine)\n"
    )
    spec.write_text(spec.read_text().replace("[./toy.py]", "[./toy.py, ./later.py]"))
    archdsl.build(archdsl.load(spec))


def test_a_class_of_which_another_copy_is_registered_is_the_same(tmp_path: Path) -> None:
    """`import acts` and `imports: [./acts.py]` load one file under two names."""
    (tmp_path / "acts_of_mine.py").write_text(
        "from torch import nn\nfrom archdsl import act\n\n\n"
        '@act("doubled")\nclass Doubled(nn.Identity):\n    pass\n'
    )
    above = f"\n\nimport sys\nsys.path.insert(0, {str(tmp_path)!r})\n"
    above += "import acts_of_mine\nsys.path.pop(0)\n\n"
    spec = spec_of(tmp_path, "a: Act = acts_of_mine.Doubled", above)
    text = spec.read_text().replace("[./toy.py]", "[./toy.py, ./acts_of_mine.py]")
    spec.write_text(text)
    archdsl.load(spec)
    spec.with_name("toy.py").write_text(spec.with_name("toy.py").read_text() + "\n# edited\n")
    archdsl.build(archdsl.load(spec))


def test_a_component_that_was_never_used_is_refused_all_the_same(tmp_path: Path) -> None:
    spec = spec_of(tmp_path, "a: Act = Mine")
    spec.write_text(spec.read_text().replace("token_mixer: toy", "token_mixer: pooling"))
    with pytest.raises(SpecError, match="the default of 'a' is Mine, which is no registered act"):
        archdsl.load(spec)


WITHOUT_THE_VOCABULARY = """
import sys
from functools import partial

from torch import nn

from archdsl import Act, Norm, token_mixer

@token_mixer("toy")
class Toy(nn.Module):
    def __init__(self, dim, *, act: Act = partial(nn.LeakyReLU, 0.5), norm: Norm = {norm}):
        super().__init__()
        self.act = act()

    def forward(self, x):
        return self.act(x)

assert "archdsl.nn" not in sys.modules
import archdsl
model = archdsl.build({{"archdsl": 1, "name": "toy", "input": [3, 8, 8],
    "stem": {{"type": "conv", "kernel": 3}},
    "stages": [{{"dim": 8, "depth": 1, "token_mixer": "toy"}}]}})
print(model.get_submodule("stages.0.blocks.0.token_mixer.act"))
"""


def run(program: str) -> str:
    done = subprocess.run([*started.python(), "-c", program], capture_output=True, text=True)
    return done.stdout + done.stderr


def test_a_default_is_read_with_the_vocabulary_if_that_comes_later() -> None:
    good = WITHOUT_THE_VOCABULARY.replace(", norm: Norm = {norm}", "")
    assert run(good.format()) == "LeakyReLU(negative_slope=0.5)\n"
    said = run(WITHOUT_THE_VOCABULARY.format(norm="nn.BatchNorm2d"))
    assert "write BatchNorm of archdsl.nn.norms, which is batch_norm" in said


def test_a_second_name_is_taken(tmp_path: Path) -> None:
    spec = spec_of(
        tmp_path, "a: int = 1", above='\n\n@act("swish")\nclass Own(Mine):\n    pass\n\n'
    )
    with pytest.raises(SpecError) as caught:
        archdsl.load(spec)
    assert "the act name 'swish' is taken: it stands for silu.  choose another name" in str(
        caught.value
    )


def test_what_waits_is_said_when_it_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(SpecError):
        archdsl.load(spec_of(tmp_path, "a: Act = Mine"))
    for _ in range(2):
        with pytest.raises(ArchError, match="which is no registered act"):
            registry.find("token_mixer", "toy")


@pytest.mark.parametrize(
    ("signature", "spelt", "other"),
    [
        ("a: Act = partial(nn.LeakyReLU, 0.5)", "{type: leaky_relu, negative_slope: 0.5}", "relu"),
        ("a: Act = nn.SiLU", "swish", "relu"),
        ("a: Act = partial(nn.GELU, 'tanh')", "gelu_tanh", "gelu"),
        ("a: Act = nn.GELU", "{type: gelu, approximate: none}", "gelu_tanh"),
        ("a: list[Odd] = (3, 5)", "[3, 5]", "[3, 3]"),
        ("a: list[Norm] = (LayerNorm,)", "[layer_norm]", "[batch_norm]"),
    ],
)
def test_a_hole_begins_with_the_option_that_says_what_the_parent_left_unsaid(
    tmp_path: Path, signature: str, spelt: str, other: str
) -> None:
    spec_of(tmp_path, signature)
    child = tmp_path / "child.yaml"
    child.write_text(
        "archdsl: 1\nextends: ./toy.yaml\nstages.0.token_mixer:\n  choice:\n"
        f"    - {{type: toy, a: {other}, label: other}}\n"
        f"    - {{type: toy, a: {spelt}, label: spelt}}\n"
    )
    member = archdsl.space(child).default()
    assert member.decisions == {"stages.0.token_mixer": "spelt"}


def test_a_list_of_fixed_length_is_held_to_it(tmp_path: Path) -> None:
    spec = spec_of(tmp_path, "a: tuple[int, int] = (1, 2)")
    text = spec.read_text()
    spec.write_text(text.replace("token_mixer: toy", "token_mixer: {type: toy, a: [3, 4, 5]}"))
    with pytest.raises(SpecError) as caught:
        archdsl.load(spec)
    assert caught.value.problem == "a list of 2 int belongs here, and there are 3"
    spec.write_text(text.replace("token_mixer: toy", "token_mixer: {type: toy, a: [3, 4]}"))
    archdsl.build(archdsl.load(spec))
