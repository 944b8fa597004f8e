"""Does any step of notebooks 0, 1, 3 and 4 grow faster than the number of children? Ends with 1 where one does.

    .venv/bin/python -m benchmarks.growth           # a minute or two

Processor time of every function of the library in studies of 1,500 and of 12,000 made-up children, one thread. It is
too dear for every change's tests; tests/test_growth.py holds that a square would be seen.
"""

from __future__ import annotations

import cProfile
import json
import math
import os
import pstats
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.cells import NOTEBOOKS, ROOT, do
from benchmarks.whole_study import study_of

SMALL, LARGE = 1_500, 12_000
MOST_OF_A_STEP = 1.15
MOST_INSIDE = 1.5  # a small function's own growth: memory that no longer fits the cache adds to it, a square doubles it
SECONDS_THAT_COUNT = 0.15


def profiled(work, library: Path) -> dict[str, float]:
    """Return the processor time of each function of the library, "step " before those that a notebook calls."""
    profile = cProfile.Profile(time.thread_time, builtins=False)
    profile.runcall(work)
    found: dict[str, float] = {}
    for (file, _, name), (*_, taken, callers) in pstats.Stats(profile).stats.items():
        if file.startswith(str(library)):
            asked = any(Path(by[0]).name.startswith("cell of") or "sections" in by[0] for by in callers)
            found[f"{'step ' * asked}{Path(file).stem}.{name}"] = taken
    return found


def seconds_of(params: Path) -> dict[str, float]:
    """Return :func:`profiled` of a study's notebooks, from a process of one thread, as a worker of a run."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.growth", str(params)],
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def too_steep(small: dict[str, float], large: dict[str, float]) -> dict[str, float]:
    """Return the exponent of each function that grows faster than it may."""
    steep = {}
    for name, taken in large.items():
        power = math.log(taken / small[name]) / math.log(LARGE / SMALL) if small.get(name) else 0.0
        if taken > SECONDS_THAT_COUNT and power > (MOST_OF_A_STEP if name.startswith("step ") else MOST_INSIDE):
            steep[name] = round(power, 2)
    return steep


def unhidden(params: Path) -> Path:
    """Show every number: what is hidden of a table does not hang on how many children there are."""
    text = params.read_text(encoding="utf-8")
    own = re.search(r"(?m)^disclosure:\n(?:[ #].*\n)+", text)[0]
    params.write_text(text.replace(own, "disclosure: {method: none, reason: these children are made up}\n"))
    return params


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        studies = [unhidden(study_of(size, Path(folder) / str(size))) for size in (SMALL, LARGE)]
        least = [seconds_of(study) for study in studies]
        if too_steep(*least):  # measured again, for the least of both
            again = [seconds_of(study) for study in studies]
            least = [{n: min(t, new.get(n, t)) for n, t in old.items()} for old, new in zip(least, again, strict=True)]
    steps = [name for name in least[1] if name.startswith("step ")]
    steep = too_steep(*least)
    print(f"{len(steps)} steps, {len(least[1])} functions; faster than they may: {steep or 'none'}")
    sys.exit(bool(steep))


if __name__ == "__main__":
    if sys.argv[1:]:
        from stepdown.run import warm  # noqa: F401 (what is imported at first use is no growth)

        print(json.dumps(profiled(lambda: do(sys.argv[1], NOTEBOOKS), ROOT / "lib" / "stepdown")))
    else:
        main()
