"""What a notebook uses: begin a study, clear tables, show them, say what they mean. Nothing else reaches a reader.

    from stepdown import workbook
    book = workbook.begin(study, notebook="1_cohort_profile", output=output, window_months=window_months)
    profile = book.clear(describe.profile(book.study, book.outcomes.cohort))
    book.table(profile, caption="Age, ethnicity and sibling group of the children")
    book.tell(book.outcomes.cohort.flow, describe.flow_summary, groups, limit="Why a child is in the records at all.")

With ``output`` (a run) every cleared table and chart is also written, and everything shown is recorded in
``restricted/parts/<notebook>.json``, from which :mod:`stepdown.release.building` makes the pages; then a DataFrame left
at the end of a cell is not printed. Without it (exploring in JupyterLab) things are shown only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

from stepdown import exploring
from stepdown.contracts import StudyRecords, read_once, read_study
from stepdown.disclosure import ClearedTable, policy_in_words
from stepdown.disclosure import clear as clear_table
from stepdown.faults import Refused
from stepdown.numbers import NOT_SHOWN, written
from stepdown.outcomes import ChildOutcomes, child_outcomes
from stepdown.params import (
    DisclosurePolicy,
    Study,
    StudySettings,
    find_file,
    load_people,
    load_study,
    project_root,
    read_yaml,
)
from stepdown.params.data import IN_NEED, SYNTHETIC, from_records
from stepdown.params.loading import study_name
from stepdown.params.runs import RECORDS_FILE
from stepdown.recording import PREVIEW, UNSUPPRESSED, Recorder, mark_of, read_plan
from stepdown.show import Figure, table_html, table_text
from stepdown.tables import AggregateTable

KIND = "stepdown"
"""Key of the output metadata that says what an output is (opening, table, chart, text, finding, absent)."""

ANALYSED = "{children analysed}, "
"""Stands in a source line where the pages put how many children were analysed."""

WIDTH_IN_A_NOTEBOOK = 620
"""Pixels: at its own size a chart fills the screen of JupyterLab."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a notebook is about: a study, or a report whose published figures are checked.

    name, title, file, root: of the parameter file.  notice: a sentence that every reader must see ("" for none).
    study: None for a report that is checked.  policy: how small numbers are treated.
    source: where its numbers are from, as the words after "Source:" under each chart.
    """

    name: str
    title: str
    file: Path
    root: Path
    policy: DisclosurePolicy
    study: Study | None = None
    notice: str = ""
    source: str = ""


def begin(study: str, *, notebook: str, output: str = "", window_months: int = 0, source: str = "") -> Book:
    """Return the book of a study for one notebook and show its title.

    study: path of the parameter file.  notebook: its name without ending.  output: folder of a run (empty: show only).
    window_months: replaces the file's (0: as in the file).  source: what stands after "Source:" under each chart, where
    that is not the records.  Raises Refused with every fault of the parameter file.

    >>> book = begin("params/slough_ifp.yaml", notebook="my_own")
    Inspiring Families Programme, Slough
    ...
    """
    file = _named(study, "study")
    loaded = load_study(file, window_months=window_months) if window_months else load_people(file)
    settings = loaded.settings
    made_up = f"{SYNTHETIC}{settings.data.provenance}" if settings.data.synthetic else ""
    notice = " ".join(filter(None, (made_up, settings.data.counting, IN_NEED[settings.data.in_need])))
    months = getattr(settings, "window_months", 0)  # a study of people has no periods
    periods = f", {ANALYSED}{written(months, 'month')} before and after" if months else ""
    told = from_records(source, notice) if source else f"{from_records('records of the study', notice)}{periods}"
    subject = Subject(loaded.name, settings.title, loaded.file, loaded.root, settings.disclosure, loaded, notice, told)
    return Book(subject, notebook, output)


def begin_audit(
    audit: str,
    *,
    notebook: str,
    output: str = "",
    policy: DisclosurePolicy | None = None,
    source: str = "figures as published",
) -> Book:
    """Return the book of a parameter file that is not a study of children; ``audit`` is its path.

    policy: how small numbers are treated (None: nothing is suppressed, every figure is published already).
    source: what stands after "Source:" under each chart.
    ``book.file`` and ``book.root`` lead to the tables.

    >>> begin_audit("params/audit_rr1038.yaml", notebook="example").subject.name
    Check of the published figures: ...
    'audit_rr1038'
    """
    file = _named(audit, "audit, case, area or monitoring", what="file of published figures")
    content = {"title": file.stem.replace("_", " "), "notice": "", **read_yaml(file)}
    cleared_by = policy or DisclosurePolicy(method="none", reason="every figure is published already")
    head = (study_name(file), str(content["title"]), file, project_root(file), cleared_by)
    notice = str(content["notice"]).strip()
    return Book(Subject(*head, notice=notice, source=from_records(source, notice)), notebook, output)


def _named(path: str, parameter: str, what: str = "parameter file") -> Path:
    """Return a file that a notebook's first cell names; a fault names the cell."""
    try:
        return find_file(path, what=what)
    except Refused as refused:
        where = f"{parameter}, in the notebook's first cell (or given with -p): "
        raise Refused(replace(fault, where=where + fault.where) for fault in refused.faults) from None


class Book:
    """One notebook's view of its study: what it reads, clears, shows and writes. See the module's example."""

    def __init__(self, subject: Subject, notebook: str, output: str) -> None:
        self.subject = subject
        self.notebook = notebook
        self.plan = read_plan(Path(output)) if output else None
        self._kept = Path(output) / RECORDS_FILE if output else None
        if self.plan is PREVIEW:
            self.subject = subject = replace(subject, policy=UNSUPPRESSED)
        self._writer = Recorder(Path(output), notebook, _head(subject), subject.policy, self.plan) if output else None
        if self._writer:
            exploring.hide_frames()
        self._open()

    def _repr_html_(self) -> str:
        return exploring.introduced(self.subject.title, self.subject.name)

    @property
    def study(self) -> Study:
        """The study; raises LookupError in the book of a report that is checked.

        >>> book.study.name
        'slough_ifp'
        """
        if self.subject.study is None:
            raise LookupError("this book is about published figures; it has no study")
        return self.subject.study

    @property
    def settings(self) -> StudySettings:
        """The settings of the study's parameter file.

        >>> book.settings.window_months
        6
        """
        return self.study.settings

    @property
    def file(self) -> Path:
        """The parameter file, absolute.

        >>> book.file.name
        'slough_ifp.yaml'
        """
        return self.subject.file

    @property
    def root(self) -> Path:
        """The folder that paths in the parameter file start from."""
        return self.subject.root

    @cached_property
    def records(self) -> StudyRecords:
        """The validated records of the study, read once; raises Refused with every fault of every table.

        >>> book.records.spells.columns.tolist()
        ['child_id', 'status', 'start_date', 'end_date']
        """
        return read_once(self.study, self._kept) if self._kept else read_study(self.study)

    @cached_property
    def outcomes(self) -> ChildOutcomes:
        """The outcomes of each child, computed once.

        >>> book.outcomes.longest_window()
        184
        """
        return child_outcomes(self.study, self.records)

    @property
    def children(self) -> pd.DataFrame:
        """The child outcomes frame, a copy to explore: one row per child; never shown on a page.

        Its columns: :class:`stepdown.outcomes.ChildOutcomes`.

        >>> book.children.groupby("group")["days_cp_after"].sum()
        group
        Comparison    3043.0
        IFP            240.0
        Name: days_cp_after, dtype: float64
        """
        return self.outcomes.frame.copy()

    def clear(self, table: AggregateTable) -> ClearedTable:
        """Return the table under the study's disclosure policy, and write it raw and cleared when there is a run.

        >>> book.clear(outcomes.statutory_status(book.outcomes)).policy[:19]
        'No number is hidden'
        """
        if not isinstance(table, AggregateTable):
            raise exploring.NotShown(exploring.to_be_cleared(table))
        cleared = clear_table(table, self.subject.policy, self.plan)
        if self._writer:
            self._writer.table(table, cleared)
        return cleared

    def tell(
        self,
        table: AggregateTable | ClearedTable,
        words: Callable[..., str | Sequence[str]],
        *further: Any,
        limit: str | Callable[..., str] = "",
        caption: str = "",
        columns: Sequence[str] | None = None,
    ) -> None:
        """Say in words what a table shows, cleared first if it is not yet, and show it where it has a ``caption``.

        words: a function of the cleared frame (of a table without keys: of its one row) and of ``further``; several
        paragraphs where it returns a list.  limit: makes it a finding; a text, or a function of the same frame.

        >>> book.tell(effects.overlap_gate_table(gate), effects.sentences.gate_limit)
        Whether the programme did anything: groups that cannot be compared say nothing either way.
        """
        cleared = table if isinstance(table, ClearedTable) else self.clear(table)
        if cleared.left_out:
            self.table(cleared, caption or cleared.name.replace("_", " ").capitalize(), columns=columns or None)
            return
        shown = cleared.frame if cleared.keys() else cleared.frame.iloc[0]
        said = words(shown, *further)
        paragraphs = [said] if isinstance(said, str) else said
        for text in paragraphs:
            if limit:
                self.finding(text, limit(shown) if callable(limit) else limit, table=cleared.name)
            else:
                self.say(text)
        if caption:
            self.table(cleared, caption, columns=columns)

    def table(
        self,
        table: ClearedTable,
        caption: str,
        notes: Sequence[str] = (),
        columns: Sequence[str] | None = None,
        *,
        folded: bool | str = False,
    ) -> None:
        """Show a cleared table; raises TypeError for anything else.

        folded: under "Figures behind this chart", where its chart stands before it, or words of its own.

        >>> book.table(book.clear(effects.overlap_table(children)), caption="Highest status before")
        Highest status before
        ...
        """
        if isinstance(table, ClearedTable) and table.left_out:
            self.say(f"*Not shown: {caption}.* The numbers are too small: {table.left_out}.")
            return
        html = table_html(table, caption, notes, columns, folded=folded)
        self._show(
            "table",
            {"text/html": html, "text/plain": table_text(table, caption, columns)},
            {"name": table.name, "caption": caption},
        )

    def chart(self, figure: Figure, name: str) -> None:
        """Show a chart with its text alternative; ``name`` is the stem of its file.

        >>> from stepdown.show.effect_charts import love_plot
        >>> book.chart(love_plot(book.clear(effects.balance_table(children, options))), name="balance")
        Dot plot. The groups differed before by more than chance on 5 of 9 characteristics. ...
        """
        if not isinstance(figure, Figure):
            raise exploring.NotShown(f"only a Figure from stepdown.show can be shown, not a {type(figure).__name__}")
        if self.plan and figure.is_empty():
            self.say("*Not shown: a chart.* The numbers behind it are too small.")
            return
        facts = {"name": name, "title": figure.title, "alt": _MISSING.sub(NOT_SHOWN, figure.alt)}
        picture: dict[str, Any] = {}
        if self._writer:
            facts["file"], picture = self._writer.chart(figure, name)
        picture = picture or {"image/png": figure.png()}
        look = {"alt": facts["alt"], "width": WIDTH_IN_A_NOTEBOOK}
        self._show("chart", {**picture, "text/plain": facts["alt"]}, facts, dict.fromkeys(picture, look))

    def say(self, text: str) -> None:
        """Show a paragraph of Markdown that the library made from numbers.

        >>> book.say("Age is known for every child.")
        Age is known for every child.
        """
        self._show("text", {"text/markdown": _text(text), "text/plain": text}, {})

    def absent(self, what: str) -> None:
        """Say that the study has no ``what``; a page leaves out the section that shows nothing else.

        >>> book.absent("survey")
        The study has no survey: nothing is shown here.
        """
        text = f"The study has no {what}: nothing is shown here."
        self._show("absent", {"text/markdown": text, "text/plain": text}, {})

    def finding(self, sentence: str, limit: str, table: str = "") -> None:
        """Show a finding with what it does not show; table: whose numbers it tells, so that the first page knows it.

        >>> book.finding("The groups differ in age.", limit="It does not say why.")
        The groups differ in age.
        What this does not show: It does not say why.
        """
        shown = f"**{_text(sentence).strip()}**\n\n*What this does not show:* {_text(limit).strip()}"
        shown = "\n".join(f"> {line}".rstrip() for line in shown.split("\n"))  # a box in JupyterLab
        sentence, limit = _MISSING.sub(NOT_SHOWN, sentence), _MISSING.sub(NOT_SHOWN, limit)
        plain = f"{sentence}\nWhat this does not show: {limit}"
        if not limit.strip():
            raise ValueError("a finding needs its limit: what does it not show?")
        facts = {"sentence": sentence, "limit": limit} | ({"table": table} if table else {})
        self._show("finding", {"text/markdown": shown, "text/plain": plain}, facts)

    def _open(self) -> None:
        notice = f"<p><strong>{escape(self.subject.notice)}</strong></p>" if self.subject.notice else ""
        policy = policy_in_words(self.subject.policy)
        html = f"<p><strong>{escape(self.subject.title)}</strong></p>{notice}<p>{escape(policy)}</p>"
        plain = "\n".join(line for line in (self.subject.title, self.subject.notice, policy) if line)
        self._show("opening", {"text/html": html, "text/plain": plain}, {})

    def _show(
        self,
        kind: str,
        bundle: Mapping[str, Any],
        facts: Mapping[str, Any],
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        from IPython.display import display

        mark = {"kind": kind, "digest": mark_of(bundle)} | ({"name": facts["name"]} if "name" in facts else {})
        if self._writer:
            self._writer.shown({**mark, **facts})
        display(dict(bundle), raw=True, metadata={**(metadata or {}), KIND: mark})


def _head(subject: Subject) -> dict[str, str]:
    return {"subject": subject.name, "title": subject.title, "notice": subject.notice, "source": subject.source}


_MISSING = re.compile(r"(?<![\w.])(?:[£+−-]?nan%?|<NA>)(?![\w])")


def _text(text: str) -> str:
    """Return a text without HTML in it, and with words for a number that is missing; raises TypeError for no text."""
    if not isinstance(text, str):
        raise exploring.NotShown(f"only text can be said, not a {type(text).__name__}: clear a table and show that")
    return _MISSING.sub(NOT_SHOWN, text).replace("<", "&lt;")
