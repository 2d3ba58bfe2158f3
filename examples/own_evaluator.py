"""Search with an evaluation of one's own in place of proxy training.

The evaluation here is a formula, so that the example runs in a second and its answer is known:
attention early is bad, attention late is good, and depth helps a little.

    python examples/own_evaluator.py
"""

import tempfile

import archdsl


def evaluate(candidate: archdsl.Candidate) -> dict[str, float]:
    """The worth of a candidate, and its cost in millions beside it."""
    late = candidate.decisions["stages.3.token_mixer"] == "attention"
    early = candidate.decisions["stages.0.token_mixer"] == "attention"
    depth = candidate.decisions["stages.2.depth"]
    for epoch in range(3):
        candidate.report(epoch, 0.5 + 0.1 * epoch)
    return {"accuracy": 0.7 + 0.1 * late - 0.1 * early + 0.01 * depth}


def main() -> None:
    """Search, and print what was found."""
    with tempfile.TemporaryDirectory() as folder:
        result = archdsl.search(
            "poolformer_search", evaluate=evaluate, out=folder, trials=30, sampler="random"
        )
    best = result.best
    print(f"{len(result.trials)} trials; the best is number {best.number}")
    print(f"accuracy {best.metrics['accuracy']:.2f} at {best.cost.macs / 1e9:.2f} GMACs")
    for address, answer in best.decisions.items():
        print(f"  {address}: {answer}")


if __name__ == "__main__":
    main()
