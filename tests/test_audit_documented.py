"""The documentation of the relations format is true, and a second report typed in by following it is audited."""

import re
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from stepdown import audit
from stepdown.audit.auditing import _CHECKS
from stepdown.commands.audit import REFUSED, audit_command
from stepdown.params.loading import build
from stepdown.published import Source, read

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "docs/your_own_data.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", GUIDE.partition("\n## 6. ")[2], re.S)


def test_every_kind_of_relation_has_an_example_that_is_valid():
    kinds = set()
    for block in BLOCKS:
        content = yaml.safe_load(block)
        content = content if isinstance(content, dict) else {"relations": content}
        if "document" in content:
            assert build(content, Source, where="docs").tables
            continue
        whole = {"title": "t", "about": "a", "sources": {"s": "data"}}
        whole |= {"relations": [{"kind": "printing", "table": "t"}]} | content
        kinds |= {relation.kind for relation in build(whole, audit.AuditSettings, where="docs").relations}
    assert kinds == {*_CHECKS, "reconstruction"}


def test_a_second_report_from_another_source_is_clean():
    """Judge: SFR 43/2014 and SFR 41/2015 (DfE); growth by hand, 657.8/593.5 = 1.1083 and 391/397.6 = 0.9834."""
    result = audit.run_audit(ROOT / "params/audit_children_in_need.yaml")
    assert audit.overall(result) == "20 of 20 checks held. There is no finding."
    growth = {c.cell: c.recomputed for c in result.checks if c.kind == "percent_change"}
    assert growth["referrals rise"] == "10.834%"
    assert growth["in need fall"] == "1.66%"
    assert all(not table.frame.isna().all(axis=None) for table in audit.tables(result) if len(table.frame))


def test_a_slip_in_the_second_report_is_found(tmp_path):
    """The same report with one figure mistyped: 641,000 for 391,000."""
    for name in ("children_in_need_2014", "children_in_need_2015"):
        (tmp_path / "data/published" / name).mkdir(parents=True)
        for file in (ROOT / "data/published" / name).iterdir():
            text = file.read_text(encoding="utf-8").replace("391,000", "641,000").replace("391000", "641000")
            (tmp_path / "data/published" / name / file.name).write_text(text, encoding="utf-8")
    (tmp_path / "params").mkdir()
    text = (ROOT / "params/audit_children_in_need.yaml").read_text(encoding="utf-8")
    (tmp_path / "params/audit_children_in_need.yaml").write_text(text, encoding="utf-8")
    result = audit.run_audit(tmp_path / "params/audit_children_in_need.yaml")
    assert [(c.kind, c.cell) for c, _ in result.findings()] == [("percent_change", "in need fall")]


def test_published_folders_are_all_whole():
    for folder in (ROOT / "data/published").iterdir():
        assert read(folder).source.document


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("title: t\nabout: a\nsources: {s: nowhere}\nrelations: [{kind: printing, table: t}]\n", "no source.yaml"),
        ("title: t\nabout: a\nrelations: [{kind: printing, table: t}]\n", "the setting is missing"),
        ("title: t\nabout: a\nsources: {s: x}\nrelations: []\n", "relations"),
        ("title: [\n", "YAML that cannot be read"),
    ],
)
def test_the_command_refuses_malformed_input_in_five_parts_and_writes_nothing(tmp_path, text, found):
    (tmp_path / "params").mkdir()
    (tmp_path / "params/audit_bad.yaml").write_text(text, encoding="utf-8")
    outputs = tmp_path / "outputs"
    answer = CliRunner().invoke(audit_command, [str(tmp_path / "params/audit_bad.yaml"), "--outputs", str(outputs)])
    assert answer.exit_code == REFUSED
    assert found in answer.stderr
    for part in ("where:", "found:", "allowed:", "rule:", "to do:"):
        assert part in answer.stderr
    assert not outputs.exists()
