"""A council's statutory returns become the tables of a study, with a report of what became of every row.

    imported = bring_in(load(path, ImportSettings), root)   # reads and matches; writes nothing
    write(imported, root)                                   # tables, report, restricted lists, study file

The rules, field by field, are in docs/returns.md.
"""

from stepdown.importing.cells import ETHNICITIES
from stepdown.importing.council import Imported, bring_in
from stepdown.importing.finding import Found, find_returns
from stepdown.importing.report import COLUMNS, lines, on_a_terminal
from stepdown.importing.settings import ImportSettings
from stepdown.importing.sheets import Line, tables, without_totals
from stepdown.importing.study_file import filled
from stepdown.importing.writing import REPORT, write
