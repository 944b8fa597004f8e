"""Writes the documents that are generated: ``python -m stepdown.commands.documents`` (``make documents``)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from stepdown.contracts.dictionary import dictionary_markdown
from stepdown.costs import assumptions_markdown, read_case
from stepdown.params import load_study
from stepdown.params.describing import settings_markdown
from stepdown.surveys.claims import claims_markdown

DEFAULT_STUDIES = ("slough_ifp", "slough_innovation_hub", "millbrook")
DEFAULT_CASES = ("leeds_family_valued",)


def _assumptions(root: Path) -> str:
    studies = [load_study(root / "params" / f"{name}.yaml") for name in DEFAULT_STUDIES]
    return assumptions_markdown([*studies, *(read_case(root / "params" / f"{name}.yaml") for name in DEFAULT_CASES)])


DOCUMENTS: dict[str, Callable[[Path], str]] = {
    "docs/data_dictionary.md": lambda root: dictionary_markdown(),
    "docs/settings.md": lambda root: settings_markdown(),
    "docs/assumptions.md": _assumptions,
    "docs/people_claims.md": claims_markdown,
}
"""The text of each generated document by its path from the project root."""


def main() -> None:
    """Write every generated document anew."""
    root = Path(__file__).resolve().parents[3]
    for name, text in DOCUMENTS.items():
        (root / name).write_text(text(root), encoding="utf-8")


if __name__ == "__main__":
    main()
