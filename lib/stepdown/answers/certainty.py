"""How sure an answer is: a mark of one to five circles, by the rules of one table; every page prints the rules.

A machine gives the mark, from the released tables alone: it is not a peer review. Each rule that an answer does not
keep takes circles off; the mark says which.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from stepdown.answers.finding import Certainty, Finding, Tables
from stepdown.costs.uncertainty import INSIDE
from stepdown.effects.overlap import PASSED, SHUT, TOO_FEW

FEWEST_EVENTS, FEWEST_FILES, FEWEST_READ_TWICE = 10, 30, 10
LARGEST_GAP, MOST_BLANK = 10.0, 10.0
"""Percentage points between the groups in who is left out; per cent of a column that matters."""
SURE_OF_ONE_SIDE = 2.5
"""Per cent of the simulated repeats that may give the other answer."""

NEEDED = {
    "children": ("birth_date", "start_date", "end_date"),
    "spells": ("status", "start_date"),
    "referrals": ("referral_date",),
}
"""The columns that outcomes are counted from."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table of rules.

    asks: what is asked, as a reader has it.  off: kind of answer → circles taken off when it is not so.  fails: why it
    is not so, "" when it is.  most: what a worse failure takes off, by the words that fails returns.
    """

    asks: str
    off: Mapping[str, int]
    fails: Callable[[Tables, Finding], str]


def _not_comparable(tables: Tables, finding: Finding) -> str:
    verdict = tables.text("overlap_gate", "verdict")
    return "groups not alike before" if verdict == SHUT else ""


def _few_to_compare(tables: Tables, finding: Finding) -> str:
    return "few children to compare" if tables.text("overlap_gate", "verdict") == TOO_FEW else ""


def _no_gate(tables: Tables, finding: Finding) -> str:
    known = tables.text("overlap_gate", "verdict") in (PASSED, SHUT, TOO_FEW)
    return "" if known else "not known whether the groups were alike"


def _not_by_lot(tables: Tables, finding: Finding) -> str:
    return "" if "trial_effect" in tables else "families not allocated to the groups at random"


def _ends_apart(tables: Tables, finding: Finding) -> str:
    name = "bracket_agreement_inside" if "bracket_agreement_inside" in tables else "bracket_agreement"
    differ = tables.text(name, "ends_differ", outcome=finding.topic)
    if differ not in ("True", "False"):
        return "not known whether two ways of comparing agree"
    return "two ways of comparing disagree" if differ == "True" else ""


def _chance(tables: Tables, finding: Finding) -> str:
    ends = [(f.low, f.high) for f in finding.figures if f.low is not None and f.high is not None]
    if not ends or not all(low.known and high.known for low, high in ends):
        return "no interval is shown"
    return "" if all(low.number > 0 or high.number < 0 for low, high in ends) else "chance alone could give it"


def _few_events(tables: Tables, finding: Finding) -> str:
    if finding.evidence == "again":
        events = [tables.cell("re_referral", f"events_{side}").number for side in ("programme", "comparison")]
    else:
        rows = tables.rows("statutory_status", status=finding.topic.removeprefix("days_").upper())
        if rows.empty:
            return ""
        events = [float(most) for most in rows.groupby("group")["children_with_status"].max().astype("float64")]
    if any(math.isnan(number) for number in events):  # hidden: it may be many or few
        return "how many had it is not shown"
    return "" if min(events) >= FEWEST_EVENTS else f"fewer than {FEWEST_EVENTS} children in a group had it"


def _gap(tables: Tables, finding: Finding) -> str:
    lost: list[float] = []
    if finding.evidence == "trial":
        arms = tables.rows("trial_flow", became="Analysed")
        lost = [] if arms.empty else (100 - 100 * arms["units"].astype("float64") / arms["out_of"]).to_list()
    flow = tables.rows("participant_flow" if finding.evidence != "trial" else "")
    for _, rows in () if flow.empty else flow.groupby("group", sort=False):
        analysed = rows.loc[rows["step"] == "Analysed", "children"].sum()
        out = rows.loc[~rows["step"].isin(["Analysed", "In the records"]), "children"].sum()
        lost.append(100 * out / (analysed + out) if analysed + out else float("nan"))
    apart = max(lost) - min(lost) if lost else 0.0
    return "" if apart <= LARGEST_GAP else "more of one group left out than of the other"


def _blank(tables: Tables, finding: Finding) -> str:
    for table, columns in NEEDED.items():
        for column in columns:
            if tables.cell("completeness", "percent_blank", table=table, column=column).number > MOST_BLANK:
                return f"{table}, {column.replace('_', ' ')}, is often blank"
    return ""


def _impossible(tables: Tables, finding: Finding) -> str:
    rows = tables.rows("statutory_status")
    if rows.empty or "effects_inside" in tables or (rows["days"].dropna() <= rows["clipped_days"].dropna()).all():
        return ""
    return "days outside the window counted"


def _other_answer(tables: Tables, finding: Finding) -> str:
    rows = tables.rows("saving_bracket", days=INSIDE)
    pays = rows["percent_pays"].astype("float64")
    signs = {number > 0 for number in rows["net_cost_gbp"].astype("float64")}
    sure = (pays <= SURE_OF_ONE_SIDE).all() or (pays >= 100 - SURE_OF_ONE_SIDE).all()
    return "" if sure and len(signs) == 1 else "whether it cost or saved depends on the comparison or on chance"


def _other_roads(tables: Tables, finding: Finding) -> str:
    p = tables.cell("trends", "p_before", assumption="moved alike")
    return "groups already moving apart before" if p.known and p.number < 0.05 else ""


def _no_proof(tables: Tables, finding: Finding) -> str:
    p = tables.cell("trends", "p_before", assumption="moved alike")
    return "" if p.known and p.number < 0.05 else "finding no difference does not prove that there is none"


def _few_files(tables: Tables, finding: Finding) -> str:
    rows = tables.rows("case_file_differences")
    few = (rows[["files_earlier", "files_later"]].min(axis=None) or 0) < FEWEST_FILES if len(rows) else True
    return f"fewer than {FEWEST_FILES} files in a period" if few else ""


def _read_once(tables: Tables, finding: Finding) -> str:
    rows = tables.rows("agreement")
    twice = rows["files"].max() if len(rows) else float("nan")
    return "" if twice >= FEWEST_READ_TWICE else "hardly any files known to be read by two reviewers"


def _no_rank(tables: Tables, finding: Finding) -> str:
    known = tables.cell("area_change", "p", measure=finding.topic.removeprefix("moved "), main="True").known
    return "" if known else "too few councils to say what is usual"


def _usual(tables: Tables, finding: Finding) -> str:
    p = tables.cell("area_change", "p_corrected", measure=finding.topic.removeprefix("moved "), main="True")
    return "other councils often move as much" if p.known and p.number >= 0.05 else ""


def _earlier(tables: Tables, finding: Finding) -> str:
    where = {"measure": finding.topic.removeprefix("moved "), "main": "True"}
    then, now = (tables.cell("area_change", name, **where) for name in ("earlier_difference", "difference"))
    if then.known and now.known and abs(then.number) >= abs(now.number) / 2:
        return "a difference of half that size was there before"
    return ""


def _short_series(tables: Tables, finding: Finding) -> str:
    name = "level_change" if finding.topic == "level" else "series_summary"
    left = (tables.rows(name)["not_given"].fillna("") != "").mean()
    return "most series have too few periods" if left > 0.5 else ""


def _open_targets(tables: Tables, finding: Finding) -> str:
    open_ = tables.rows("target_status")["status"].astype("str").str.startswith("cannot be said").mean()
    return "most targets have too few periods" if open_ > 0.5 else ""


def _always(words: str) -> Callable[[Tables, Finding], str]:
    return lambda tables, finding: words


RULES = (
    Rule(
        "The groups were alike enough before to be compared", {"difference": 3, "again": 3, "money": 1}, _not_comparable
    ),
    Rule("It is known whether the groups were alike before", {"difference": 2, "again": 2, "money": 1}, _no_gate),
    Rule("There are enough children to compare", {"difference": 1, "again": 1, "money": 1}, _few_to_compare),
    Rule("Families were allocated to the groups at random", {"difference": 1, "again": 1}, _not_by_lot),
    Rule("The two ways of comparing the groups agree", {"difference": 1}, _ends_apart),
    Rule("The groups were not already moving apart before, month by month", {"difference": 1}, _other_roads),
    Rule("The months before show a difference (finding none would prove less)", {"trend": 2}, _no_proof),
    Rule("The interval excludes “no difference”", {"difference": 1, "trial": 1, "again": 1}, _chance),
    Rule(
        f"At least {FEWEST_EVENTS} children of each group had it",
        {"difference": 1, "trial": 1, "again": 1},
        _few_events,
    ),
    Rule(
        f"The shares left out of the two groups differ by at most {LARGEST_GAP:.0f} percentage points",
        {"difference": 1, "trial": 1, "again": 1, "money": 1},
        _gap,
    ),
    Rule(
        f"No date needed is blank in more than {MOST_BLANK:.0f}% of rows",
        {"difference": 1, "trial": 1, "again": 1, "money": 1},
        _blank,
    ),
    Rule("The days counted fit in the window", {"difference": 1, "money": 1}, _impossible),
    Rule("The answer is the same however it is compared and counted", {"money": 2}, _other_answer),
    Rule("The same families' files were read at both times", {"files": 1}, _always("files of other families")),
    Rule(f"At least {FEWEST_FILES} files were read for each period", {"files": 1}, _few_files),
    Rule(f"At least {FEWEST_READ_TWICE} files were read by two reviewers", {"files": 1}, _read_once),
    Rule("Everything it depends on was checked", {"headline": 1}, _always("other printed figures are taken as right")),
    Rule("The working is public", {"published": 2}, _always("no working is public")),
    Rule("There is a comparison and an interval", {"published": 2}, _always("no comparison and no interval")),
    Rule("There are enough councils to say what is usual", {"area": 2}, _no_rank),
    Rule("The change is larger than councils often have", {"area": 2}, _usual),
    Rule("No difference of half the size was there before", {"area": 1}, _earlier),
    Rule("Nothing else can have changed it", {"area": 1}, _always("other things happened in the same years")),
    Rule("Most series have enough periods", {"series": 2}, _short_series),
    Rule("Most targets can be answered", {"targets": 2}, _open_targets),
    Rule("A series is compared with one elsewhere", {"series": 1}, _always("most series have no comparison")),
)
"""The table of rules; an answer begins with five circles and keeps at least one."""


def certainty_of(finding: Finding, tables: Tables) -> Certainty:
    """Return the mark of a finding, with what took circles off, the gravest first."""
    failed = [
        (rule.off[finding.evidence], rule.fails(tables, finding)) for rule in RULES if finding.evidence in rule.off
    ]
    failed = sorted(((off, why) for off, why in failed if why), key=lambda pair: -pair[0])
    return Certainty(max(5 - sum(off for off, _ in failed), 1), tuple(why for _, why in failed))


def rules_for(kinds: set[str]) -> list[tuple[str, str]]:
    """Return the rules that some kinds of answer are marked by: what is asked, and how many circles it is worth."""
    found = []
    for rule in RULES:
        worth = sorted({off for kind, off in rule.off.items() if kind in kinds})
        if worth:
            found.append((rule.asks, " or ".join(str(off) for off in worth)))
    return found
