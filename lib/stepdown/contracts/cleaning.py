"""What stands in a cell, read by one rule in every table: spaces, blanks, letters that cannot be seen, capitals.

- Spaces at the ends of a cell are left out, several inside it become one, and letters are composed (NFC).
- A cell is blank that is empty or holds only spaces, dashes, a dot, or one of :data:`BLANK_WORDS`, in any capitals,
  unless the column's own codes hold that word.
- The workbook's own words (statuses, sexes, answers) are read in any capitals. Names that people gave (ids, groups, the
  study's codes) are not: one that differs from another in capitals, spaces, the width of letters or zeros alone is
  refused.
- A word for "not known" is no id, and a reason for an exclusion is neither such a word nor yes or no: refused.
- Letters that cannot be seen, or that turn the direction of writing, are refused; so are Excel's errors (#N/A).
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from stepdown.contracts.headings import folded
from stepdown.contracts.model import Codes, Contract, Field, How
from stepdown.contracts.schema import RULE, lines_of
from stepdown.faults import Fault, some_rows
from stepdown.params.base import unseen
from stepdown.params.written import NO_ID, NOT_KNOWN

BLANK_WORDS = frozenset(
    {"null", "<null>", "(null)", "none", "na", "n/a", "n.a.", "nan", "nat", "nil", "<na>", "(blank)"}
)
"""Words that programs write for a cell without a value; "unknown" is none of them: a person wrote it."""

_YES_NO = frozenset({"yes", "no", "y", "n", "true", "false", "included", "include"})

_SHORTENED = r"^[0-9]+(?:[.,][0-9]+)?[Ee]\+[0-9]+$"
"""A long number as Excel saves it to CSV: different ids have become the same text."""
_ZEROS = r"^0*([0-9]+?)(?:\.0+)?$"
"""A whole number, with zeros in front or a ".0" that a program adds or takes off."""

_PLAIN = r"^[!-~]+( [!-~]+)*$"
"""Texts that hold visible ASCII and single spaces: only their words need a look."""
_ERROR = re.compile(r"#(N/A|REF!|VALUE!|DIV/0!|NAME\?|NUM!|NULL!|SPILL!|CALC!|FIELD!|BLOCKED!|GETTING_DATA)", re.I)
_DASHES = re.compile(r"[-–—−.]+")


@dataclass(frozen=True, slots=True)
class _Texts:
    """The distinct texts of a column. odd: those that hold more than visible ASCII and single spaces.

    Patterns are matched by Arrow, whose classes of letters are those of ASCII.
    """

    every: pa.Array
    odd: list[str]

    @classmethod
    def of(cls, cells: pd.Series) -> _Texts:
        every = pc.unique(pa.array(cells)).drop_null()
        return cls(every, every.filter(pc.invert(pc.match_substring_regex(every, _PLAIN))).to_pylist())

    def like(self, pattern: str) -> list[str]:
        return self.every.filter(pc.match_substring_regex(self.every, pattern)).to_pylist()

    def among(self, words: Collection[str]) -> list[str]:
        """Return the texts that are one of the words, in any capitals."""
        lower = pc.utf8_lower(self.every)
        return self.every.filter(pc.is_in(lower, pa.array(sorted(words), lower.type))).to_pylist()

    def without(self, letter: str, in_ascii: str) -> list[str]:
        """Return the texts in which no letter is like ``letter``; in_ascii: the same for ASCII alone."""
        left = self.every.filter(pc.invert(pc.match_substring_regex(self.every, in_ascii))).to_pylist()
        return [text for text in left if not re.search(letter, text)]


def cleaned(
    raw: pd.DataFrame, contract: Contract, codes: Codes, words: Mapping[str, Mapping[str, str]], how: How, file: str
) -> tuple[pd.DataFrame, list[Fault]]:
    """Return the cells by the rule of this module, rows that are blank by it left out, and the faults in them.

    words: by column, other words for its codes, folded (:func:`stepdown.contracts.headings.other_words`).
    Each distinct text is looked at once, and only where it holds more than plain letters.
    """
    faults: list[Fault] = []
    columns = {}
    for field in contract.fields:
        if field.name in raw:
            known = codes.get(field.name, field.codes)
            cells, texts = _cleaned_column(raw[field.name], known, how)
            faults += _unseen(cells, texts, contract, file)
            faults += [] if known else _stand_ins(cells, texts, field, contract, file)
            if field.type == "text":
                given, cells = cells, _in_other_words(cells, known, words.get(field.name, {}), how)
                cells = _as_codes(cells, field, known, how)
                if not (field.free or known):
                    faults += _two_cases(cells, texts if cells is given else _Texts.of(cells), contract, file)
            elif field.type == "flag":
                cells = _in_other_words(cells, (), words.get(field.name, {}), how)
            columns[field.name] = cells
    frame = pd.DataFrame(columns, index=raw.index)
    rows = frame.notna().any(axis=1)
    if not rows.all():
        how["", "empty rows left out"] += int((~rows).sum())
    return frame[rows], faults


def _cleaned_column(cells: pd.Series, codes: Iterable[str], how: How) -> tuple[pd.Series, _Texts]:
    texts = _Texts.of(cells)
    kept = {code.casefold() for code in codes}
    changed: dict[str, str | None] = {}
    for text in (*texts.odd, *texts.among(BLANK_WORDS), *texts.like(f"^{_DASHES.pattern}$")):
        new: str | None = " ".join(unicodedata.normalize("NFC", text).split())
        word = str(new).casefold()
        if word not in kept and (not word or word in BLANK_WORDS or _DASHES.fullmatch(word)):
            new = None
        if new != text:
            changed[text] = new
    if not changed:
        return cells, texts
    times = cells[cells.isin(list(changed))].value_counts()
    for text, n in times.items():
        new = changed[str(text)]
        what = "spaces taken out" if new is not None else "blank words read as blank" if str(text).strip() else "spaces"
        how[str(cells.name), "cells with only spaces read as blank" if what == "spaces" else what] += int(n)
    cells = cells.map(lambda text: changed.get(text, text), na_action="ignore").astype("str")
    return cells, _Texts.of(cells)


def _as_codes(cells: pd.Series, field: Field, codes: tuple[str, ...] | Mapping[str, str], how: How) -> pd.Series:
    """Return the cells with each code as the contract or the study writes it, also where a cell holds its label."""
    if field.other and not codes:
        if cells.notna().any():
            how[field.name, f"free text read as “{field.other}”"] += int(cells.notna().sum())
        return cells.where(cells.isna(), field.other)
    words = {code.casefold(): code for code in field.codes}
    labels = _labels(codes)
    if not words and not labels:
        return cells
    found = {text: (labels | words).get(text.casefold(), text) for text in cells.dropna().unique() if text not in codes}
    changed = {text: code for text, code in found.items() if code != text}
    if not changed:
        return cells
    what = "words in other capitals" if words else "" if field.other else "labels read as their codes"
    if what:
        how[field.name, what] += int(cells.isin(list(changed)).sum())
    return cells.map(lambda text: changed.get(text, text), na_action="ignore").astype("str")


def _labels(codes: Iterable[str]) -> dict[str, str]:
    """Return label → code, folded, of codes that have labels; a label that two codes share stands for neither."""
    if not isinstance(codes, Mapping):
        return {}
    texts = Counter(label.casefold() for label in codes.values())
    return {label.casefold(): code for code, label in codes.items() if texts[label.casefold()] == 1}


def _in_other_words(cells: pd.Series, codes: Iterable[str], words: Mapping[str, str], how: How) -> pd.Series:
    """Return the cells with the code in place of another word for it (LAC for CLA), counted."""
    if not words:
        return cells
    changed = {text: words[folded(text)] for text in cells.dropna().unique() if folded(text) in words}
    changed = {text: code for text, code in changed.items() if text != code and text not in codes}
    if not changed:
        return cells
    how[str(cells.name), "other words read as codes"] += int(cells.isin(list(changed)).sum())
    return cells.map(lambda text: changed.get(text, text), na_action="ignore").astype("str")


def _stand_ins(cells: pd.Series, texts: _Texts, field: Field, contract: Contract, file: str) -> list[Fault]:
    """Return the fault of ids that say "not known" (several would be one), and of reasons that are none."""
    if field.other:
        wrong = [*texts.among(NOT_KNOWN | _YES_NO), *texts.without(r"[^\W\d_]", "[A-Za-z]")]
        found = "not a reason: yes, no, a number, a mark or a word for “not known”"
        allowed = "a reason in words; a blank cell if the child is not excluded"
        remedy = "write the reason, or clear the cell"
    elif field.name.endswith("_id"):
        wrong = [*texts.among(NO_ID), *texts.without(r"\w", "[0-9A-Za-z_]"), *texts.like(_SHORTENED)]
        found = "a word for “not known”, or a long number that Excel shortened"
        allowed = "an id of its own"
        remedy = "give each its own id from the source, or remove the rows"
    else:
        return []
    if not wrong:
        return []
    where = f"{file}, column {cells.name}, {some_rows(lines_of(cells.index[cells.isin(wrong)]))}"
    return [Fault(where, found, allowed, RULE.format(table=contract.table, column=cells.name), remedy)]


def _two_cases(cells: pd.Series, texts: _Texts, contract: Contract, file: str) -> list[Fault]:
    folded = pc.replace_substring(pc.utf8_lower(texts.every), " ", "")
    folded = pc.replace_substring_regex(folded, _ZEROS, r"\1")
    if not texts.odd and pc.count_distinct(folded).as_py() == len(folded):
        return []
    odd, every = set(texts.odd), texts.every.to_pylist()
    alike = [
        unicodedata.normalize("NFKC", low).casefold() if text in odd else low
        for text, low in zip(every, folded.to_pylist(), strict=True)
    ]
    times = Counter(alike)
    wrong = [text for text, fold in zip(every, alike, strict=True) if times[fold] > 1]
    if not wrong:
        return []
    where = f"{file}, column {cells.name}, {some_rows(lines_of(cells.index[cells.isin(wrong)]))}"
    return [
        Fault(
            where,
            f"{len(wrong)} texts that differ from another only in capitals, spaces, width of letters or zeros",
            "one way of writing each thing",
            RULE.format(table=contract.table, column=cells.name) + "; it cannot be known whether they are one",
            "write them in the same way if they are one; if not, make them differ in more than that",
            tuple(sorted(wrong, key=str.lower)[:4]),
        )
    ]


def _unseen(cells: pd.Series, texts: _Texts, contract: Contract, file: str) -> list[Fault]:
    rule = RULE.format(table=contract.table, column=cells.name)
    faults = []
    for wrong, what, allowed, remedy in (
        (
            [text for text in texts.odd if unseen(text)],
            "invisible characters (zero-width, direction or control marks)",
            "visible characters: two ids that look the same must be the same",
            "type the text again, or remove the characters at the source",
        ),
        (
            [text for text in texts.like("^#") if _ERROR.fullmatch(text)],
            "an error that Excel writes, such as #N/A",
            "values; a blank cell where a value is not known",
            "correct the formula behind the cell, or clear the cell if the value is not known",
        ),
    ):
        if wrong:
            where = f"{file}, column {cells.name}, {some_rows(lines_of(cells.index[cells.isin(wrong)]))}"
            faults.append(Fault(where, what, allowed, rule, remedy, tuple(wrong[:5])))
    return faults
