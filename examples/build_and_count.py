"""A spec as a module, and what it costs, by address.

python examples/build_and_count.py
"""

import torch

import archdsl


def main() -> None:
    """Build PoolFormer-S12 with one stage changed, and count it."""
    spec = archdsl.load(
        "poolformer_s12",
        set={"stages.3.token_mixer": {"type": "attention", "head_dim": 32}, "classes": 10},
    )
    cost = archdsl.count(spec)
    print(f"{spec.name}: {cost.macs:,} MACs, {cost.params:,} params")
    for address in ("stages.2.blocks.0.token_mixer", "stages.3.blocks.0.token_mixer"):
        print(f"  {address}: {cost.by_address[address].macs:,} MACs")

    model = archdsl.build(spec).eval()
    with torch.inference_mode():
        print(tuple(model(torch.randn(2, 3, 224, 224)).shape))


if __name__ == "__main__":
    main()
