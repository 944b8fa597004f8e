"""Writes what an import comes to: tables under pseudonyms, the report, restricted lists, and a study file to complete.

The key of the pseudonyms and the lists of children go to ``restricted/<study>``, never into the study's folder; both
folders are kept out of version control. The same returns give the same bytes, whatever the order of files and rows.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from stepdown.faults import Fault, Refused
from stepdown.importing import report
from stepdown.importing.council import Imported
from stepdown.importing.groups import Member
from stepdown.importing.rows import RULE, shown
from stepdown.importing.study_file import study_file
from stepdown.measures import slug

REPORT = "import_report.csv"
STATUS_ORDER = {"CIN": 0, "CP": 1, "CLA": 2}
_ABUSE = ("3A", "3B", "3C")
_KEEP_OUT = "# written by stepdown import: records of children, not for version control\n*\n"


def write(imported: Imported, root: Path) -> list[str]:
    """Write everything and return the paths, from the root; raises Refused rather than overwrite another's folder."""
    name = imported.settings.study
    data, restricted = root / "data" / name, root / "restricted" / name
    if data.is_dir() and any(data.iterdir()) and not (data / REPORT).is_file():
        found = "a folder with files that no import wrote"
        raise Refused([Fault(f"data/{name}", found, "a new or empty folder", RULE, "give the study another name")])
    _refuse_an_empty_group(imported)
    children = pseudonyms(imported, [member.child.id for member in imported.members], "C")
    families = pseudonyms(imported, [_family(imported, member) for member in imported.members], "F")
    files = {data / f"{table}.csv": text for table, text in tables(imported, children, families).items()}
    files[data / REPORT] = _csv(report.COLUMNS, report.lines(imported))
    files[data / ".gitignore"] = files[root / "restricted" / ".gitignore"] = _KEEP_OUT
    key = sorted((children[m.child.id], m.child.id, families[_family(imported, m)]) for m in imported.members)
    files[restricted / "key.csv"] = _csv(("pseudonym", "child_id", "family"), key)
    for doubt, rows in imported.doubts.lists.items():
        files[restricted / "lists" / f"{slug(doubt)}.csv"] = _csv(("child_id", "detail"), sorted(rows))
    text, params = study_file(imported), root / "params" / f"{name}.yaml"
    own = params.is_file() and params.read_text(encoding="utf-8") != text
    files[data / "study_file.yaml" if own else params] = text
    restricted.mkdir(parents=True, exist_ok=True)
    restricted.chmod(0o700)
    for old in (restricted / "lists").glob("*.csv"):
        old.unlink()
    for path, content in files.items():
        _replace(path, content)
    return [str(path.relative_to(root)) for path in files if path.name != ".gitignore"]


def _refuse_an_empty_group(imported: Imported) -> None:
    """Refuse to write a study that could only say that a group is empty."""
    step = next((step for step, number in imported.steps if not number), "")
    covered = f"{shown(imported.covered.first_day)} to {shown(imported.covered.last_day)}"
    for there, where, found, remedy in (
        (
            any(not member.programme for member in imported.members),
            "comparison",
            f"no child who may be compared: none is left at the step “{step}”",
            f"see --look; correct factors or authorised (the returns cover {covered})",
        ),
        (
            any(member.programme for member in imported.members),
            imported.settings.programme.list,
            "no child of the list whose support began within the days covered",
            f"correct the list, or add the later returns (they cover {covered})",
        ),
    ):
        if not there:
            raise Refused([Fault(where, found, "a child at least in each group", RULE, remedy)])


def pseudonyms(imported: Imported, names: Iterable[str], letter: str) -> dict[str, str]:
    """Return a running number for each name, in an order that only the whole of the returns gives away.

    The order is that of a hash keyed with every child of the returns: the same returns give the same numbers, and who
    does not hold them all cannot work the order out from an id.
    """
    secret = hashlib.sha256("\n".join(sorted(imported.everyone)).encode()).digest()
    distinct = sorted(set(names), key=lambda name: hashlib.blake2b(name.encode(), key=secret).digest())
    width = max(4, len(str(len(distinct))))
    return {name: f"{letter}{number:0{width}d}" for number, name in enumerate(distinct, 1)}


def _family(imported: Imported, member: Member) -> str:
    return " ".join(imported.households.of(member.child.id))


def tables(imported: Imported, children: dict[str, str], families: dict[str, str]) -> dict[str, str]:
    """Return the study's tables as CSV, under pseudonyms and in their order."""
    members = sorted(imported.members, key=lambda member: children[member.child.id])
    labels = {True: imported.settings.programme.name, False: imported.settings.comparison.label}
    people, spells, referrals, issues = [], [], [], []
    for member in members:
        child, name = member.child, children[member.child.id]
        family = families[_family(imported, member)]
        facts = (shown(child.birth), child.sex, child.ethnicity)
        dates = (shown(member.start), shown(member.end), member.excluded)
        people.append((name, family, labels[member.programme], *facts, *dates))
        for spell in sorted(child.spells, key=lambda spell: (STATUS_ORDER[spell.status], spell)):
            open_still = spell.end > imported.covered.last_day  # what is known beyond the days covered is not of all
            spells.append((name, spell.status, shown(spell.start), "" if open_still else shown(spell.end)))
        for day, need in sorted(child.referrals.items()):
            referrals.append((name, shown(day), "true" if day == member.index_referral else "false", need))
        issues += [(name, *issue) for issue in _issues(imported, member)]
    heads = {
        "children": "child_id family_id group birth_date sex ethnicity_code start_date end_date exclusion_reason",
        "spells": "child_id status start_date end_date",
        "referrals": "child_id referral_date is_index reason_code",
        "issues": "child_id issue_code domestic_abuse_factors",
    }
    rows: dict[str, Sequence[Sequence[str]]] = dict(zip(heads, (people, spells, referrals, issues), strict=True))
    return {table: _csv(head.split(), rows[table]) for table, head in heads.items()}


def _issues(imported: Imported, member: Member) -> list[tuple[str, str]]:
    factors = set(member.assessment.factors) if member.assessment else set()
    found = [issue for issue, codes in imported.settings.issues.items() if factors.intersection(codes)]
    number = str(len(factors.intersection(_ABUSE)))
    return [(issue, number if issue == "domestic_abuse" else "") for issue in found]


def _csv(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return out.getvalue()


def _replace(path: Path, text: str) -> None:
    """Write a file beside its place and move it there, so that no half of one is ever read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.new")
    beside.write_text(text, encoding="utf-8")
    os.replace(beside, path)
