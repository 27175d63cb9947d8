"""Which tests are run, and in which order. Of a long family of cases `make test` runs a tenth, always the same one;
`make test-full` runs it whole.

`@pytest.mark.family` over a parametrised test; `family(share=0.3)` for more of it. Which cases are run follows from a
digest of their ids alone, not from the day or their order. A case that a bug was once found by is always run:
`family(always=("its id", ...))`. Who names a case, asks for some by `-k`, or for what failed last gets those whole.
"""

from __future__ import annotations

import hashlib
import math
import random
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator

import pytest

Left = dict[str, int]
"""How many cases of a test were left to `--full`."""
LEFT = pytest.StashKey[Left]()


def chosen(cases: Iterable[str], share: float, always: Collection[str] = ()) -> set[str]:
    """A share in (0, 1] of the cases, rounded up, and those of `always` that are among them."""
    known = sorted(set(cases), key=lambda case: hashlib.sha256(case.encode()).digest())
    return {*known[: math.ceil(share * len(known))], *(case for case in known if case in always)}


def take_share(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave in `items` what is run of the families among them. Who names a single case gets it.

    With `--last-failed` pytest collects what failed and no more: a share of that would pass over the rest in silence.
    """
    if any(config.getoption(each, default=None) for each in ("keyword", "lf")):
        return
    families: dict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        if item.get_closest_marker("family") and not any(each.endswith(item.name) for each in config.args):
            families[item.nodeid.partition("[")[0]].append(item)
    left_out: set[pytest.Item] = set()
    config.stash[LEFT] = {}
    for name, members in families.items():
        mark = members[0].get_closest_marker("family")
        kept = chosen(map(case_of, members), **{"share": 0.1, **(mark.kwargs if mark else {})})
        gone = {each for each in members if case_of(each) not in kept}
        config.stash[LEFT][name] = len(gone)
        left_out |= gone
    if left_out:
        config.hook.pytest_deselected(items=[item for item in items if item in left_out])
    items[:] = [item for item in items if item not in left_out]


def shuffle(items: list[pytest.Item], seed: int) -> None:
    """File by file, so that what a file's tests share is made once; the same for the same seed."""
    order = random.Random(seed)
    keys = {item: (item.nodeid.partition("::")[0], order.random()) for item in items}
    files = {file: order.random() for file in sorted({file for file, _ in keys.values()})}
    items.sort(key=lambda item: (files[keys[item][0]], *keys[item]))


def case_of(item: pytest.Item) -> str:
    return item.nodeid.partition("[")[2].removesuffix("]")


def told(left: Left) -> Iterator[str]:
    """What was left out, for the summary."""
    for name, count in sorted(left.items()):
        yield f"{count:5,} cases of {name}"
    if left:
        yield f"{sum(left.values()):5,} cases left to --full"
