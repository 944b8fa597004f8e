"""What comes in: one contract a table, and the records of a study once every table keeps its contract."""

from stepdown.contracts.model import Contract, Field, Ordered
from stepdown.contracts.one_table import COUNTED_ONCE
from stepdown.contracts.records import StudyRecords, keep, needed_tables, read_once, read_study, sheet_of, table_files
from stepdown.contracts.registered import known_tables, register
