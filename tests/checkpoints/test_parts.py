"""What trainers put around the weights: keys, wrappers in the names, averages beside."""

from __future__ import annotations

import argparse
import warnings
from collections import OrderedDict

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

import archdsl
from archdsl.checkpoints import export_weights, read
from archdsl.checkpoints.parts import opened
from archdsl.errors import BuildError

SPEC = {
    "archdsl": 1, "name": "tiny", "input": [3, 16, 16], "classes": 3,
    "stem": {"type": "conv", "kernel": 4, "stride": 4},
    "block": {"norm": "layer_norm", "token_mixer": "pooling", "channel_mixer": "mlp"},
    "stages": [{"dim": 8, "depth": 1}],
}  # fmt: skip


def weights(seed):
    torch.manual_seed(seed)
    return {n: torch.randn_like(t) for n, t in archdsl.build(SPEC).state_dict().items()}


PLAIN, AVERAGE, OTHER = weights(0), weights(1), weights(2)


def below(prefix, tensors):
    return {prefix + name: tensor for name, tensor in tensors.items()}


def is_now(model, tensors):
    found = model.state_dict()
    assert found.keys() == tensors.keys()
    return all(torch.equal(found[name], tensor) for name, tensor in tensors.items())


@pytest.fixture
def file(tmp_path):
    """`file(content)`: what torch.save wrote of it."""

    def written(content):
        torch.save(content, tmp_path / "x.pth")
        return tmp_path / "x.pth"

    return written


def said(file, **how):
    with pytest.raises(BuildError) as caught:
        archdsl.build(SPEC, weights=file, **how)
    return str(caught.value).replace(str(file.parent) + "/", "").splitlines()


def warned(file, **how):
    """The model, and what was said beside."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = archdsl.build(SPEC, weights=file, **how)
    return model, [str(w.message).replace(str(file), "x.pth") for w in caught]


wrappers = st.lists(
    st.sampled_from(["module", "_orig_mod", "model", "backbone", "net", "network", "a1.b_2"]),
    max_size=4,
)


@settings(max_examples=40, deadline=None)
@given(wrappers)
def test_whatever_was_put_around_a_model_its_weights_are_found(tmp_path_factory, around):
    prefix = "".join(f"{one}." for one in around)
    path = tmp_path_factory.mktemp("x") / "x.pth"
    torch.save({"state_dict": below(prefix, PLAIN)}, path)
    assert is_now(archdsl.build(SPEC, weights=path), PLAIN)


@pytest.mark.parametrize("label", ["official", "timm"])
def test_published_names_are_found_below_a_prefix_too(little, tmp_path, label):
    spec = little("caformer_s18")
    model = archdsl.build(spec)
    own, theirs, wrapped = (tmp_path / name for name in ("a.pth", "b.pth", "c.pth"))
    torch.save(model.state_dict(), own)
    export_weights(own, spec.network(), theirs, label=label)
    torch.save({"model": below("module._orig_mod.", read(theirs))}, wrapped)
    again = archdsl.build(spec, weights=wrapped)
    assert is_now(again, model.state_dict())


def test_what_torch_wraps_a_model_in_is_seen_through(file):
    model = archdsl.build(SPEC)
    model.load_state_dict(PLAIN)
    compiled = torch.compile(model, backend="eager")
    assert all(name.startswith("_orig_mod.") for name in compiled.state_dict())
    assert is_now(archdsl.build(SPEC, weights=file(compiled.state_dict())), PLAIN)
    model.stages[0] = torch.compile(model.stages[0], backend="eager")  # one part of it alone
    assert is_now(archdsl.build(SPEC, weights=file(model.state_dict())), PLAIN)


def test_a_name_of_a_wrapper_that_tells_two_tensors_apart_is_kept(file):
    path = file({"a.w": torch.ones(1), "a._orig_mod.w": torch.zeros(1)})
    assert list(opened(path).parts[0].tensors) == ["a.w", "a._orig_mod.w"]


@pytest.mark.parametrize("key", ["state_dict", "model", "model_state_dict", "net", "weights"])
def test_weights_under_any_key_are_found(file, key):
    content = {key: OrderedDict(PLAIN), "epoch": 3, "optimizer": {"state": {0: {"step": 1}}}}
    assert is_now(archdsl.build(SPEC, weights=file(content)), PLAIN)
    deep = {"checkpoint": {key: PLAIN}, "rng": {"cpu": torch.zeros(4)}}
    assert is_now(archdsl.build(SPEC, weights=file(deep)), PLAIN)


AVERAGES = [
    ("state_dict", "state_dict_ema", ""),
    ("model", "model_ema", "module."),
    ("state_dict", "ema", ""),
    ("model", "ema_state_dict", "module._orig_mod."),
    ("model_state_dict", "swa_model", "module."),
]


@pytest.mark.parametrize(("plain", "average", "prefix"), AVERAGES)
def test_of_averaged_weights_and_others_the_others_are_taken_unless_asked(
    file, plain, average, prefix
):
    path = file({average: below(prefix, AVERAGE), plain: below("module.", PLAIN)})
    model, notes = warned(path)
    assert is_now(model, PLAIN)
    assert notes == [
        f"x.pth: module. of {plain} was taken; {average} has averaged weights, which ema=True "
        "takes, on the command line --ema"
    ]
    for ema, wanted in ((True, AVERAGE), (False, PLAIN)):
        model, notes = warned(path, ema=ema)
        assert is_now(model, wanted)
        assert notes == []


@pytest.mark.parametrize(
    ("plain", "average"),
    [("model.", "ema_model."), ("online_model.", "ema_model."), ("net.", "ema.module."),
     ("model._orig_mod.", "model_ema.")],
)  # fmt: skip
def test_averaged_weights_may_stand_in_the_same_dict(file, plain, average):
    content = {**below(average, AVERAGE), "step": torch.ones(()), **below(plain, PLAIN)}
    path = file({"state_dict": content})
    model, notes = warned(path)
    assert is_now(model, PLAIN)
    first = average.partition(".")[0] + "."
    bare = plain.replace("_orig_mod.", "")
    assert notes[0] == (
        f"x.pth: {bare} of state_dict was taken; {first} of state_dict has averaged weights, "
        "which ema=True takes, on the command line --ema"
    )
    assert notes[1:] == [f"x.pth: {bare} of state_dict was taken; left out was step"]
    assert is_now(warned(path, ema=True)[0], AVERAGE)
    assert is_now(warned(path, ema=False)[0], PLAIN)


def test_an_averaged_model_of_torch_is_known_by_its_counter(file):
    model = archdsl.build(SPEC)
    model.load_state_dict(AVERAGE)
    averaged = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.9)).state_dict()
    assert "n_averaged" in averaged
    path = file(averaged)
    model, notes = warned(path)
    assert is_now(model, AVERAGE)
    assert notes == ["x.pth: module. was taken, which has averaged weights, and no others fit"]
    assert warned(path, ema=True)[1] == []
    path = file({"weights": PLAIN, "other": averaged})
    assert is_now(warned(path, ema=True)[0], AVERAGE)
    assert is_now(warned(path)[0], PLAIN)


def of_lightning(tmp_path, callbacks):
    """A checkpoint of a `LightningModule` around a model, and the model's state dict."""
    import lightning.pytorch as pl
    from torch.utils.data import DataLoader, TensorDataset

    class Module(pl.LightningModule):
        def __init__(self, lr=0.1):
            super().__init__()
            self.save_hyperparameters()
            self.model = archdsl.build(SPEC)
            self.criterion = nn.CrossEntropyLoss(weight=torch.ones(3))

        def training_step(self, batch, _):
            return self.criterion(self.model(batch[0]), batch[1])

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), lr=0.1)

    data = TensorDataset(torch.randn(8, 3, 16, 16), torch.arange(8) % 3)
    module = Module()
    trainer = pl.Trainer(
        max_epochs=2, accelerator="cpu", logger=False, callbacks=callbacks,
        enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer.fit(module, DataLoader(data, batch_size=4))
        trainer.save_checkpoint(tmp_path / "x.pth")
    return tmp_path / "x.pth", module.model.state_dict()


@pytest.mark.slow
def test_a_checkpoint_of_lightning_is_read_and_what_is_left_out_is_said(tmp_path):
    path, trained = of_lightning(tmp_path, [])
    model, notes = warned(path)
    assert is_now(model, trained)
    assert notes == ["x.pth: model. of state_dict was taken; left out was criterion.weight"]
    assert said(path, ema=True) == [
        "x.pth has no averaged weights: it holds state_dict",
        "  drop ema=True, on the command line --ema; or name another file",
    ]


@pytest.mark.slow
def test_lightnings_averages_stand_in_the_usual_place_and_are_known(tmp_path):
    from lightning.pytorch.callbacks import WeightAveraging

    path, trained = of_lightning(tmp_path, [WeightAveraging(device="cpu")])
    model, notes = warned(path)
    assert is_now(model, trained)
    assert notes[0] == (
        "x.pth: model. of current_model_state was taken; state_dict has averaged weights, which "
        "ema=True takes, on the command line --ema"
    )
    average = torch.load(path, weights_only=True)["state_dict"]
    assert torch.equal(
        warned(path, ema=True)[0].stem[0].conv.weight, average["model.stem.0.conv.weight"]
    )


def test_a_figure_that_is_an_average_is_no_set_of_weights(file):
    content = {"state_dict": PLAIN, "meters_avg": {"loss": torch.ones(1), "top1": torch.ones(1)}}
    assert warned(file(content))[1] == []
    assert said(file(content), ema=True)[0].startswith("x.pth has no averaged weights")


def test_averages_are_refused_where_there_are_none_and_others_where_there_are_none(file):
    assert said(file(PLAIN), ema=True) == [
        "x.pth has no averaged weights: it holds a state dict alone",
        "  drop ema=True, on the command line --ema; or name another file",
    ]
    assert said(file({"model_ema": AVERAGE}), ema=False) == [
        "x.pth has no weights but averaged ones: it holds model_ema",
        "  drop ema=False, on the command line --no-ema; or name another file",
    ]
    model, notes = warned(file({"model_ema": AVERAGE}))
    assert is_now(model, AVERAGE)
    assert notes == ["x.pth: model_ema was taken, which has averaged weights, and no others fit"]


def test_ema_is_a_truth_about_weights(file):
    with pytest.raises(BuildError, match="ema is about weights from a file, and there is none"):
        archdsl.build(SPEC, ema=False)
    with pytest.raises(BuildError, match="ema is True or False, and not 'yes'"):
        archdsl.build(SPEC, weights=file(PLAIN), ema="yes")


def test_two_sets_that_fit_are_refused_unless_they_are_the_same(file):
    path = file({"student": below("module.", PLAIN), "teacher": OTHER})
    assert said(path) == [
        "x.pth has more than one set of weights for tiny: module. of student and teacher",
        "  write the tensors of one of them to a file of their own",
    ]
    path = file({"student": below("module.", PLAIN), "teacher": PLAIN})
    assert is_now(archdsl.build(SPEC, weights=path), PLAIN)


def test_a_file_that_does_not_fit_is_told_below_its_prefix(file):
    wrong = {**PLAIN, "stem.0.conv.weight": torch.ones(8, 3, 5, 5)}
    assert said(file({"model": below("module.", wrong)})) == [
        "x.pth does not fit tiny, read in archdsl's own naming below module.:",
        "  stem.0.conv.weight is (8, 3, 5, 5), and the model's is (8, 3, 4, 4)",
    ]
    lacking = {name: t for name, t in AVERAGE.items() if name != "stem.0.conv.bias"}
    path = file({"model": PLAIN, "model_ema": lacking})
    assert said(path, ema=True) == [
        "model_ema of x.pth does not fit tiny, read in archdsl's own naming:",
        "  stem.0.conv.bias is missing",
    ]
    assert is_now(warned(path)[0], PLAIN)


def test_the_right_spec_is_suggested_below_a_prefix_too(file):
    path = file(below("module.", archdsl.build("poolformer_s24").state_dict()))
    with pytest.raises(BuildError) as caught:
        archdsl.build("poolformer_s12", weights=path)
    assert str(caught.value).splitlines()[-1] == "  it fits poolformer_s24"


def test_a_pickle_with_code_beside_averages_is_refused(file):
    path = file({"model": PLAIN, "model_ema": nn.Linear(1, 1), "args": argparse.Namespace(a=1)})
    assert said(path, ema=True)[0].startswith("x.pth cannot be read as weights: it holds torch.nn")


def test_a_backbone_of_a_wrapped_model_is_taken(file):
    path = file({"model": below("module.", PLAIN), "model_ema": below("module.", AVERAGE)})
    backbone = warned(path, features=[0], ema=True)[0]
    assert torch.equal(backbone.stem[0].conv.weight, AVERAGE["stem.0.conv.weight"])
    headless = {n: t for n, t in PLAIN.items() if not n.startswith("head.")}
    beside = {"neck.weight": torch.ones(2, 2), "neck.bias": torch.ones(2)}
    path = file({"state_dict": {**below("backbone.", headless), **beside}})
    backbone, notes = warned(path, features=[0])
    assert notes == [
        "x.pth: backbone. of state_dict was taken; left out was neck.weight, neck.bias"
    ]
    assert torch.equal(backbone.stem[0].conv.weight, PLAIN["stem.0.conv.weight"])
