"""Images told right, one by one: what is packed comes back, and reading it takes no torch."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from archdsl.training.seen_images import packed, unpacked


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 3)), min_size=1, max_size=40))
def test_what_is_packed_comes_back(images: list[tuple[bool, int]]) -> None:
    right, labels = np.array([one for one, _ in images]), np.array([one for _, one in images])
    seen = json.loads(json.dumps(packed(right, labels, 4)))
    assert unpacked(seen).tolist() == right.tolist()
    assert seen["classes"] == [
        [sum(a for a, b in images if b == c), sum(b == c for _, b in images)] for c in range(4)
    ]


def test_where_a_search_stands_is_told_without_torch() -> None:
    heavy = "{'torch', 'lightning', 'pytorch_lightning'} & set(sys.modules)"
    code = f"import sys, archdsl.study.status; assert not {heavy}, {heavy}"
    subprocess.run([sys.executable, "-c", code], check=True)
