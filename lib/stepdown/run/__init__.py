"""Runs the workbook: papermill held to strictness, truth and wholeness."""

import sys

# jsonschema imports a grammar for a check that no notebook needs: most of papermill's and nbconvert's start.
# The import is optional there; None makes it fail at once.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
