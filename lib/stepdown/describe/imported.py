"""What an import from a council's returns did: rows in, used and left out, doubts, who could be compared, 31 March.

Read from the report that the import left beside the study's tables; a study that was not imported has none.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from math import isnan
from pathlib import Path

from stepdown.importing import REPORT
from stepdown.measures import STATUSES, sentence_case
from stepdown.params import Study
from stepdown.tables import AddsUp, AggregateTable, Column, Role

Line = tuple[str, ...]
Captioned = tuple[AggregateTable, str]

BROUGHT_IN = """### What was imported

The records come from the council's own returns. Below: how they were counted, what became of every row, which queries
were found, who could be compared, and how many children were in need, on a plan and looked after on each 31 March.
Compare the last with the figures that the department published for the council."""

_MARCH = {
    "in_need": "In need (a case open)",
    "on_plan": sentence_case(STATUSES["CP"].state),
    "looked_after": sentence_case(STATUSES["CLA"].state),
}
_RULES = {
    "in_need": sentence_case(STATUSES["CIN"].state),
    "in_need_days": f"Days {STATUSES['CIN'].state}",
    "short_breaks": "Short breaks",
    "vanished": "In no later file",
    "contradictory": "Dates that contradict",
    "covered": "Days covered",
    "clock": "The comparison's clock",
    "looked_after": sentence_case(STATUSES["CLA"].state),
    "unmatched": "In no return",
}
_FILE, _KIND = Column("File", Role.KEY), Column("Kind of row", Role.KEY)


def imported(study: Study) -> list[Captioned]:
    """Return the tables of the import that wrote the study's records, with their captions; empty if none did.

    >>> imported(book.study)
    []
    """
    file = study.path(study.settings.data.folder) / REPORT
    return report_tables(read_report(file)) if file.is_file() else []


def read_report(file: Path) -> list[Line]:
    """Return the rows of an import's report: section, file, item, fate, number."""
    with file.open(encoding="utf-8", newline="") as lines:
        return [tuple(row) for row in csv.reader(lines)][1:]


def report_tables(lines: Sequence[Line]) -> list[Captioned]:
    """Return the report as aggregate tables with their captions."""
    made = (_rules(lines), _rows(lines), _doubts(lines), _pool(lines), _march(lines))
    return [(table, caption) for table, caption in made if len(table.frame)]


def _of(lines: Sequence[Line], *sections: str) -> list[Line]:
    return [line for line in lines if line[0] in sections]


def _rules(lines: Sequence[Line]) -> Captioned:
    """One row is a rule of counting. Columns: rule, meaning."""
    rows = [(_RULES[setting], sentence_case(sentence)) for _, _, setting, sentence, _ in _of(lines, "rules")]
    columns = {"rule": Column("Rule", Role.KEY), "meaning": Column("How it was counted", Role.OPEN)}
    table = AggregateTable.of_rows("import_rules", "rule of counting", columns, rows)
    return table, "How the council's returns were counted"


def _rows(lines: Sequence[Line]) -> Captioned:
    """One row is a file × kind of row × what became of it. Columns: file, kind, rows_in (of the file and kind), …."""
    held = [(file, kind, fate, int(number)) for _, file, kind, fate, number in _of(lines, "rows")]
    read: Counter[tuple[str, str]] = Counter()
    for file, kind, _, number in held:
        read[file, kind] += number
    rows = [(file, kind, read[file, kind], fate, number) for file, kind, fate, number in held]
    columns = {
        "file": _FILE,
        "kind": _KIND,
        "rows_in": Column("Rows in", Role.COUNT, "rows", 0),
        "fate": Column("What became of them", Role.KEY),
        "rows": Column("Of them", Role.COUNT, "rows", 0),
    }
    sums = AddsUp("rows", ("file", "kind"), "rows_in")
    table = AggregateTable.of_rows("import_rows", "file × kind of row × what became of it", columns, rows, sums)
    return table, "Rows of the council's returns: in, used and left out, by file and reason"


def _doubts(lines: Sequence[Line]) -> Captioned:
    """One row is a doubt, a count over all children, or codes that are not known. Columns: finding, number."""
    rows = [(item, int(number)) for _, _, item, _, number in _of(lines, "doubts", "counts") if number]
    rows += [(f"codes not known, {name} in {file}", int(n)) for _, file, name, _, n in _of(lines, "unknown")]
    columns = {"finding": Column("What was found", Role.KEY), "number": Column("Number", Role.COUNT, "", 0)}
    table = AggregateTable.of_rows("import_doubts", "finding", columns, rows)
    return table, "Queries, and what was counted, across all children"


def _pool(lines: Sequence[Line]) -> Captioned:
    """One row is a reason why a child of the returns is not compared, or that it is. Columns: reason, children."""
    steps = [(item, int(number)) for _, _, item, _, number in _of(lines, "comparison")]
    rows = [(f"Fell: {_fell(step)}", before - n) for (_, before), (step, n) in pairwise(steps)]
    rows += [("Compared", steps[-1][1])] if steps else []
    columns = {"reason": Column("Reason", Role.KEY), "children": Column("Children", Role.COUNT, "children", 0)}
    table = AggregateTable.of_rows("import_pool", "reason", columns, rows, AddsUp("children", ()))
    return table, "From the children in the returns to those compared"


def _fell(step: str) -> str:
    """Return what holds of those who fell at a step."""
    for word, other in (("not ", ""), ("with ", "without ")):
        if step.startswith(word):
            return other + step.removeprefix(word)
    return f"not {step}"


def _march(lines: Sequence[Line]) -> Captioned:
    """One row is a 31 March × status. Columns: year, status, children, published (where it is given)."""
    held = sorted(_of(lines, "31_march"), key=lambda line: (line[1], list(_MARCH).index(line[2])))
    printed = [float(line[3]) if line[3] else float("nan") for line in held]
    given = not all(map(isnan, printed))
    rows = [(line[1], _MARCH[line[2]], int(line[4]), *[n] * given) for line, n in zip(held, printed, strict=True)]
    columns = {
        "year": Column("31 March", Role.KEY),
        "status": Column("Status", Role.KEY),
        "children": Column("In these returns", Role.COUNT, "children", 0),
    }
    if given:
        columns["published"] = Column("Published", Role.OPEN, "children", 0)
    return AggregateTable.of_rows("import_31_march", "31 March × status", columns, rows), "Children on each 31 March"
