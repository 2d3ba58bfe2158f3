"""Things from several modules share one file without taking each other's names."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from archdsl.errors import ExportError

Load = Callable[..., ModuleType]
Carry = Callable[..., str]
Tidy = Callable[[str], None]


def run(text: str) -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "exported"}
    exec(compile(text, "exported.py", "exec"), names)
    return names


ONE = '''
from torch import nn

times = 2


def twice(x):
    """Times two."""
    return x * times


class Mixer(nn.Module):
    def forward(self, x):
        return twice(x)
'''


def test_a_later_thing_of_the_same_name_is_numbered(module: Load, carry: Carry, tidy: Tidy) -> None:
    one = module(ONE, "one")
    two = module(
        ONE.replace("times = 2", "times = 3").replace(
            "twice(x)\n", "twice(x) + (lambda twice: twice)(1)  # twice\n"
        ),
        "two",
    )
    text = carry(one.Mixer, two.Mixer)
    tidy(text)
    assert "return twice_2(x) + (lambda twice: twice)(1)  # twice" in text
    assert "def twice_2(x):" in text and "times_2 = 3" in text
    names = run(text)
    assert names["Mixer"]()(5) == 10
    assert names["Mixer_2"]()(5) == 16
    assert carry(one.Mixer, two.Mixer) == text


def test_a_new_name_is_one_that_no_source_uses(module: Load, carry: Carry) -> None:
    one = module(ONE, "one")
    two = module(ONE.replace("def twice(x):", "def twice(x, twice_2=7):"), "two")
    names = run(carry(one.Mixer, two.Mixer))
    assert names["twice_3"](1) == 2


@pytest.mark.parametrize("reserved", ["Mixer", "times", "twice", "nn"])
def test_a_reserved_name_is_given_up_by_who_has_it(
    module: Load, carry: Carry, tidy: Tidy, reserved: str
) -> None:
    text = carry(module(ONE).Mixer, reserved=(reserved,))
    tidy(text)
    names = run(text)
    assert reserved not in names
    assert names.get("Mixer", names.get("Mixer_2"))()(5) == 10


def test_a_definition_that_shadows_a_builtin_leaves_it_to_the_others(
    module: Load, carry: Carry
) -> None:
    one = module(
        "from torch import nn\ndef max(x):\n    return 0\n"
        "class One(nn.Module):\n    def forward(self, x):\n        return max(x)\n",
        "one",
    )
    two = module(
        "from torch import nn\n"
        "class Two(nn.Module):\n    def forward(self, x):\n        return max(x)\n",
        "two",
    )
    names = run(carry(one.One, two.Two))
    assert names["One"]()([1, 2]) == 0
    assert names["Two"]()([1, 2]) == 2


def test_one_import_serves_all_and_two_meanings_get_two_names(
    module: Load, carry: Carry, tidy: Tidy
) -> None:
    body = "class {0}(nn.Module):\n    def forward(self, x):\n        return {1}\n"
    one = module(
        "import torch.nn.functional as F\nfrom torch import nn\n" + body.format("One", "F.relu(x)"),
        "one",
    )
    two = module(
        "import os.path\nimport torch.nn as nn\nfrom fractions import Fraction as F\n"
        + body.format("Two", "F(1, 2) + len(os.path.sep)"),
        "two",
    )
    text = carry(one.One, two.Two)
    tidy(text)
    assert text.count("import nn") == 1
    assert "from fractions import Fraction as F_2" in text
    assert float(run(text)["Two"]()(0)) == 1.5


def test_renaming_reaches_assignments_and_globals(module: Load, carry: Carry) -> None:
    text = """
        from torch import nn

        count = {}
        low, high = 1, 2
        if low:
            high += 1


        class Mixer(nn.Module):
            def forward(self, x):
                global count
                count += high
                return count
        """
    one, two = module(text.format(0), "one"), module(text.format(100), "two")
    names = run(carry(one.Mixer, two.Mixer))
    assert [names["Mixer"]()(0), names["Mixer"]()(0), names["Mixer_2"]()(0)] == [3, 6, 103]


def test_a_name_that_cannot_be_changed_is_refused(module: Load, carry: Carry) -> None:
    text = """
        from torch import nn

        try:
            import {} as quick
        except ImportError:
            quick = None


        class Mixer(nn.Module):
            def forward(self, x):
                return quick
        """
    one, two = module(text.format("math"), "one"), module(text.format("cmath"), "two")
    assert run(carry(one.Mixer))["Mixer"]()(0).__name__ == "math"
    with pytest.raises(ExportError, match="'quick' has another meaning elsewhere"):
        carry(one.Mixer, two.Mixer)


def test_a_lengthened_line_is_laid_out_anew(module: Load, carry: Carry, tidy: Tidy) -> None:
    text = f"""\
from torch import nn


def shift(x, *, by, turned, scaled):
    return x


class Mixer(nn.Module):
    def forward(self, x):
        return shift({"x" * 30}, by={"b" * 8}, turned={"t" * 12}, scaled={"s" * 3})


{"x" * 30} = {"b" * 8} = {"t" * 12} = {"s" * 3} = 1
"""
    one, two = module(text, "one"), module(text, "two")
    tidied = carry(one.Mixer, two.Mixer)
    tidy(tidied)
    assert run(tidied)["Mixer_2"]()(0) == 1


def test_a_package_of_several_files_leaves_as_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, carry: Carry, tidy: Tidy
) -> None:
    package = tmp_path / "my_mixers"
    (package / "ops").mkdir(parents=True)
    files = {
        "__init__.py": "from my_mixers.ops import roll\n",
        "ops/__init__.py": "from .rolling import roll as roll\nfrom . import scaling\n",
        "ops/rolling.py": "STEP = 1\n\n\ndef roll(x):\n    return x + STEP\n",
        "ops/scaling.py": "from math import *\n\n\ndef scale(x):\n    return floor(x * pi)\n",
        "mixer.py": (
            "from torch import nn\n\nimport my_mixers.ops.scaling\n"
            "from . import ops\nfrom . import roll as turn\nfrom .ops import scaling as s\n\n\n"
            "class Mixer(nn.Module):\n    def forward(self, x):\n"
            "        return turn(x), ops.roll(x), s.scale(x), my_mixers.ops.scaling.scale(x)\n"
        ),
    }
    for name, text in files.items():
        (package / name).write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    from my_mixers.mixer import Mixer

    try:
        text = carry(Mixer)
        tidy(text)
        assert run(text)["Mixer"]()(1) == (2, 2, 3, 3)
        assert "from math import floor, pi" in text
        (package / "mixer.py").write_text(files["mixer.py"].replace("ops.roll(x)", "ops"))
        with pytest.raises(ExportError, match=r"my_mixers\.ops as a whole"):
            carry(Mixer)
    finally:
        for name in [name for name in sys.modules if name.partition(".")[0] == "my_mixers"]:
            del sys.modules[name]
