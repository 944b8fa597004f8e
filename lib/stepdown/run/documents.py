"""Writes the documents that are generated: ``python -m stepdown.run.documents`` (``make documents``)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from stepdown.contracts.dictionary import dictionary_markdown
from stepdown.costs.assumptions import assumptions_markdown
from stepdown.params import load_study

DEFAULT_STUDIES = ("slough_ifp", "slough_innovation_hub", "millbrook")


def _assumptions(root: Path) -> str:
    return assumptions_markdown([load_study(root / "params" / f"{name}.yaml") for name in DEFAULT_STUDIES])


DOCUMENTS: dict[str, Callable[[Path], str]] = {
    "docs/data_dictionary.md": lambda root: dictionary_markdown(),
    "docs/assumptions.md": _assumptions,
}
"""The text of each generated document by its path from the project root."""


def main() -> None:
    """Write every generated document anew."""
    root = Path(__file__).resolve().parents[3]
    for name, text in DOCUMENTS.items():
        (root / name).write_text(text(root), encoding="utf-8")


if __name__ == "__main__":
    main()
