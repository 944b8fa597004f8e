"""The generated documents are what their generators give today."""

from pathlib import Path

import pytest
from stepdown.run.documents import DOCUMENTS

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_a_generated_document_is_up_to_date(name):
    assert (ROOT / name).read_text(encoding="utf-8") == DOCUMENTS[name](ROOT), "run `make documents`"
