"""What the tables of who the children are, who is left out, and what case files say, tell of the unknowns."""

from __future__ import annotations

import math
from collections import defaultdict
from itertools import pairwise

from attacker import intervals
from attacker.meanings import Count, Meanings, at, prints, with_any
from attacker.reading import Row, half_unit, number
from attacker.system import Sum, minus, plus

KINDS = {"age": "age", "ethnicity": "ethnicity", "sibling_group_size": "siblings", "number of issues": "issues"}


def profile(m: Meanings, name: str, row: Row) -> None:
    """A band or code of the profile, one issue, or the number of issues."""
    group, variable, category = row["group"], row["variable"], row["category"]
    cell = m.category(variable, group, category)
    m.count(name, row, "children_in_group", m.size(group))
    m.count(name, row, "children", cell, ("children_in_group", m.size(group)))
    m.ratio(name, row, "percent", cell, m.size(group))
    m.system.hold(minus(m.size(group), cell), 0.0, float("inf"))


def profile_sums(m: Meanings) -> None:
    """All bands and codes of a variable are the group; issues are not (a child can have several, or none)."""
    parts: dict[tuple[str, str], list[str]] = defaultdict(list)
    for table in ("profile", "issues", "ethnicity_groups"):
        for row in m.tables.get(table, []):
            parts[row["variable"], row["group"]].append(row["category"])
    for (variable, group), categories in parts.items():
        if variable == "issue at assessment":
            for category in categories:  # who has an issue has not none
                none = m.block("number of issues", group, "None")
                m.system.hold(minus(m.size(group), plus(m.block(variable, group, category), none)), 0.0, float("inf"))
        elif variable == "ethnic group":
            unknown = m.block("ethnicity", group, "Unknown")
            whole = plus(*(m.block(variable, group, c) for c in categories if c != "Unknown"), unknown)
            whole = plus(whole, *(m.block("ethnicity", group, code) for code in m.ungrouped))
            m.system.equal(minus(m.size(group), whole), 0.0)
        else:
            rest = m.size(group)
            if variable in ("age", "ethnicity", "sibling_group_size") and "Unknown" not in categories:
                rest = minus(rest, m.block(variable, group, "Unknown"))
            m.system.equal(minus(rest, plus(*(m.category(variable, group, c) for c in categories))), 0.0)


def ethnic_codes(m: Meanings, groups_of_codes: dict[str, list[str]]) -> None:
    """An ethnic group is the sum of its codes (the profile's labels of them are in the study's documents)."""
    for group in m.groups:
        for broad, labels in groups_of_codes.items():
            codes = plus(*(m.block("ethnicity", group, label) for label in labels))
            m.system.equal(minus(m.block("ethnic group", group, broad), codes), 0.0)


def balance(m: Meanings, name: str, row: Row) -> None:
    """Children, shares and standard deviations of a category, numbers known and missing of a variable."""
    variable, category = row["variable"], row["category"]
    cells = []
    for side, group in zip(("programme", "comparison"), m.groups, strict=True):
        unknown = {"age_years": "age", "ethnic_group": "ethnicity", "sibling_group_size": "sibling_group_size"}
        missing: Sum = (
            m.block(unknown[variable], group, "Unknown") if variable in unknown else {("none", variable, group): 1.0}
        )
        if variable == "ethnic_group":
            missing = plus(missing, *(m.block("ethnicity", group, code) for code in m.ungrouped))
        known = minus(m.size(group), missing)
        m.count(name, row, f"n_{side}", known)
        m.count(name, row, f"missing_{side}", missing)
        if variable.startswith("days_") and m.rounded == 1:
            _of_equal_days(m, row, side, with_any(m, (group,), variable.removesuffix("_before"), "before"))
        if not category or category == "all categories":
            continue
        cell = m.joint(group, lambda b, a: at(category)(b))
        cell = m.block("ethnic group", group, category) if variable == "ethnic_group" else cell
        m.count(name, row, f"children_{side}", cell, (f"n_{side}", known))
        m.ratio(name, row, f"mean_{side}", cell, known, 1.0)
        m.scan(row, cell, f"n_{side}", **{f"sd_{side}": lambda k, n: (k / n * (1 - k / n)) ** 0.5 if n else 0.0})
        cells.append((cell, number(row.get(f"children_{side}")), number(row.get(f"n_{side}"))))
    if len(cells) == 2 and m.rounded == 1:
        _standardised(m, row, cells)


def _of_equal_days(m: Meanings, row: Row, side: str, some: Sum) -> None:
    """How many children can have whole days with this mean and spread: 2.00 and 10.20 of 26 are those of one child."""
    texts = [row.get(f"{part}_{side}") or "" for part in ("mean", "sd", "n")]
    mean, sd, size = map(number, texts)
    if None in (mean, sd, size) or not mean:
        return
    off, fits = (half_unit(texts[0]), half_unit(texts[1])), set()
    for total in range(math.ceil((mean - off[0]) * size), math.floor((mean + off[0]) * size) + 1):  # type: ignore[operator]
        ends = [(sd + sign * off[1]) ** 2 * (size - 1) + total**2 / size for sign in (-1, 1)]  # type: ignore[operator]
        for k in range(1, min(int(size), total) + 1):  # type: ignore[arg-type]
            if total**2 / k <= ends[1] and (total - k + 1) ** 2 + k - 1 >= ends[0]:
                fits.add(k)
    if fits:
        m.system.hold(some, min(fits), max(fits))


def _standardised(m: Meanings, row: Row, cells: list[tuple[Sum, float | None, float | None]]) -> None:
    """A standardised difference gives one count away when the other stands beside it."""
    text = row.get("smd") or ""
    for place, (sum_, mine, size) in enumerate(cells):
        _, other, other_size = cells[1 - place]
        if number(text) is None or mine is not None or None in (size, other, other_size):
            continue
        left = []
        for k in range(int(size) + 1):  # type: ignore[arg-type]
            p, q = k / size, other / other_size  # type: ignore[operator]
            spread = ((p * (1 - p) + q * (1 - q)) / 2) ** 0.5
            if spread and prints((p - q if place == 0 else q - p) / spread, text):
                left.append(k)
        if left:
            m.system.hold(sum_, left[0], left[-1])


def participant_flow(m: Meanings, name: str, row: Row) -> None:
    group, step, reason = row["group"], row["step"], row["reason"]
    cell = m.size(group) if step == "Analysed" else m.block("flow", group, (step, reason))
    m.count(name, row, "children", cell)
    families = m.block("families", group, (step, reason))
    m.count(name, row, "families", families)
    m.system.hold(minus(cell, families), 0.0, float("inf"))


def records_of(m: Meanings, group: str) -> Sum:
    return m.block("flow", group, ("In the records", ""))


def excluded(m: Meanings, group: str) -> Sum:
    return {("excluded", group): 1.0}


def flow_sums(m: Meanings) -> None:
    """In the records = excluded, by reason + not observable, by reason + analysed."""
    rows = m.tables.get("participant_flow", [])
    if not rows:
        return
    for group in m.groups:
        mine = [r for r in rows if r["group"] == group]
        out = [m.block("flow", group, (r["step"], r["reason"])) for r in mine if r["step"] == "Excluded"]
        unseen = [m.block("flow", group, (r["step"], r["reason"])) for r in mine if r["step"] == "Not observable"]
        m.system.equal(minus(excluded(m, group), plus(*out)), 0.0)
        families = [m.block("families", group, (r["step"], r["reason"])) for r in mine]
        if families[1:]:  # each family of the records is in some part
            m.system.hold(minus(plus(*families[1:]), families[0]), 0.0, float("inf"))
        m.system.equal(minus(records_of(m, group), plus(*out, *unseen, m.size(group))), 0.0)


def observability(m: Meanings, name: str, row: Row) -> None:
    cell = m.block("seen", row["group"], (row["window_months"], row["period"], row["reason"]))
    m.count(name, row, "children", cell)


def observability_sums(m: Meanings) -> None:
    """Every window divides the children who are not excluded; who is cut off by birth stays so in a longer window."""
    rows = m.tables.get("observability", [])
    by: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for row in rows:
        by[row["group"], row["window_months"], row["period"]].append(row)
    for (group, months, period), mine in by.items():
        cells = [m.block("seen", group, (months, period, r["reason"])) for r in mine]
        left = minus(records_of(m, group), excluded(m, group))
        m.system.equal(minus(left, plus(*cells)), 0.0)
    for group in m.groups:
        for period, word in (("before", "Not yet born"), ("after", "Turned 18")):
            steps = [
                (r["window_months"], r)
                for r in rows
                if (r["group"], r["period"]) == (group, period) and word in r["reason"]
            ]
            for (first, one), (then, two) in pairwise(steps):
                more = minus(
                    *(m.block("seen", group, (k, period, r["reason"])) for k, r in ((then, two), (first, one)))
                )
                ends = number(two["children"]), number(one["children"])
                value = None if None in ends else ends[0] - ends[1]  # type: ignore[operator]
                m.system.hold(more, 0.0, float("inf"))
                m.counts.append(Count(f"observability: {group}, {word} from {first} to {then} months", more, value))


def seen_and_left_out(m: Meanings) -> None:
    """Who is not observable in the study's own period (the shortest) is left out of the analysis for that reason."""
    flow = [r for r in m.tables.get("participant_flow", []) if r["step"] == "Not observable"]
    seen = m.tables.get("observability", [])
    own = min((r["window_months"] for r in seen), key=float, default="")
    for group in m.groups:
        mine = {r["reason"]: m.block("flow", group, (r["step"], r["reason"])) for r in flow if r["group"] == group}
        before = plus(*(cell for reason, cell in mine.items() if reason.endswith("(before)")))
        after = plus(*(cell for reason, cell in mine.items() if reason.endswith("(after)")))
        if "participant_flow" in m.tables:
            m.system.equal(minus({("missing", group): 1.0}, after), 0.0)
        for r in seen:
            left_out = mine.get(f"{r['reason']} ({r['period']})")
            if (r["group"], r["window_months"]) == (group, own) and left_out:
                more = minus(m.block("seen", group, (own, r["period"], r["reason"])), left_out)
                m.system.hold(more, 0.0, 0.0 if r["period"] == "before" else float("inf"))
                m.system.hold(minus(before, more), 0.0, float("inf"))
        _after_alone(
            m, group, [r for r in seen if (r["group"], r["window_months"], r["period"]) == (group, own, "after")]
        )


def _after_alone(m: Meanings, group: str, rows: list[Row]) -> None:
    """So many more have a period after than are analysed: they lack one before."""
    kept = [r for r in rows if r["reason"] == "Observable" or ";" in r["reason"]]
    if kept and "participant_flow" in m.tables:
        cells = [m.block("seen", group, (r["window_months"], "after", r["reason"])) for r in kept]
        ends = [*(number(r["children"]) for r in kept), m.system.known(m.size(group))]
        value = None if None in ends else sum(ends[:-1]) - ends[-1]  # type: ignore[arg-type, operator]
        alone = minus(plus(*cells), m.size(group))
        m.system.hold(alone, 0.0, float("inf"))
        m.counts.append(Count(f"observability: {group}, a period after and none before", alone, value))


def issues_in_the_records(m: Meanings) -> None:
    """A row of the table of issues is one issue of one child; some are of children who are not analysed."""
    if not {"issues", "completeness"} <= set(m.tables):
        return
    codes = [r for r in m.tables["issues"] if r["variable"] == "issue at assessment"]
    told = plus(*(m.block(r["variable"], r["group"], r["category"]) for r in codes))
    others = minus({("rows", "issues"): 1.0}, told)
    out = plus(*(minus(records_of(m, g), m.size(g)) for g in m.groups), factor=float(len(codes)))
    m.system.hold(others, 0.0, float("inf"))
    m.system.hold(minus(out, others), 0.0, float("inf"))


def overlaps(m: Meanings, name: str, row: Row) -> None:
    m.count(name, row, "children", {("together", row["statuses"]): 1.0})


def brought_in(m: Meanings, name: str, row: Row) -> None:
    """What an import did with a council's files; some of it is about the study's own children."""
    column = next(c for c in ("rows", "number", "children") if c in row)
    m.count(name, row, column, _brought(m, name, row))
    if name == "import_rows":
        total: Sum = {}
        for other in m.tables[name]:
            if (other["file"], other["kind"]) == (row["file"], row["kind"]):
                for place, times in _brought(m, name, other).items():
                    total[place] = total.get(place, 0.0) + times
        m.count(name, row, "rows_in", total)


def _brought(m: Meanings, name: str, row: Row) -> Sum:
    if name == "import_pool" and row["reason"] == "Compared":
        return records_of(m, m.groups[1])
    if name == "import_doubts" and (row["finding"] in {r["reason"] for r in m.tables.get("participant_flow", [])}):
        return m.block("flow", m.groups[0], ("Excluded", row["finding"]))
    if name == "import_rows" and row["fate"] == "used: a child who is then excluded":
        return excluded(m, m.groups[0])
    words = tuple(row[c] for c in row if c not in ("rows", "rows_in", "number", "children", "published", "treatment"))
    return {(name, words): 1.0}


def completeness(m: Meanings, name: str, row: Row) -> None:
    table, column = row["table"], row["column"]
    rows, blank = {("rows", table): 1.0}, {("blank", table, column): 1.0}
    m.count(name, row, "rows", rows)
    m.count(name, row, "blank", blank, ("rows", rows))
    m.ratio(name, row, "percent_blank", blank, rows)
    if table != "children":
        return
    if "participant_flow" in m.tables:
        m.system.equal(minus(rows, plus(*(records_of(m, g) for g in m.groups))), 0.0)
    if column == "exclusion_reason":
        m.system.equal(minus(rows, plus(blank, *(excluded(m, g) for g in m.groups))), 0.0)
    if column == "ethnicity_code":
        _among_analysed(m, blank, "ethnicity")


def _among_analysed(m: Meanings, whole: Sum, variable: str) -> None:
    """Of all records with a blank, those in the analysis are the profile's Unknown; the others are left out of it."""
    known = plus(*(m.block(variable, g, "Unknown") for g in m.groups))
    others = minus(whole, known)
    m.system.hold(others, 0.0, float("inf"))
    out = minus(plus(*(records_of(m, g) for g in m.groups)), plus(*(m.size(g) for g in m.groups)))
    if variable == "age":  # an unknown age is taken as observable: only an exclusion can keep it out
        out = plus(*(excluded(m, g) for g in m.groups))
    m.system.hold(minus(out, others), 0.0, float("inf"))


def oddities(m: Meanings, name: str, row: Row) -> None:
    cell = {("odd", row["table"], row["finding"]): 1.0}
    m.count(name, row, "number", cell)
    if "neither a date of birth nor an age" in row["finding"]:
        _among_analysed(m, cell, "age")


def case_file_items(m: Meanings, name: str, row: Row) -> None:
    place = (row["item_id"], row["subset"])
    parts = {answer: {("file", *place, answer): 1.0} for answer in ("yes", "partial", "no", "not_applicable")}
    files, some = {("files", row["subset"]): 1.0}, plus(parts["yes"], parts["partial"])
    scored = {("files scored", *place): 1.0}
    applicable = minus(scored, parts["not_applicable"])
    m.count(name, row, "files", scored)
    m.system.equal(minus(scored, plus(*parts.values())), 0.0)
    m.system.hold(minus(files, scored), 0.0, float("inf"))
    for answer, cell in parts.items():
        m.count(name, row, answer, cell, ("files", scored))
    m.count(name, row, "applicable", applicable)
    m.count(name, row, "any_evidence", some, ("applicable", applicable))
    m.ratio(name, row, "share_full", parts["yes"], applicable, 1.0)
    m.ratio(name, row, "share_any", some, applicable, 1.0)
    m.ratio(name, row, "percent_any", some, applicable)
    m.cell(name, row, "smallest")
    for sum_, kind in ((parts["yes"], "full"), (some, "any")):
        ends = {
            f"{kind}_low": lambda k, n: intervals.wilson_low(k, n) / 100,
            f"{kind}_high": lambda k, n: intervals.wilson_high(k, n) / 100,
        }
        m.scan(row, sum_, "applicable", **ends)


def case_file_differences(m: Meanings, name: str, row: Row) -> None:
    shares = []
    for when in ("earlier", "later"):
        place = (row["item_id"], row[when])
        yes, part = ({("file", *place, answer): 1.0} for answer in ("yes", "partial"))
        event = yes if row["cut"] == "full" else plus(yes, part)
        scored, base = {("files scored", *place): 1.0}, {("files compared", *place, row["cut"]): 1.0}
        m.system.hold(minus(scored, base), 0.0, float("inf"))
        m.system.hold(minus(plus(base, {("file", *place, "not_applicable"): 1.0}), scored), 0.0, float("inf"))
        m.count(name, row, f"files_{when}", base)
        m.count(name, row, f"count_{when}", event, (f"files_{when}", base))
        m.ratio(name, row, f"share_{when}", event, base, 1.0)
        shares.append((event, number(row.get(f"files_{when}"))))
    m.cell(name, row, "smallest")
    text = row.get("difference") or ""
    if m.rounded == 1 and number(text) is not None and all(size for _, size in shares):
        gap = minus(plus(shares[1][0], factor=1 / shares[1][1]), plus(shares[0][0], factor=1 / shares[0][1]))
        m.system.hold(gap, number(text) - half_unit(text), number(text) + half_unit(text))


def case_file_ordered(m: Meanings, name: str, row: Row) -> None:
    for when in ("earlier", "later"):
        place = (row["item_id"], row[when])
        base = minus({("files scored", *place): 1.0}, {("file", *place, "not_applicable"): 1.0})
        m.count(name, row, f"files_{when}", base)
    m.cell(name, row, "smallest")
