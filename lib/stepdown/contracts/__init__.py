"""What comes in: one contract a table, and the records of a study once every table keeps its contract."""

from stepdown.contracts.model import Contract, Field
from stepdown.contracts.records import CONTRACTS, StudyRecords, needed_tables, read_study, table_files

__all__ = ["CONTRACTS", "Contract", "Field", "StudyRecords", "needed_tables", "read_study", "table_files"]
