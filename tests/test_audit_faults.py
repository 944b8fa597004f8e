"""Every kind of check finds the fault planted for it, and is silent on the clean table (tests/broken/audit)."""

from pathlib import Path

import pytest
import yaml
from stepdown import audit
from stepdown.audit.auditing import _CHECKS
from stepdown.faults import Refused
from stepdown.params.loading import build

FOLDER = Path(__file__).parent / "broken/audit"
PLANTED = yaml.safe_load((FOLDER / "planted_faults.yaml").read_text(encoding="utf-8"))
MALFORMED = yaml.safe_load((FOLDER / "malformed.yaml").read_text(encoding="utf-8"))
SOURCE = "document: d\npublisher: p\ndate: '2020'\nlicence: l\n"
TABLE = "Row,Before,After,Empty\nCIN,24,10,\nCP,0,1,\nNote,not known,2,\n"


def run(folder: Path, table: str, relation: dict, headline: dict | None = None) -> audit.Audit:
    (folder / "figures").mkdir()
    (folder / "figures/source.yaml").write_text(SOURCE, encoding="utf-8")
    (folder / "figures/t.csv").write_text(table, encoding="utf-8")
    content = {
        "title": "made up",
        "about": "made up",
        "sources": {"s": "figures"},
        "relations": [relation],
        "headlines": [headline] if headline else [],
    }
    return audit.audit(build(content, audit.AuditSettings, where="made_up.yaml"), "made_up", folder)


@pytest.mark.parametrize("kind", PLANTED)
def test_a_clean_table_gives_no_finding(tmp_path, kind):
    case = PLANTED[kind]
    result = run(tmp_path, case["table"].replace("{planted}", case["clean"]), case["relation"])
    assert result.checks
    assert [audit.finding(check, weight) for check, weight in result.findings()] == []


@pytest.mark.parametrize("kind", PLANTED)
def test_the_planted_fault_is_found_where_it_is(tmp_path, kind):
    case = PLANTED[kind]
    result = run(tmp_path, case["table"].replace("{planted}", case["planted"]), case["relation"])
    assert case["where"] in [check.cell for check, _ in result.findings()]


def test_there_is_a_planted_fault_for_every_kind_of_relation():
    assert {case["relation"]["kind"] for case in PLANTED.values()} == {*_CHECKS, "reconstruction"}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_relations_are_refused_in_five_parts(tmp_path, name):
    case = MALFORMED[name]
    with pytest.raises(Refused) as refused:
        run(tmp_path, TABLE, case["relation"], case.get("headline"))
    faults = refused.value.faults
    assert any(case["found"] in fault.found for fault in faults), str(refused.value)
    assert all(fault.where and fault.allowed and fault.rule and fault.remedy for fault in faults)


def test_all_faults_of_a_file_are_gathered(tmp_path):
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures/source.yaml").write_text(SOURCE, encoding="utf-8")
    (tmp_path / "figures/t.csv").write_text(TABLE, encoding="utf-8")
    relations = [{"kind": "same", "figures": [f"t | {row} | Before", "t | CIN | After"]} for row in ("X", "Y")]
    content = {"title": "t", "about": "a", "sources": {"s": "figures"}, "relations": relations}
    with pytest.raises(Refused) as refused:
        audit.audit(build(content, audit.AuditSettings, where="f.yaml"), "f", tmp_path)
    assert [fault.where for fault in refused.value.faults] == ["f.yaml, relation 1 (same)", "f.yaml, relation 2 (same)"]


def test_a_value_that_may_vary_stands_once_in_a_formula(tmp_path):
    """A range is exact only then: d - d would otherwise come out as a range instead of 0."""
    relation = {"kind": "capacity", "total": "t | CIN | Before", "units": 1, "most": 20}
    headline = {
        "name": "net",
        "published": "t | CIN | After",
        "values": {"d": "t | CIN | Before", "e": "= d + 1"},
        "formula": "e - d",
    }
    with pytest.raises(Refused, match="'d' stands 2 times"):
        run(tmp_path, TABLE, relation, headline)


def test_a_mean_of_several_items_each_is_told_the_whole_numbers_of_all_of_them(tmp_path):
    result = run(tmp_path, "Row,Mean\nA,2.33\n", {"kind": "grim", "figure": "t | A | Mean", "n": 5, "items": 2})
    assert audit.overall(result) == (
        "0 of 1 checks held. 1 is a finding: 1 on figures that cannot be right but move no headline."
    )
    assert "no whole number of 10: 23 gives 2.300, 24 gives 2.400" in audit.finding(*result.findings()[0])
