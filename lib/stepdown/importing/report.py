"""The match report: what became of every row, the doubts, and the counts that a council can hold against its own.

It holds numbers only and no child; the lists of children are written apart (:mod:`stepdown.importing.writing`).
"""

from __future__ import annotations

from datetime import date

from stepdown.importing.council import Imported
from stepdown.importing.rows import shown

COLUMNS = ("section", "file", "item", "fate", "number")
"""One row is a number of the report. section: columns, rows, unknown, doubts, counts, comparison, 31_march or rules."""

IN_NEED = {
    "assessed": "a case counts from referral to closure; cases closed after assessment (RC8, RC9) make a referral only",
    "episode": "a case counts from referral to closure, also one closed after assessment",
    "plan": "a child in need plan counts, from its start to its end; it gives way to a protection plan",
}
OTHERS = {
    "exclusive": "days in need are not counted where a protection plan or care runs",
    "whole_episode": "days in need are counted also where a protection plan or care runs",
    "leave_out": "series of short breaks (V3, V4) are not counted as care",
    "count": "single short breaks (V3) are counted as care; agreements (V4) are not",
    "close": "a case, plan or care open in one file and in no later one ends on the day after that file",
    "exclude": "a child with a case, plan or care that is open in one file and in no later one is not analysed",
}


def rules(imported: Imported) -> list[tuple[str, str]]:
    """Return the decisions of the import as (setting, sentence)."""
    decisions, covered = imported.settings.decisions, imported.covered
    care = imported.settings.returns
    out = [
        ("in_need", IN_NEED[decisions.in_need]),
        ("in_need_days", OTHERS[decisions.in_need_days]),
        ("short_breaks", OTHERS[decisions.short_breaks]),
        ("vanished", OTHERS[decisions.vanished]),
        ("contradictory", "a child whose dates contradict each other is not analysed"),
        ("covered", " to ".join(f"{day_of(day):%-d %B %Y}" for day in (covered.first_day, covered.last_day))),
    ]
    if imported.lag_days is not None:
        wait = f"the comparison's clock begins {imported.lag_days} days after the assessment was authorised"
        out.append(("clock", f"{wait}: the programme's median wait"))
    if care.looked_after == "none":
        out.append(("looked_after", f"no looked-after return: {care.looked_after_reason}"))
    if imported.settings.programme.unmatched == "no_contact":
        out.append(
            ("unmatched", f"children in no return had no contact: {imported.settings.programme.unmatched_reason}")
        )
    return out


def lines(imported: Imported) -> list[tuple[str, str, str, str, str]]:
    """Return the whole report, row by row; raises ArithmeticError when the rows of a file do not add up."""
    ledger = imported.ledger
    out = [("columns", file, told, "", "") for file, told in sorted(ledger.columns.items())]
    out += [("rows", file, kind, fate, str(number)) for file, kind, fate, number in ledger.lines()]
    unknown = sorted(
        (ledger.files[file], column, number) for (file, column), number in ledger.unknown.items() if number
    )
    out += [("unknown", file, column, "code not known, treated as blank", str(n)) for file, column, n in unknown]
    doubts = imported.doubts
    out += [("doubts", "", doubt, "", str(len(doubts.children(doubt)))) for doubt in sorted(doubts.lists)]
    if imported.settings.households is None and not imported.settings.returns.ssd:
        out.append(("doubts", "", "no household file: every child is a family of its own", "", ""))
    out += [("counts", "", what, "", str(number)) for what, number in sorted(imported.counts.items()) if number]
    out += [("comparison", "", step, "", str(number)) for step, number in imported.steps]
    for (year, what), number in sorted(imported.on_31_march.items()):
        printed = getattr(imported.settings.published.get(year), what, None)
        out.append(("31_march", str(year), what, "" if printed is None else str(printed), str(number)))
    return out + [("rules", "", setting, sentence, "") for setting, sentence in rules(imported)]


def on_a_terminal(imported: Imported) -> str:
    """Return what ``--look`` prints: files, doubts, groups and days covered, in numbers."""
    said = [f"Covered: {shown(imported.covered.first_day)} to {shown(imported.covered.last_day)}", "", "Columns"]
    said += [line for file, told in sorted(imported.ledger.columns.items()) for line in (f"  {file}", f"    {told}")]
    said += ["", "Rows"]
    last = ""
    for section, file, item, fate, number in lines(imported):
        if section == "rows":
            said += [f"  {file}"] if file != last else []
            said.append(f"    {item}: {fate}: {int(number):,}")
            last = file
    for section, title in (("unknown", "Codes that are not known"), ("doubts", "Doubts, in children")):
        rows = [row for row in lines(imported) if row[0] == section]
        said += ["", title, *(f"  {' '.join(filter(None, row[1:3]))}: {row[4] or '!'}" for row in rows)] if rows else []
    said += ["", "Who may be compared", *(f"  {step}: {number:,}" for step, number in imported.steps)]
    on_list = [member for member in imported.members if member.programme]
    left_out = sum(bool(member.excluded) for member in on_list)
    said += ["", f"Programme: {len(on_list)} children, {left_out} of them not to be analysed"]
    return "\n".join(said)


def day_of(number: int) -> date:
    """Return a day as a date."""
    return date.fromordinal(number)
