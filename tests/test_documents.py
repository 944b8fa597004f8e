"""The generated documents are what their generators give today."""

from pathlib import Path

import pytest
from stepdown.commands.documents import DOCUMENTS

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_a_generated_document_is_up_to_date(name):
    assert (ROOT / name).read_text(encoding="utf-8") == DOCUMENTS[name](ROOT), "run `make documents`"


def test_the_data_log_names_every_data_set():
    log = (ROOT / "data/README.md").read_text(encoding="utf-8")
    folders = [
        path for path in (ROOT / "data").iterdir() if path.is_dir() and path.name not in ("published", "reference")
    ]
    folders += (ROOT / "data/published").iterdir()
    for path in [*folders, *(ROOT / "data/reference").iterdir()]:
        name = path.relative_to(ROOT / "data").as_posix() + ("/" if path.is_dir() else "")
        assert f"`{name}`" in log, f"{name} has no line in data/README.md"
