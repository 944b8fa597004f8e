"""How large an input may be: each limit once, far above any real study, so that no small file can take the machine."""

from __future__ import annotations

from typing import Final

TABLE_BYTES: Final = 4_000_000_000
"""A table, as a file."""
UNPACKED_BYTES: Final = 2_000_000_000
"""A workbook when unpacked."""
UNPACKED_TIMES: Final = 200
"""How many times larger than its file a workbook of more than :data:`SMALL_BYTES` may be when unpacked."""
SMALL_BYTES: Final = 20_000_000
"""Below this a workbook may be packed as tightly as it likes."""
SHEET_ROWS: Final = 1_048_576
"""Rows of a sheet, as in Excel."""
SHEET_AREA: Final = 40_000_000
"""Rows times columns of a sheet, from its first cell to the last that holds something."""
COLUMNS: Final = 1_000
"""Columns of a table."""
HEADING_LETTERS: Final = 10_000
"""Letters of the line of headings of a CSV."""
REVIEW_BYTES: Final = 50_000_000
"""A reviewer's workbook when unpacked."""
REVIEW_CELLS: Final = 500_000
"""Cells of a reviewer's sheet, empty ones that were formatted included."""
YAML_BYTES: Final = 500_000
"""A parameter file."""
YAML_DEPTH: Final = 40
"""How deep the parts of a parameter file may stand one in another."""
FAULTS_OF_A_KIND: Final = 5
"""Faults of one kind that are shown; the rest are counted."""
SHOWN_LETTERS: Final = 80
"""Letters of a name or value that a fault repeats."""
YEARS_BEFORE: Final = 45
YEARS_AFTER: Final = 2
"""Dates may lie so many years before and after data.last_date: what lies beyond stands for "not known"."""
