"""What reading images costs: images a second, how long a step waits, memory, and a long listing.

    .venv/bin/python -m tests.bench.loading [rates] [waiting] [memory] [listing]

Prints the tables of docs/benchmarks.md. Writes photos of 500 x 375 into a folder of its own, and
for `memory` and `listing` a million names for them. Linux alone says the memory of a process.
"""

from __future__ import annotations

import os
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from archdsl.components.component import component
from archdsl.training import DataSource, Recipe
from archdsl.training.augmentation import Augmentation
from archdsl.training.images.streamed import StreamedData
from archdsl.units import integer

CLASSES, PHOTOS = 10, 30
"""Class folders, and photos in each."""

SIZE, BATCH, REPEATS = (224, 224), 50, 3
STEPS = (0.2, 1.0)
"""Seconds that stand in for a step of an accelerator on a batch: a fast one, and a slow one."""

LINKS = 3_334
"""Names for each photo, of a million files; a file system lets no file have many more."""

PLAIN = Augmentation()
STRONG = Augmentation(rand_augment=2, random_erasing=0.25, mixup=0.8, cutmix=1.0)


def photos(root: Path) -> list[Path]:
    """Writes smooth photos, of some 40 kB each."""
    rng = np.random.default_rng(0)
    found = []
    for number in range(CLASSES):
        (root / f"class_{number}").mkdir(parents=True)
        for index in range(PHOTOS):
            low = rng.integers(0, 256, (24, 32, 3), dtype=np.uint8)
            path = root / f"class_{number}" / f"{index:03}.jpg"
            photo = Image.fromarray(low).resize((500, 375), Image.Resampling.BICUBIC)
            photo.save(path, quality=90)
            found.append(path)
    return found


def streamed(root: Path, how: Augmentation, workers: int, cache: int | None = None) -> StreamedData:
    """The photos as a training has them."""
    source = DataSource(component("data", "image_folder", path=root.name), root.parent)
    recipe = Recipe(batch=BATCH, augmentation=how)
    return StreamedData(source, SIZE, recipe, seed=0, workers=workers, cache=cache)


def bare(paths: list[Path]) -> int:
    """What Pillow takes alone, in one process: open, decode, scale."""
    for path in paths:
        with Image.open(path) as file:
            np.asarray(file.convert("RGB").resize(SIZE, Image.Resampling.BICUBIC))
    return len(paths)


def passed(data: StreamedData) -> int:
    """One pass, as a trainer takes it."""
    return sum(len(data.on_after_batch_transfer(b, 0)[0]) for b in data.train_dataloader())


def rates(root: Path, paths: list[Path]) -> None:
    """Images a second, the ways in turn so that what else the machine does is shared out."""
    ways: dict[str, Callable[[], int]] = {"Pillow alone": lambda: bare(paths)}
    for how, called in ((PLAIN, "crops"), (STRONG, "crops, RandAugment, mixup")):
        for workers in (0, 1, 2):
            data = streamed(root, how, workers)
            ways[f"{called}, {workers} workers"] = lambda data=data: passed(data)
    kept = streamed(root, PLAIN, 2, cache=256)
    ways["crops, 2 workers, kept at 256"] = lambda: passed(kept)
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for repeat in range(REPEATS + 1):
        for name, way in ways.items():
            begun, used = time.perf_counter(), cpu()
            images = way()
            if repeat:  # the first starts workers and fills caches
                wall = time.perf_counter() - begun
                taken[name].append((images / wall, 1e3 * (cpu() - used) / images))
    print("| | images a second, median (best) | ms of CPU an image |\n|---|---|---|")
    for name, found in taken.items():
        fast, work = zip(*found, strict=True)
        median, best = statistics.median(fast), max(fast)
        print(f"| {name} | {median:.0f} ({best:.0f}) | {statistics.median(work):.1f} |", flush=True)


def waiting(root: Path, paths: list[Path]) -> None:
    """The share of its time that a training waits for its batches."""
    print("| workers |" + "".join(f" steps of {step} s |" for step in STEPS) + "\n|---|---|---|")
    for workers in (0, 1, 2):
        data = streamed(root, PLAIN, workers)
        passed(data)
        shares = [statistics.median(waited(data, step) for _ in range(REPEATS)) for step in STEPS]
        print(f"| {workers} |" + "".join(f" {share:.0%} |" for share in shares), flush=True)


def waited(data: StreamedData, step: float) -> float:
    """In one pass."""
    waits, begun = 0.0, time.perf_counter()
    batches = iter(data.train_dataloader())
    while True:
        asked = time.perf_counter()
        batch = next(batches, None)
        waits += time.perf_counter() - asked
        if batch is None:
            return waits / (time.perf_counter() - begun)
        data.on_after_batch_transfer(batch, 0)
        time.sleep(step)


def million(root: Path, paths: list[Path]) -> Path:
    """A million names for the photos, where there are none yet."""
    many = root.parent / "million"
    for number in range(CLASSES):
        folder = many / f"class_{number}"
        folder.mkdir(parents=True, exist_ok=True)
        for index, path in enumerate(paths[number::CLASSES] * LINKS):
            link = folder / f"photo_{index:06}.jpg"
            if not link.exists():
                os.link(path, link)
    return many


def listing(root: Path, paths: list[Path]) -> None:
    """How long a million files take until the first of them can be read."""
    many = million(root, paths)
    source = DataSource(component("data", "image_folder", path=many.name), many.parent)
    count = sum(source.open().describe(source.folder).counts.values())
    for _ in range(3):
        begun, used = time.perf_counter(), time.process_time()
        source.open().samples(source.folder, "train", "val")
        wall, work = time.perf_counter() - begun, time.process_time() - used
        print(f"{integer(count)} files: {wall:.1f} s, {work:.1f} of them of CPU", flush=True)


def memory(root: Path, paths: list[Path]) -> None:
    """Of the workers, pass by pass, with a million files behind them."""
    data = streamed(million(root, paths), PLAIN, workers=2)
    print("| batches read | resident, each worker (MB) | its part of it, PSS (MB) |\n|---|---|---|")
    for passes in range(5):
        batches = iter(data.train_dataloader())
        for _ in range(40):
            next(batches)
        shown = [
            ", ".join(f"{held(pid, line):.0f}" for pid in children()) for line in ("Rss", "Pss")
        ]
        print(f"| {40 * (passes + 1)} | {shown[0]} | {shown[1]} |", flush=True)


def cpu() -> float:
    """Seconds of CPU that this process and its workers have used."""
    ticks = 0
    for pid in (os.getpid(), *children()):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def children() -> Iterator[int]:
    """The worker processes."""
    text = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text()
    yield from map(int, text.split())


def held(pid: int, line: str) -> float:
    """A line of what is said of a process's memory, in MB."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    found = re.search(rf"^{line}:\s*(\d+) kB$", text, re.MULTILINE)
    assert found is not None
    return int(found[1]) * 1024 / 1e6


def main() -> None:
    """Measure what is named, or all, and print."""
    torch.set_num_threads(1)
    wanted = sys.argv[1:] or ["rates", "waiting", "memory", "listing"]
    with tempfile.TemporaryDirectory() as folder:
        os.environ["ARCHDSL_CACHE"] = str(Path(folder, "cache"))
        root = Path(folder, "photos")
        paths = photos(root)
        for name in wanted:
            print(f"\n{name}")
            {"rates": rates, "waiting": waiting, "memory": memory, "listing": listing}[name](
                root, paths
            )


if __name__ == "__main__":
    main()
