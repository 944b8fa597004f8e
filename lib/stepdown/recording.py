"""What a notebook leaves in the folder of a run: its tables raw and cleared, its charts, and what it showed."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from stepdown.disclosure import ClearedTable, Plan, policy_in_words
from stepdown.params import DisclosurePolicy
from stepdown.params.runs import PLAN_FILE
from stepdown.show import Figure
from stepdown.tables import AggregateTable

PREVIEW = Plan()
"""The plan of a run's first pass: everything is shown, to the evaluator alone."""

UNSUPPRESSED = DisclosurePolicy(method="none", reason="this preview is for the evaluator and not for release")


SHOWN = ("text/html", "image/png", "image/svg+xml", "text/markdown")
"""The kinds of output of which a page is made."""


def read_plan(folder: Path) -> Plan | None:
    """Return what a run decided for all its tables together; None where each table is treated by itself."""
    file = folder / PLAN_FILE
    if not file.is_file():
        return None
    values = json.loads(file.read_text(encoding="utf-8"))
    return Plan.read(values) if values else PREVIEW


class Recorder:
    """Writes what a notebook makes into the folder of a run."""

    def __init__(
        self, folder: Path, notebook: str, head: Mapping[str, str], policy: DisclosurePolicy, plan: Plan | None
    ) -> None:
        self.folder = folder
        self.release = "restricted/preview" if plan is PREVIEW else "release"
        self.notebook = notebook
        self._tables: dict[str, str] = {}
        self._shown: list[str] = []
        self.head = {"notebook": notebook, **head}
        words = f"{policy_in_words(policy)} {plan.in_words() if plan and plan.counts else ''}".strip()
        self.policy = {**policy.model_dump(mode="json"), "in_words": words}
        for part in ("restricted/tables", "restricted/parts", f"{self.release}/tables", f"{self.release}/figures"):
            (folder / part).mkdir(parents=True, exist_ok=True)

    def table(self, raw: AggregateTable, cleared: ClearedTable) -> None:
        """Write a table raw and cleared, and note what its columns mean."""
        _write_csv(raw.frame, self.folder / "restricted" / "tables" / f"{raw.name}.csv")
        if not cleared.left_out:
            _write_csv(cleared.written(), self.folder / self.release / "tables" / f"{raw.name}.csv")
        self._tables[raw.name] = _json(
            {
                "one_row_is": raw.one_row_is,
                "columns": {name: asdict(column) for name, column in raw.columns.items()},
                "adds_up": [asdict(relation) for relation in raw.adds_up],
                "symbols": dict(cleared.symbols),
                "policy": cleared.policy,
                "left_out": cleared.left_out,
                "marks": [list(row) for row in cleared.marks.itertuples(index=False, name=None)],
            }
        )
        self._save()

    def chart(self, figure: Figure, name: str) -> tuple[str, dict[str, Any]]:
        """Write a chart's files; return their stem, and the picture that the notebook shows.

        A release has it as SVG, as SVG for a phone and as PNG; the first pass as SVG alone, which its pages show.
        """
        stem = f"{self.notebook}_{name}"
        svg = figure.svg()
        files = {f"{stem}.svg": svg}
        shown: dict[str, Any] = {"image/svg+xml": svg.decode()}
        if self.release == "release":
            png = figure.png()
            files |= {f"{stem}.png": png, f"{stem}_narrow.svg": figure.narrow_svg()}
            shown = {"image/png": png}
        for file, held in files.items():
            if held:
                (self.folder / self.release / "figures" / file).write_bytes(held)
        return stem, shown

    def shown(self, item: dict[str, Any]) -> None:
        """Note one thing that was shown."""
        self._shown.append(_json(item))
        self._save()

    def _save(self) -> None:
        """Write all that was noted; each note is made into JSON once, not once more with every later one."""
        head = _json({**self.head, "policy": self.policy}).removesuffix("}")
        tables = ", ".join(f"{_json(name)}: {about}" for name, about in self._tables.items())
        text = f'{head}, "shown": [{", ".join(self._shown)}], "tables": {{{tables}}}}}\n'
        (self.folder / "restricted" / "parts" / f"{self.notebook}.json").write_text(text, encoding="utf-8")


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def mark_of(bundle: Mapping[str, Any]) -> str:
    """Return a short hash of what an output shows, the same before and after a notebook is saved."""
    main = next(bundle[kind] for kind in SHOWN if kind in bundle)
    if isinstance(main, list):
        main = "".join(main)
    if isinstance(main, str) and "image/png" in bundle:
        main = base64.b64decode(main)
    return hashlib.sha256(main if isinstance(main, bytes) else main.encode()).hexdigest()[:16]


def _write_csv(frame: pd.DataFrame, file: Path) -> None:
    frame.to_csv(file, index=False, lineterminator="\n", encoding="utf-8")
