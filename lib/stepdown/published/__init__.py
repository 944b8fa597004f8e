"""Published figures as data: tables and sentences of a report, each number as it is printed and what it is exactly.

A folder holds one published report:

* ``source.yaml``: the document, its date, its licence, and where each table stands in it;
* ``<table>.csv``: a table as printed, one file per table, the first column naming the row;
* ``claims.csv``: the numbers that stand in sentences, with the line and the words around them;
* ``cells.csv``: the same numbers for people and other programs, one row a printed number (a test holds that it is).

Trailing zeros, missing signs and slips of the pen are evidence and stay in :attr:`Printed.text`.
"""

from stepdown.published.printed import BRACKET, MAIN, Printed, parse, parts, rounded
from stepdown.published.reading import Claim, Report, Source, Table, TableSource, read
