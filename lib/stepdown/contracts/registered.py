"""Which tables a study can have. A table belongs to the room that uses it, and that room registers its contract.

To add a table: write its :class:`~stepdown.contracts.Contract` in the room, pass it to :func:`register` there (see
``stepdown/review/contract.py``), and add one line to :data:`HOMES`. From then on the table is looked for in the study's
folder, can be named under ``data.files``, is checked, counted and described in the data dictionary, and an analysis
reads it by ``records.table("name")``. A notebook of one's own may register a table of its own, without that line; only
``stepdown check`` does not know it then.
"""

from __future__ import annotations

from importlib import import_module

from stepdown.contracts.model import Contract

HOMES = {
    "children": "stepdown.contracts.children",
    "issues": "stepdown.contracts.children",
    "spells": "stepdown.contracts.children",
    "referrals": "stepdown.contracts.children",
    "case_files": "stepdown.review.contract",
    "programme_costs": "stepdown.costs.contract",
    "responses": "stepdown.instruments.contract",
    "survey_answers": "stepdown.surveys.contract",
    "participation": "stepdown.surveys.contract",
    "log": "stepdown.surveys.contract",
    "allocation": "stepdown.trials.contract",
    "time_diary": "stepdown.trials.contract",
    "hearings": "stepdown.trials.contract",
}
"""The module that registers each table, in the order of the data dictionary: one line a table."""

_REGISTERED: dict[str, Contract] = {}


def register(contract: Contract) -> Contract:
    """Make a table known and return its contract; raises ValueError when another table has its name already."""
    known = _REGISTERED.setdefault(contract.table, contract)
    if known != contract:
        raise ValueError(f"two contracts for the table {contract.table}")
    return contract


def known_tables() -> dict[str, Contract]:
    """Return the contract of every table that a study can have, by its name."""
    for home in dict.fromkeys(HOMES.values()):
        import_module(home)
    return {name: _REGISTERED[name] for name in (*HOMES, *_REGISTERED)}
