"""No claim in the README that nothing shows: its figures are those of the library, its links lead somewhere."""

import re
from pathlib import Path

import pandas as pd
import pytest
from stepdown import effects
from stepdown.audit import overall, run_audit
from stepdown.contracts import read_study
from stepdown.costs import cost_inputs, report_method
from stepdown.costs.cases import base_case, work_out
from stepdown.numbers import rounded_pounds
from stepdown.outcomes import child_outcomes
from stepdown.params import load_study

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def slough():
    study = load_study(ROOT / "params" / "slough_ifp.yaml")
    records = read_study(study)
    return study, records, child_outcomes(study, records)


def says(text):
    return text in " ".join(README.split())


def test_the_net_cost_in_the_readme_is_that_of_the_records(slough):
    study, records, found = slough
    inputs = cost_inputs(study, found.frame, records.programme_costs)
    assert says(f"£{report_method(inputs).net_cost:,.0f} by the report's method")
    ends = (rounded_pounds(work_out(base_case(inputs, estimator=end)).net_cost) for end in ("did", "ancova"))
    assert says(f"days inside the window, in 2019/20 prices: {' to '.join(ends)}")


def test_the_overlap_in_the_readme_is_that_of_the_gate(slough):
    study, _, found = slough
    gate = effects.overlap_gate(found.frame, study.settings.effects)
    assert not gate.passed
    assert says(f"{gate.n_comparison} comparison children would be worth {gate.ess_best_case:.1f}")


@pytest.mark.parametrize("measure", ["days_cp", "clipped_days_cp"])
def test_the_bracket_in_the_readme_is_that_of_the_estimators(slough, measure):
    _, _, found = slough
    both = effects.bracket(effects.comparison_of(found.frame, measure))
    minus = [[f"{x:.1f}".replace("-", "−") for x in (e.estimate, e.ci_low, e.ci_high)] for e in both]
    (did, did_low, did_high), (adjusted, low, high) = minus
    assert says(f"from {did} (interval {did_low} to {did_high}) to {adjusted} ({low} to {high})")


def test_like_for_like_in_the_readme_is_that_of_the_table(slough):
    _, _, found = slough
    frame = found.frame[found.frame["highest_before"] == 0]
    up = frame["highest_after"] > 0
    counts = [
        (int(up[frame["in_programme"] == arm].sum()), int((frame["in_programme"] == arm).sum()))
        for arm in (True, False)
    ]
    assert says(f"{counts[0][0]} of {counts[0][1]} against {counts[1][0]} of {counts[1][1]}")


def test_the_audit_in_the_readme_is_that_of_the_published_tables():
    audited = run_audit(ROOT / "params" / "audit_rr1038.yaml")
    words = re.search(r"(\d+) checks, (\d+) findings", " ".join(README.split()))
    assert f"of {words[1]} checks held" in overall(audited)
    assert f"{words[2]} are findings" in overall(audited)


def test_the_number_of_cells_that_cannot_agree_is_that_of_the_list():
    listed = pd.read_csv(ROOT / "tests" / "expected" / "cannot_agree.csv", dtype=str)
    assert says(f"{len(listed)} that cannot agree")


@pytest.mark.parametrize(
    "document", sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("data/**/README.md")])
)
def test_every_link_of_a_document_leads_somewhere(document):
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text(encoding="utf-8")):
        assert (document.parent / target).exists(), f"{document.name}: {target}"


@pytest.mark.parametrize("target", re.findall(r"^make (\w+)", README, re.M))
def test_every_make_target_of_the_readme_exists(target):
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)


def test_the_number_of_printed_numbers_compared_is_that_of_the_test():
    from test_published_cells import printed

    assert says(f"{len(printed())} printed numbers compared")


def test_the_range_of_the_headline_in_the_readme_is_that_of_the_audit():
    audited = run_audit(ROOT / "params" / "audit_rr1038.yaml")
    (free,) = [
        outcome
        for outcome in audited.outcomes
        if outcome.headline == "IFP net cost" and outcome.scenario.startswith("every impossible total at")
    ]
    assert says(f"between £{float(free.lowest):,.0f} and £{float(free.highest):,.0f}")
