"""The table of the manual with every key of a search: its defaults, and what it says is refused."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from typing import Any

import pytest

import archdsl
from archdsl.errors import SpecError
from archdsl.language.search_section import KEYS, PROXY
from archdsl.language.settings import SearchSettings
from tests.docs.page import Page
from tests.study.conftest import TINY

_ROW = re.compile(r"^\| (`(?:search|proxy)\..+?`) \| .+ \| (.+) \| .*\|$", re.MULTILINE)
DEFAULTS: dict[str, str] = {}
for keys, defaults in _ROW.findall(Page("language.md").text):
    named, given = (re.findall(r"`(.+?)`", cell) for cell in (keys, defaults))
    DEFAULTS |= dict(itertools.zip_longest(named, given, fillvalue=""))

REFUSED = {
    "search.maximize": (["[accuracy, loss, macs]", "none", "[macs, macs]", "flops"], "loss"),
    "search.minimize": (["[macs, params, loss]", "[macs, macs]", "flops"], "none"),
    "search.budget": (["{flops: 2G}", "{macs: [2G, 1G]}", "{}", "2G"], "{macs: [1G, 2G]}"),
    "search.trials": (["0", "1.5", "none", "{choice: [1, 2]}", "$width", "true"], "10k"),
    "search.sampler": (["none", "{type: gp, seed: 1}", "optuna:Sampler"], "optuna:TPESampler"),
    "search.measure": (["true", "even"], "none"),
    "search.random_share": (["1", "-0.1", "half"], "0.2"),
    "search.final": (["5", "{keep: 0}", "{seeds: 1}", "{epoch: 3}", "[]"], "{seeds: 2}"),
    "search.baselines": (["3", "[[]]", "[a, a]", "{a: b}"], "[poolformer_s12]"),
    "search.seed": (["-1", "0.5", "none"], "0"),
    "search.engine": (
        ["ray", "cluster", "{num_cpus: 2}", "{type: local, num_cpus: 2}", "none", "[ray]",
         "{type: ray, num_cpus: 0}, shared: file:///x", "{type: ray, num_gpus: -1}, shared: file:///x",
         "{type: ray, num_gpus: 1.5}, shared: file:///x", "{type: ray, cpus: 2}, shared: file:///x"],
        "{type: ray, num_cpus: 2, num_gpus: 0.5, address: auto}, shared: file:///x",
    ),
    "search.shared": (
        ["/mnt/x", "runs", "3", "ftp://host/x", "file://", "file://x", "s3://", "[s3://x]"],
        "s3://bucket/x",
    ),
    "search.storage": (
        ["sqlite:///x.db", "runs.db", "{study: x}", "{url: postgresql://h/x, name: y}", "3",
         "{url: postgresql://h/x, lease: 30}", "{url: postgresql://h/x, study: a/b}"],
        "{url: postgresql://h/x, study: mine, lease: 2m}",
    ),
    "search.workers": (["0", "1.5", "none", "auto", "true"], "2"),
    "search.per_gpu": (["0", "1.5", "none"], "2"),
    "search.memory": (["999M", "0", "-4G", "4GB", "4Gi", "true"], "1.5G"),
    "search.trial_timeout": (["30", "0s", "-1m", "30 m", "1h30", "30M", "true"], "1h30m"),
    "search.prune": (
        ["median", "{reduction: 3}", "{type: asha, rungs: [3, 2]}", "{type: asha, rungs: [3, 11]}",
         "{type: asha, rungs: [10]}", "{type: asha, rungs: []}", "{type: asha, reduction: 1}",
         "{type: asha, score: 0}", "{type: asha, rung: 3}", "[asha]", "true"],
        "{type: hyperband, rungs: [2, 5]}",
    ),
    "search.disk": (["999k", "0", "-4G", "4GB", "true"], "20G"),
    "proxy.data": (["none", "{type: digits, clutter: -1}", "digit"], "{type: digits, clutter: 1}"),
    "proxy.datamodule": (["blobs", "3"], "none"),
    "proxy.module": (["blobs", "3"], "none"),
    "proxy.folder": (["none", "3"], "./images"),
    "proxy.epochs": (["0", "1.5", "none"], "1"),
    "proxy.batch": (["0", "1.5", "none"], "1"),
    "proxy.steps_per_epoch": (["0", "1.5"], "none"),
    "proxy.validation_steps": (["0", "1.5"], "none"),
    "proxy.validate_every": (["0", "1.5", "none"], "11"),
    "proxy.schedule": (
        ["none", "linear", "{cooldown: 0.2}", "{type: wsd, cooldown: 1}", "[wsd]",
         "{type: cosine, cooldown: 0.2}"],
        "{type: wsd, cooldown: 0.3}",
    ),
    "proxy.lr": (["0", "-1e-3", "none"], "1"),
    "proxy.weight_decay": (["-1", "much"], "none"),
    "proxy.warmup": (["-1", "true"], "none"),
    "proxy.label_smoothing": (["1", "-0.1"], "none"),
    "proxy.inherit": (["none", "1", "yes please"], "true"),
    "proxy.size": (["0", "1.5"], "none"),
    "proxy.precision": (["8", "fp16", "none"], "bf16"),
}  # fmt: skip


def settings_with(key: str, value: str) -> SearchSettings:
    """The settings of a search with one key written."""
    name = key.partition(".")[2]
    section = f"{{{name}: {value}}}"
    if key.startswith("proxy."):
        section = f"{{proxy: {section}}}"
    return archdsl.loads(f"{TINY}\nsearch: {section}\n").settings()


def test_the_table_has_every_key() -> None:
    keys = {f"search.{key}" for key in KEYS if key != "proxy"} | {f"proxy.{key}" for key in PROXY}
    assert set(DEFAULTS) == keys == set(REFUSED)


@pytest.mark.parametrize("key", DEFAULTS)
def test_a_key_that_is_left_out_has_the_default_of_the_table(key: str) -> None:
    without = archdsl.loads(TINY).settings()
    assert DEFAULTS[key] or key in ("search.minimize", "proxy.folder")
    default = DEFAULTS[key].removeprefix("maximize: ")
    if key == "proxy.folder":
        assert without.proxy.folder == archdsl.loads(TINY).document.folder
    elif key == "search.final":  # what is asked for in so many words is not made smaller
        assert replace(settings_with(key, default).final, asked=False) == without.final
    elif default:
        assert settings_with(key, default) == without


BAD: list[Any] = [(key, bad, good) for key, (bads, good) in REFUSED.items() for bad in bads]


@pytest.mark.parametrize(("key", "bad", "good"), BAD)
def test_what_the_table_refuses_is_refused_where_it_stands(key: str, bad: str, good: str) -> None:
    settings_with(key, good)
    where = f"search.{key.removeprefix('search.')}"
    with pytest.raises(SpecError, match=f": {where}|: search: a search has one objective"):
        settings_with(key, bad)
