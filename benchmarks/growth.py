"""Does any step of notebooks 0, 1, 3 and 4 grow faster than the number of children? Ends with 1 where one does.

    .venv/bin/python -m benchmarks.growth                           # as the tests have it (20 seconds)
    .venv/bin/python -m benchmarks.growth 1000 100000 400000        # any three sizes

A step is a statement of a cell. What it takes of the smallest study is taken off first: most of that does not hang on
how many children there are, and would hide growth.
"""

from __future__ import annotations

import math
import re
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.cells import NOTEBOOKS, do
from benchmarks.whole_study import study_of

SIZES = (900, 5_000, 20_000)
MOST = 1.15
SECONDS_THAT_COUNT = 0.15
ROUNDS = 5


def exponents(sizes: Sequence[int], taken: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Return each step's exponent of growth between the second size and the third, above what the first takes.

    taken: seconds of each step, a mapping for each of the three sizes.  Steps too short to be told are left out.
    """
    least, middle, most = sizes
    base, some, all_ = taken
    found = {}
    for name, seconds in all_.items():
        more = seconds - base[name]
        if more > SECONDS_THAT_COUNT:
            before = max(some[name] - base[name], 1e-6)
            found[name] = math.log(more / before) / math.log((most - least) / (middle - least))
    return found


def steepest(sizes: Sequence[int], studies: Sequence[Path]) -> dict[str, float]:
    """Return the exponents of the steps: the least of several measurements, of steps that seem to grow too fast.

    A clock beside other work errs, and one exponent in many is then too high; what grows too fast is so every time.
    """
    least = exponents(sizes, [do(str(study), NOTEBOOKS) for study in studies])
    for _ in range(ROUNDS):
        steep = [name for name, power in least.items() if power > MOST]
        again = sorted({name.partition(":")[0] for name in steep})
        found = exponents(sizes, [do(str(study), again) for study in studies]) if again else {}
        least |= {name: min(least[name], found.get(name, 0.0)) for name in steep}  # 0: too short to be told
    return least


def unhidden(params: Path) -> Path:
    """Show every number: what is hidden of a table does not hang on how many children there are."""
    text = params.read_text(encoding="utf-8")
    own = re.search(r"(?m)^disclosure:\n(?:[ #].*\n)+", text)[0]
    params.write_text(text.replace(own, "disclosure: {method: none, reason: these children are made up}\n"))
    return params


def main(sizes: Sequence[int]) -> None:
    import stepdown.run.warm  # noqa: F401 (libraries loaded and few looks for cycles, as in a run's workers)

    with tempfile.TemporaryDirectory() as folder:
        found = steepest(sizes, [unhidden(study_of(size, Path(folder) / str(size))) for size in sizes])
    for name in sorted(found, key=found.__getitem__, reverse=True):
        print(f"{found[name]:6.2f}  {name.splitlines()[0][:100]}")
    sys.exit(max(found.values(), default=0.0) > MOST)


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or SIZES)
