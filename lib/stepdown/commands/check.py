"""``stepdown check`` and ``stepdown clean``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from stepdown.commands.foreseen import foreseen
from stepdown.params import find_file, read_yaml
from stepdown.run.folders import Locked, cleaned, held
from stepdown.run.jobs import Exit, gravest
from stepdown.run.planning import input_hashes, refuse_beyond_tables
from stepdown.run.subjects import AREA, AUDIT, MONITORING, PUBLISHED_CASE, STUDY, is_book, load_subject


def checked(path: str | Path) -> str:
    """Return what a parameter file and its data hold, and what a run would do; raises Refused with every fault.

    Beyond the tables: the costs' books and spending, a group without a child, a value in no band of the profile.
    """
    if is_book(path):
        if "share_with_status" in read_yaml(find_file(path)):
            from stepdown.effects.planning import load_plan

            load_plan(path)
            return f"{Path(path).stem}: a plan, in order (stepdown plan {path})"
        return f"{Path(path).stem}: a book that studies share; it is checked with each study that names it"
    subject = load_subject(path, {})
    input_hashes(subject)
    if subject.study is not None:
        from stepdown.cohort import select
        from stepdown.contracts import read_study
        from stepdown.describe import profile_categories

        records = read_study(subject.study)
        refuse_beyond_tables(subject.study, records)
        if subject.type is STUDY:
            profile_categories(subject.study, select(subject.study, records))
        rows = ", ".join(f"{table} {count:,}" for table, count in records.rows_read.items())
        return _in_order(f"{subject.name}: in order; {rows}", foreseen(subject, records))
    if subject.type is AUDIT:
        from stepdown.audit import run_audit

        run_audit(subject.file)
    if subject.type is PUBLISHED_CASE:
        from stepdown.costs import read_case

        read_case(subject.file)
    if subject.type is MONITORING:
        from stepdown import series

        series.begin(subject.file)
    if subject.type is AREA:
        from stepdown.areas import begin

        begin(subject.file)
    return _in_order(f"{subject.name}: in order", foreseen(subject, None))


def _in_order(first: str, lines: Sequence[str]) -> str:
    return "\n".join([first, *(f"  {line}" for line in lines)])


def cleaned_studies(keep: int, outputs: Path | None, studies: Sequence[str]) -> tuple[list[str], int]:
    """Remove old runs; returns what to say, and the exit code."""
    here = Path.cwd()
    places = [outputs] if outputs else [folder / "outputs" for folder in (here, *here.parents)]
    place = next((folder for folder in places if folder and folder.is_dir()), None)
    if place is None:
        return ["There is no outputs/ folder here or above: nothing to remove."], int(Exit.OK)
    lines, codes = [], [Exit.OK]
    for folder in sorted(path for path in place.iterdir() if path.is_dir()):
        if studies and folder.name not in studies:
            continue
        try:
            with held(folder):
                gone = cleaned(folder, keep)
        except Locked as locked:
            lines.append(str(locked))
            codes.append(Exit.LOCKED)
            continue
        lines.append(f"{folder.name}: removed {len(gone)} run{'' if len(gone) == 1 else 's'}")
    return lines, int(gravest(codes))
