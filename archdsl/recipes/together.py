"""What is written in a recipe and cannot be meant together: nothing is passed over in silence."""

from __future__ import annotations

from archdsl.errors import SpecError
from archdsl.language.nodes import Mapping
from archdsl.training.recipe import Recipe


def check_together(recipe: Recipe, train: Mapping) -> None:
    """Raise SpecError for fields of a recipe of which one leaves another without effect.

    train: what is written
    """

    def refuse(key: str, problem: str, cure: str) -> SpecError:
        mark = train.marks.get(key, train.mark)
        return SpecError(problem, address=f"train.{key}", mark=mark, cure=cure)

    schedule = recipe.schedule
    if "cooldown" in train and schedule != "wsd":
        raise refuse(
            "cooldown", f"a {schedule} schedule has no cooldown", "drop it, or write  schedule: wsd"
        )
    if recipe.tail and schedule != "cosine":
        raise refuse("tail", f"a {schedule} schedule has no tail", "write 0, or  schedule: cosine")
    if recipe.final_lr and schedule == "constant":
        raise refuse(
            "final_lr", "a constant rate ends where it is", "write 0, or  schedule: cosine"
        )
    if recipe.warmup_lr and not recipe.warmup:
        raise refuse("warmup_lr", "there is no warm-up", "write 0, or  warmup: 5")
    if recipe.warmup + recipe.tail > recipe.epochs:
        key = next((one for one in ("epochs", "tail", "warmup") if one in train), "warmup")
        parts = f"{recipe.warmup:g} of warm-up"
        if recipe.tail:
            parts += f" and {recipe.tail} of the tail"
        raise refuse(
            key, f"there are {recipe.epochs} epochs, and {parts}", "write a shorter train.warmup"
            f"{' or train.tail' if recipe.tail else ''}, or more epochs",
        )  # fmt: skip
    if recipe.accumulate > recipe.batch:
        raise refuse(
            "accumulate", f"a batch of {recipe.batch} has no {recipe.accumulate} parts",
            f"write {recipe.batch} at most",
        )  # fmt: skip
