"""Every made-up study from records to release with one command, then attacked: what was kept, what could be told.

    python -m benchmarks.disclosure [NAME …]

Takes about a minute a study. tests/test_attack_studies.py does the same for a few. Measured: benchmarks/README.md.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from attacker.trial import try_study  # noqa: E402
from made_up_studies import NAMES  # noqa: E402


def main(names: list[str]) -> int:
    with tempfile.TemporaryDirectory() as folder:
        verdicts = []
        for name in names:
            verdicts.append(try_study(name, Path(folder)))
            print(verdicts[-1], *verdicts[-1].leaks, sep="\n    ", flush=True)
    released = sum(verdict.code == 0 for verdict in verdicts)
    safe = sum(not verdict.leaks for verdict in verdicts)
    print(f"{released} of {len(verdicts)} studies released in one command; nothing to be told in {safe}")
    return released < len(verdicts) or safe < len(verdicts)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or list(NAMES)))
