"""Specs that are as much work to read as the limits of a file allow, each of another kind."""

from __future__ import annotations

from collections.abc import Callable

from archdsl import shipped

HEAD = "archdsl: 1\nname: large\n"
STEM = "stem: {type: conv, kernel: 3}\n"
STAGES = "stages: [{dim: 8, depth: 1}]\n"
MIXER = "block: {token_mixer: pooling}\n"


def lines(count: int, line: Callable[[int], str]) -> str:
    return "".join(line(n) for n in range(count))


def listed(count: int, item: Callable[[int], str]) -> str:
    return ", ".join(item(n) for n in range(count))


def spec(
    params: str = "", block: str = MIXER, stages: str = STAGES, stem: str = STEM, top: str = ""
) -> str:
    written = f"params:\n{params}" if params else ""
    return f"{HEAD}{top}{written}{stem}{block}{stages}"


def mlps(ratio: str, stages: int = 1) -> str:
    """Stages of which each has an mlp with a ratio of its own."""
    stage = f"  - {{dim: 8, depth: 1, channel_mixer: {{type: mlp, ratio: {ratio}}}}}\n"
    return f"stages:\n{stage * stages}"


def _ratio_over_a_range() -> str:
    ratio = f"{{choice: [{listed(399, lambda n: f'$w * {n + 2}')}]}}"
    return spec("  w: {range: [1, 900]}\n", stages=mlps(ratio))


def _chain_of(count: int, step: str) -> str:
    params = "  p0: {range: [1, 50]}\n" + lines(count, lambda n: f"  p{n + 1}: {step.format(n)}\n")
    return spec(params, stages=f"stages: [{{dim: $p{count}, depth: 1}}]\n")


def _stages_of_widths(stages: int, answers: int) -> str:
    params = lines(stages, lambda n: f"  w{n}: {{range: [8, {7 + answers}]}}\n")
    return spec(
        params,
        stages="stages:\n" + lines(stages, lambda n: (
            f"  - {{dim: $w{n}, depth: 1, downsample: {{type: conv, kernel: 1}}}}\n"
            if n else f"  - {{dim: $w{n}, depth: 1}}\n"
        )),
    )  # fmt: skip


def _stages_with_runs(stages: int, runs: int, run: Callable[[int], str]) -> str:
    def stage(n: int) -> str:
        down = "downsample: {type: conv, kernel: 1}, " if n else ""
        return f"  - {{dim: 8, {down}runs: [{listed(runs, run)}]}}\n"

    return spec(stages="stages:\n" + lines(stages, stage))


def _mixers(count: int, item: Callable[[int], str]) -> str:
    return spec(block=f"block: {{token_mixer: {{choice: [{listed(count, item)}]}}}}\n")


def _nested(depth: int) -> str:
    inner = "pooling"
    for n in range(depth):
        inner = f"[{{choice: [{inner}, {{type: sep_conv, kernel: {2 * n + 3}, label: l{n}}}]}}]"
    return spec(block=f"block: {{token_mixer: {inner}}}\n")


def _shared_options() -> str:
    params = lines(40, lambda n: f"  k{n}: {{choice: [3, 5, 7]}}\n")
    mixers = listed(40, lambda n: f"{{type: sep_conv, kernel: $k{n}}}")
    return spec(params, block=f"block: {{token_mixer: [{mixers}]}}\n")


def _tower(levels: int) -> str:
    params = "  p0: {choice: [1, 2]}\n"
    for n in range(levels):
        params += f"  p{n + 1}: {{choice: [$p{n}, $p{n} + 1]}}\n"
    return spec(params, stages=f"stages: [{{dim: $p{levels}, depth: 1}}]\n")


def _meta_mixers() -> str:
    """The shipped space of the dearest layers to look at, with as many of them as there may be."""
    text = shipped.shipped("meta_mixer").read_text(encoding="utf-8")
    return text.replace("{choice: [16, 8, 24]}", "{range: [8, 96], step: 8}")


def _long_expressions(params: int, answers: int) -> str:
    steps = " / 3 - p{0} / 7 + p{0}" * 9
    return spec(
        f"  p0: {{range: [1, {answers}]}}\n"
        + lines(params, lambda n: f"  p{n + 1}: $(p{n}{steps.format(n)}) * 0.1\n"),
        stages=mlps(f"$p{params} + 10"),
    )


LARGE: dict[str, Callable[[], str]] = {
    "a choice of expressions over a range": _ratio_over_a_range,
    "eight long ranges": lambda: spec(stages=mlps("{range: [1, 20000]}", 8)),
    "one long range": lambda: spec(stages=mlps("{range: [1, 100000]}")),
    "eight ranges within the limit": lambda: spec(stages=mlps("{range: [1, 12000]}", 8)),
    "sixty-four ranges": lambda: spec(stages=mlps("{range: [1, 1500]}", 64)),
    "a wide range with many mixers": lambda: spec(
        "  w: {range: [8, 900]}\n",
        block=f"block: {{token_mixer: {{choice: ["
        f"{listed(300, lambda n: f'{{type: sep_conv, kernel: {2 * n + 3}}}')}]}}}}\n",
        stages="stages: [{dim: $w, depth: 1}]\n",
    ),
    "a long chain of params": lambda: _chain_of(80, "$p{} + 1"),
    "a chain of params that are there twice": lambda: _chain_of(60, "$p{0} + p{0}"),
    "a chain of params that are there many times": lambda: _chain_of(
        60, "$(p{0} + p{0} + p{0} + p{0} + p{0}) / 5"
    ),
    "a tower of choices": lambda: _tower(30),
    "a high tower of choices": lambda: _tower(200),
    "thousands of params": lambda: spec(
        lines(6000, lambda n: f"  p{n}: {n + 1}\n"),
        stages="stages: [{dim: 8, depth: 1}]\n",
    ),
    "a width of the sum of many params": lambda: spec(
        lines(20, lambda n: f"  p{n}: {{choice: [1, 2, 3]}}\n"),
        stages=f"stages: [{{dim: $p0{''.join(f' + p{n}' for n in range(1, 20))}, depth: 1}}]\n",
    ),
    "64 stages of widths": lambda: _stages_of_widths(64, 10),
    "64 stages of long widths": lambda: _stages_of_widths(64, 1000),
    "64 stages with holes in each downsample": lambda: spec(
        stages="stages:\n  - {dim: 8, depth: 1}\n"
        + lines(
            63,
            lambda n: (
                "  - {dim: 8, depth: 1, downsample: {type: conv, kernel: {choice: [1, 3]}}}\n"
            ),
        ),
    ),
    "64 stages of many runs": lambda: _stages_with_runs(64, 80, lambda n: "{depth: 1}"),
    "64 stages of many runs with mixers": lambda: _stages_with_runs(
        64, 30, lambda n: "{depth: 1, token_mixer: pooling, channel_mixer: mlp, norm: layer_norm}"
    ),
    "one stage of many runs": lambda: _stages_with_runs(1, 6000, lambda n: "{depth: 1}"),
    "runs with a hole for each block": lambda: _stages_with_runs(
        16, 40, lambda n: "{depth: 1, token_mixer: {choice: [pooling, identity], per: block}}"
    ),
    "runs with deep ranges of depth": lambda: _stages_with_runs(
        1, 1000, lambda n: "{depth: {range: [0, 90]}}"
    ),
    "a choice of thousands of components": lambda: _mixers(
        3900, lambda n: f"{{type: sep_conv, kernel: {2 * n + 3}}}"
    ),
    "a choice of thousands of labels": lambda: _mixers(
        2800, lambda n: f"{{type: sep_conv, kernel: {2 * n + 3}, label: label_{n}}}"
    ),
    "a choice of thousands of components in 64 stages": lambda: spec(
        block=f"block: {{token_mixer: {{choice: ["
        f"{listed(3500, lambda n: f'{{type: sep_conv, kernel: {2 * n + 3}}}')}]}}}}\n",
        stages=f"stages:\n{'  - {dim: 8, depth: 1}' + chr(10)}"
        + lines(63, lambda n: "  - {dim: 8, depth: 1, downsample: {type: conv, kernel: 1}}\n"),
    ),
    "a list of thousands of mixers": lambda: spec(
        block=f"block: {{token_mixer: [{listed(15000, lambda n: 'pooling')}]}}\n"
    ),
    "a list of thousands of mixers in 64 stages": lambda: spec(
        block=f"block: {{token_mixer: [{listed(15000, lambda n: 'pooling')}]}}\n",
        stages="stages:\n"
        + lines(
            64,
            lambda n: (
                "  - {dim: 8, depth: 1}\n"
                if not n
                else "  - {dim: 8, depth: 1, downsample: {type: conv, kernel: 1}}\n"
            ),
        ),
    ),
    "a list of thousands of mixers and a wide range": lambda: spec(
        "  w: {range: [8, 900]}\n",
        block=f"block: {{token_mixer: [{listed(9000, lambda n: 'pooling')}]}}\n",
        stages="stages: [{dim: $w, depth: 1}]\n",
    ),
    "a stem of thousands of layers": lambda: spec(
        stem=f"stem: [{listed(4500, lambda n: '{type: conv, kernel: 3}')}]\n"
    ),
    "a stem of thousands of layers and a wide range": lambda: spec(
        "  w: {range: [8, 900]}\n",
        stem=f"stem: [{listed(4500, lambda n: '{type: conv, kernel: 3}')}]\n",
        stages="stages: [{dim: $w, depth: 1}]\n",
    ),
    "a stem of layers with holes": lambda: spec(
        stem=f"stem: [{listed(2000, lambda n: '{type: conv, kernel: {choice: [1, 3]}}')}]\n"
    ),
    "a stem that a map is too small for": lambda: spec(
        stem=f"stem: [{listed(2500, lambda n: '{type: conv, kernel: 3, stride: 2}')}]\n"
    ),
    "nested choices": lambda: _nested(12),
    "holes that meet in one list": _shared_options,
    "many expressions of one param": lambda: spec(
        "  w: {range: [1, 900]}\n",
        stages="stages:\n"
        + lines(
            64,
            lambda n: (
                f"  - {{dim: $w * {n + 1}, depth: 1, downsample: {{type: conv, kernel: 1}}}}\n"
                if n
                else "  - {dim: $w, depth: 1}\n"
            ),
        ),
    ),
    "a long expression": lambda: spec(
        "  w: {range: [1, 900]}\n",
        stages="stages: [{dim: " + "$w" + " + w - w" * 23 + ", depth: 1}]\n",
    ),
    "choices of expressions of two params": lambda: spec(
        "  a: {range: [1, 30]}\n  b: {range: [1, 30]}\n",
        stages=mlps(f"{{choice: [{listed(2000, lambda n: f'$a + b * {n + 2}')}]}}"),
    ),
    "choices of long expressions": lambda: spec(
        "  a: {range: [1, 30]}\n  b: {range: [1, 30]}\n",
        stages=mlps(
            "{choice: [" + listed(1500, lambda n: f"$a{' + b - b' * 20} + b * {n + 2}") + "]}"
        ),
    ),
    "patches in each run": lambda: spec(
        block="block: {token_mixer: {type: sep_conv, kernel: 3}}\n",
        stages="stages:\n  - {dim: 8, runs: ["
        + listed(4000, lambda n: f"{{depth: 1, token_mixer.kernel: {2 * n + 3}}}")
        + "]}\n",
    ),
    "many comments": lambda: spec() + "# a comment\n" * 38_000,
    "comments at each value": lambda: spec(
        lines(6000, lambda n: f"  p{n}: {n + 1}  # a comment\n  # and another\n")
    ),
    "a long text": lambda: HEAD + 'found: "' + "x" * 499_000 + '"\n' + STEM + MIXER + STAGES,
    "a long name": lambda: HEAD.replace("large", "n" * 490_000) + STEM + MIXER + STAGES,
    "a long expression that is none": lambda: spec(
        stages="stages: [{dim: $" + "(" * 490_000 + ", depth: 1}]\n"
    ),
    "a long key": lambda: spec() + "k" * 490_000 + ": 1\n",
    "a long wrong component": lambda: spec(block=f"block: {{token_mixer: {'p' * 490_000}}}\n"),
    "a long number": lambda: spec(stages=f"stages: [{{dim: {'9' * 490_000}, depth: 1}}]\n"),
    "thousands of wrong keys": lambda: spec() + lines(9000, lambda n: f"key{n}: 1\n"),
    "a section of thousands of keys": lambda: (
        spec() + "search:\n" + lines(9000, lambda n: f"  key{n}: 1\n")
    ),
    "a long list of imports": lambda: spec(
        top=f"imports: [{listed(9000, lambda n: f'./m{n}.py')}]\n"
    ),
    "thousands of blank lines": lambda: spec() + "\n" * 490_000,
    "thousands of anchors": lambda: (
        spec() + "found: [" + listed(9000, lambda n: f"&a{n} 1") + "]\n"
    ),
    "thousands of brackets": lambda: spec() + "found: " + "[" * 490_000,
    "thousands of quotes": lambda: spec() + "found: " + "'" * 490_000,
    "thousands of keys of found": lambda: (
        spec() + "found:\n" + lines(9000, lambda n: f"  key{n}: 1\n")
    ),
    "labels that are alike": lambda: _mixers(3900, lambda n: "{type: sep_conv, kernel: 3}"),
    "thousands of options of an answer": lambda: spec(
        stages=mlps(f"{{choice: [{listed(9000, lambda n: str(n + 1))}]}}")
    ),
    "a deep choice of drop_path": lambda: spec(
        top="drop_path: {rate: {range: [0, 0.9], step: 0.0001}, schedule: constant}\n"
    ),
    "many unknown params": lambda: spec(
        lines(5000, lambda n: f"  p{n}: {n + 1}\n"), stages="stages: [{dim: $q, depth: 1}]\n"
    ),
    "params of components": lambda: spec(
        lines(2000, lambda n: f"  p{n}: {{type: sep_conv, kernel: {2 * n + 3}}}\n"),
        block=f"block: {{token_mixer: {{choice: [{listed(2000, lambda n: f'$p{n}')}]}}}}\n",
    ),
    "params that lean on the two before": lambda: spec(
        "  p0: {range: [1, 50]}\n  p1: $p0\n"
        + lines(60, lambda n: f"  p{n + 2}: $p{n + 1} - p{n}\n"),
        stages="stages: [{dim: 8, depth: 1, channel_mixer: {type: mlp, ratio: $p61 + 51}}]\n",
    ),
    "options that lean on params that lean on the two before": lambda: spec(
        "  p0: {range: [1, 50]}\n  p1: $p0\n"
        + lines(50, lambda n: f"  p{n + 2}: $p{n + 1} - p{n}\n"),
        stages=mlps("{choice: [" + listed(400, lambda n: f"$p51 + {n + 90}") + "]}"),
    ),
    "fixed params that lean on the two before": lambda: spec(
        "  p0: 2\n  p1: 1\n" + lines(60, lambda n: f"  p{n + 2}: $p{n + 1} - p{n}\n"),
        stages=mlps("{choice: [1, $p61 + 51]}"),
    ),
    "long expressions of an odd denominator": lambda: spec(
        "  a: {range: [1, 2900]}\n",
        stages=mlps(
            "{choice: ["
            + listed(2, lambda n: "$(a" + " / 3 - a / 7 + a" * 11 + f") * 0.{n + 1}")
            + "]}"
        ),
    ),
    "holes of one answer": lambda: spec(
        stages="stages:\n"
        + lines(
            64,
            lambda n: (
                "  - {dim: {choice: [8]}, "
                + ("downsample: {type: conv, kernel: {choice: [1]}}, " if n else "")
                + f"runs: [{listed(80, lambda k: '{depth: 1}')}]}}\n"
            ),
        ),
    ),
    "holes of one answer with mixers": lambda: spec(
        stages="stages:\n"
        + lines(
            64,
            lambda n: (
                "  - {dim: {choice: [8]}, "
                + ("downsample: {type: conv, kernel: {choice: [1]}}, " if n else "")
                + f"runs: [{listed(40, lambda k: '{depth: 1, token_mixer: pooling}')}]}}\n"
            ),
        ),
    ),
    "mixers of many parts": lambda: spec(
        "  w: {range: [32, 3200], step: 32}\n",
        block="block: {token_mixer: {type: meta_mixer, heads: {choice: [1, 2, 4, 8]}, "
        "key: {choice: [{type: tokens}, {type: pooled_tokens, size: 7}]}}}\n",
        stages="stages: [{dim: $w, depth: 1}]\n",
    ),
    "as many of the dearest layers": _meta_mixers,
    "a chain of long expressions": lambda: _long_expressions(20, 2000),
    "a chain of long expressions without an answer": lambda: _long_expressions(20, 1),
    "expressions at the end of a chain": lambda: spec(
        "  p0: {range: [1, 9]}\n" + lines(60, lambda n: f"  p{n + 1}: $p{n}{' + 1 - 1' * 20}\n"),
        stages="stages:\n  - {dim: 8, runs: ["
        + listed(1500, lambda n: f"{{depth: 1, channel_mixer: {{type: mlp, ratio: $p60 + {n}}}}}")
        + "]}\n",
    ),
    "runs with choices of their own": lambda: spec(
        stages="stages:\n  - {dim: 8, runs: ["
        + listed(900, lambda n: "{depth: 1, token_mixer: {choice: [pooling, identity, random]}}")
        + "]}\n",
    ),
    "patches into a long choice": lambda: spec(
        block=_mixers(1500, lambda n: f"{{type: sep_conv, kernel: 3, label: l{n}}}").split("\n")[3]
        + "\n",
        stages="stages:\n  - {dim: 8, depth: 1"
        + "".join(f", token_mixer.l{n}.kernel: {2 * n + 5}" for n in range(1500))
        + "}\n",
    ),
    "labels that are nearly alike": lambda: _mixers(
        2800, lambda n: f"{{type: sep_conv, kernel: {2 * n + 3}, label: {'l' * 100}{n}}}"
    ),
    "an option that is none of thousands": lambda: spec(
        stages=mlps(f"{{choice: [{listed(9000, lambda n: str(n + 1))}], default: 99999}}")
    ),
    "nested choices of numbers": lambda: spec(
        block="block: {token_mixer: {choice: ["
        + listed(
            300,
            lambda n: (
                f"{{type: sep_conv, kernel: {{choice: [{2 * n + 3}, {2 * n + 5}, {2 * n + 7}]}}, "
                f"ratio: {{range: [1, 5]}}, label: l{n}}}"
            ),
        )
        + "]}}\n"
    ),
    "params nobody knows": lambda: spec(
        lines(3000, lambda n: f"  {'p' * 100}{n}: {n + 1}\n"),
        stages="stages: [{dim: $" + "p" * 99 + "q, depth: 1}]\n",
    ),
    "a long name of a param": lambda: spec(
        "  " + "p" * 400_000 + ": 1\n", stages="stages: [{dim: $" + "p" * 90 + ", depth: 1}]\n"
    ),
    "a long type": lambda: spec(
        stages="stages: [{dim: 8, depth: 1, norm: {type: " + "layer_norm_" * 40_000 + "}}]\n"
    ),
    "found that is deep": lambda: spec() + "found: " + "[" * 60 + "]" * 60 + "\n",
    "a stem that leaves nothing": lambda: spec(
        stem=f"stem: [{listed(2400, lambda n: '{type: conv, kernel: 7, stride: 2}')}]\n"
    ),
    "a huge input": lambda: spec(top="input: [3, 1e15, 1000000000000000]\n"),
}
"""What it is -> the text of the spec."""
