"""What an evaluation of two groups answers: can they be compared, days, referrals, money, case files, trends."""

from __future__ import annotations

from dataclasses import dataclass

from stepdown.answers.finding import Bar, Cell, Finding, MainFigure, Tables, both, more_or_less, span
from stepdown.costs.sentences import BRACKET_LIMIT as MONEY_LIMIT
from stepdown.costs.sentences import HIDDEN
from stepdown.costs.uncertainty import INSIDE
from stepdown.effects import DIFFERENCE_IN_DIFFERENCES, IN_SHORT, LAGGED_OUTCOME
from stepdown.effects import sentences as effect_sentences
from stepdown.effects.overlap import PASSED, TOO_FEW
from stepdown.effects.re_referral import CENSORED
from stepdown.measures import PERIODS, STATUSES, Measure, measured, sentence_case
from stepdown.months.sentences import TRENDS_LIMIT
from stepdown.numbers import as_pounds, digits, rounded_pounds, whole_percent, written
from stepdown.params.study import StudySettings
from stepdown.review.sentences import CONTRAST
from stepdown.trials import sentences as trial_sentences

ENDS = (DIFFERENCE_IN_DIFFERENCES, LAGGED_OUTCOME)
FEW = "too few to show"
HIDDEN_BAR = "not shown"


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The released tables of an evaluation, with its settings."""

    tables: Tables
    settings: StudySettings

    @property
    def labels(self) -> tuple[str, str]:
        """The labels of the two groups, the programme's first."""
        return self.settings.groups.labels()

    def finding(self, topic: str) -> Finding | None:
        """Return what the tables answer about a topic (None: they hold nothing of it).

        topic: comparable, referrals_again, net_cost, case_files, trends, or the name of an outcome (days_cp).
        """
        makers = {
            "comparable": self._comparable,
            "referred_again": self._referred_again,
            "net_cost": self._net_cost,
            "case_files": self._case_files,
            "trends": self._trends,
        }
        if topic in makers:
            return makers[topic]()
        return self._trial(topic) or self._difference(topic)

    def _comparable(self) -> Finding | None:
        rows = self.tables.rows("overlap_gate")
        if rows.empty:
            return None
        row, (programme, comparison) = rows.iloc[0], self.labels
        verdict = str(row["verdict"])
        held = [self.tables.cell("overlap_gate", f"with_status_{side}") for side in ("programme", "comparison")]
        sizes = [self.tables.cell("overlap_gate", f"n_{side}") for side in ("programme", "comparison")]
        shares = [100 * part.number / whole.number for part, whole in zip(held, sizes, strict=True)]
        says = {PASSED: "alike enough", TOO_FEW: "alike, but too few"}.get(verdict, "not alike enough")
        best, needed = (float(row[name]) for name in ("ess_best_case", "ess_needed"))
        if verdict not in (PASSED, TOO_FEW) and best >= needed:
            alone = self.tables.cell("overlap_gate", "unmatched")
            many = digits(alone.number) if alone.known else "Several"
            short = f"{many} {programme} children had a status before that hardly any child compared had: {says}."
        elif all(part.known for part in held):
            short = (
                f"Before, {whole_percent(shares[0])} of the {programme} children had a status, and "
                f"{whole_percent(shares[1])} of the {comparison} children: {says} to compare."
            )
        else:
            short = f"Before, the {programme} and the {comparison} children were {says} to compare."
        said = zip((programme, comparison), held, sizes, shares, (0, 1), strict=True)
        return Finding(
            topic="comparable",
            evidence="counted",
            question="Can the two groups be compared?",
            number=says[0].upper() + says[1:],
            short=short,
            full=effect_sentences.overlap_sentence(row.to_dict(), self.labels),
            limit=effect_sentences.gate_limit({"verdict": verdict}),
            clause="" if verdict == PASSED else _cannot_say(verdict),
            figures=tuple(
                MainFigure(f"{label}, with any status before", cell, "children")
                for label, cell in zip(self.labels, held, strict=True)
            ),
            bars=tuple(
                Bar(label, share, f"{digits(part.number)} of {digits(size.number)}", series)
                for label, part, size, share, series in said
                if all(cell.known for cell in held)
            ),
            picture="Children with any status before",
        )

    def _difference(self, outcome: str) -> Finding | None:
        inside = "effects_inside" in self.tables
        name = "effects_inside" if inside else "effects"
        found = {end: self.tables.cell(name, "estimate", outcome=outcome, estimator=end) for end in ENDS}
        if self.tables.rows(name, outcome=outcome).empty:
            return None
        measure, labels = measured(outcome), self.labels
        frame = self.tables.frames[name]
        published = (self.tables.frames["effects"], self.settings.report) if inside else ()
        number, short, clause = FEW, f"{measure.title}: too few children to show a difference.", ""
        if all(cell.known for cell in found.values()):
            times, unit = (100, "percentage points") if measure.kind == "flag" else (1, measure.unit)
            first, second = (times * cell.number for cell in found.values())
            number = both(first, second, unit)
            one, other = (more_or_less(end, unit) for end in (first, second))
            each = " per child" * (measure.kind != "flag")
            short = f"{measure.title}: {one}{each} by one comparison, {other} by the other."
            ends = [self.tables.cell(name, f"ci_{end}", **at.where) for at in found.values() for end in ("low", "high")]
            clause = _clause(measure, labels[0], number) + _by_chance(*ends)
        return Finding(
            topic=outcome,
            evidence="difference",
            question=f"Did {measure.label} change?",
            number=number,
            short=short,
            full=effect_sentences.bracket_sentence(frame, outcome, labels, *published),
            limit=effect_sentences.BRACKET_LIMIT,
            clause=clause,
            figures=tuple(
                MainFigure(
                    f"{measure.title} per child, {labels[0]} minus {labels[1]}",
                    cell,
                    measure.unit,
                    self.tables.cell(name, "ci_low", outcome=outcome, estimator=way),
                    self.tables.cell(name, "ci_high", outcome=outcome, estimator=way),
                    IN_SHORT[way],
                )
                for way, cell in found.items()
            ),
            bars=self._before_and_after(measure.status),
            picture=f"Children {STATUSES[measure.status].state}" if measure.status else "",
        )

    def _trial(self, outcome: str) -> Finding | None:
        """Return what a trial says of an outcome, as allocated: it goes before every other comparison."""
        rows, labels, measure = self.tables.rows("trial_effect", outcome=outcome), self.labels, measured(outcome)
        if rows.empty:
            return None
        estimate, low, high = (
            self.tables.cell("trial_effect", name, outcome=outcome) for name in ("estimate", "ci_low", "ci_high")
        )
        unit = self.tables.text("trial_effect", "unit", outcome=outcome)
        number, short, clause = FEW, f"{measure.title}: too few children to show a difference.", ""
        if estimate.known:
            number = both(estimate.number, estimate.number, unit)
            one = more_or_less(estimate.number, unit)
            short = f"{measure.title}: {one}{' per child' * (measure.kind != 'flag')}, everyone as allocated."
            clause = f"allocated at random, {_clause(measure, labels[0], number)}{_by_chance(low, high)}"
        return Finding(
            topic=outcome,
            evidence="trial",
            question=f"Did the programme change {measure.label}?",
            number=number,
            short=short,
            full=trial_sentences.effect_sentence(rows, labels),
            limit=trial_sentences.TRIAL_LIMIT,
            clause=clause,
            figures=(
                MainFigure(f"{measure.title}, as allocated: {labels[0]} minus {labels[1]}", estimate, unit, low, high),
            ),
            bars=self._before_and_after(measure.status),
            picture=f"Children {STATUSES[measure.status].state}" if measure.status else "",
        )

    def _before_and_after(self, status: str) -> tuple[Bar, ...]:
        bars = []
        for series, group in enumerate(self.labels if status else ()):
            for period in PERIODS:
                where = {"group": group, "period": period, "status": status}
                part = self.tables.cell("statutory_status", "children_with_status", **where)
                whole = self.tables.cell("statutory_status", "children", **where)
                known = part.known and whole.known
                share = 100 * part.number / whole.number if known else 0.0
                shown = f"{digits(part.number)} of {digits(whole.number)}" if known else HIDDEN_BAR
                bars.append(Bar(f"{group}, {period}", share, shown, series, pale=period == "before"))
        return tuple(bars) if any(bar.shown != HIDDEN_BAR for bar in bars) else ()

    def _referred_again(self) -> Finding | None:
        rows = self.tables.rows("re_referral")
        if rows.empty:
            return None
        sides, labels = ("programme", "comparison"), self.labels
        events = [self.tables.cell("re_referral", f"events_{side}") for side in sides]
        sizes = [self.tables.cell("re_referral", f"n_{side}") for side in sides]
        apart, low, high = (self.tables.cell("re_referral", f"risk_{x}") for x in ("difference", "ci_low", "ci_high"))
        number, short, bars = FEW, "Too few children of at least one group were referred again to show how many.", []
        if all(cell.known for cell in (*events, *sizes)):
            days = digits(self.tables.cell("re_referral", "tau_days").number)
            shares, said, counted = self._again_by(days, events, sizes)
            number = sentence_case(" against ".join(said))
            short = sentence_case(
                f"{said[0]} of the {labels[0]} children were referred again within {days} days, against "
                f"{said[1]} of the {labels[1]} children."
            )
            bars = [Bar(labels[i], shares[i], counted[i], i) for i in (0, 1)]
        figures = [
            MainFigure(f"{label}, referred again", cell, "children") for label, cell in zip(labels, events, strict=True)
        ]
        figures.append(MainFigure("Difference in the share referred again", apart, "percentage points", low, high))
        return Finding(
            topic="referred_again",
            evidence="again",
            question="Were fewer children referred again?",
            number=number,
            short=short,
            full=effect_sentences.re_referral_sentence(rows.iloc[0].to_dict(), labels),
            limit=effect_sentences.REFERRAL_LIMIT,
            figures=tuple(figures),
            bars=tuple(bars),
            picture="Children referred again",
        )

    def _again_by(self, day: str, events: list[Cell], sizes: list[Cell]) -> tuple[list[float], list[str], list[str]]:
        """Return the share of each group by a day, in words, and what stands at its bar.

        Where some children were not followed so long: Kaplan-Meier's share, or, where it is hidden, at least so.
        """
        shares = [100 * some.number / n.number for some, n in zip(events, sizes, strict=True)]
        said = [whole_percent(share) for share in shares]
        if self.tables.text("re_referral", "risk_method") != CENSORED:
            counted = [f"{digits(some.number)} of {digits(n.number)}" for some, n in zip(events, sizes, strict=True)]
            return shares, said, counted
        table = "re_referral_survival"
        risks = [self.tables.cell(table, "percent_re_referred", group=label, day=day) for label in self.labels]
        if all(risk.known for risk in risks):
            shares = [risk.number for risk in risks]
            said = [whole_percent(share) for share in shares]
        else:
            said = [f"at least {int(share)}%" for share in shares]
        return shares, said, said

    def _net_cost(self) -> Finding | None:
        if "saving_bracket" not in self.tables:
            return None
        at = {end: {"estimator": end, "days": INSIDE} for end in ENDS}
        net = [self.tables.cell("saving_bracket", "net_cost_gbp", **at[end]) for end in ENDS]
        saved = [self.tables.cell("saving_bracket", "saving_gbp", **at[end]) for end in ENDS]
        number, short, clause, bars = FEW, HIDDEN, "", []
        if all(cell.known for cell in net):
            number, short = _net_in_words(net[0].number, net[1].number)
            clause = f"{short[0].lower()}{short[1:-1]} in the {written(self.settings.window_months, 'month')} followed"
            printed = self.tables.cell("net_cost", "amount_gbp", measure="net_cost")
            if self.settings.report and printed.known:
                short = f"{short[:-1]}; the report printed {as_pounds(printed.number)}."
            spent = net[0].number + saved[0].number
            ways = ("Saved, by one comparison", "Saved, by the other")
            bars = [Bar("Spent", spent, rounded_pounds(spent))]
            bars += [
                Bar(way, cell.number, _saved(cell.number, spent), 0) for way, cell in zip(ways, saved, strict=True)
            ]
        return Finding(
            topic="net_cost",
            evidence="money",
            question="What did it cost, net of what it saved?",
            number=number,
            short=short,
            full=short,
            limit=MONEY_LIMIT,
            clause=clause,
            figures=tuple(
                MainFigure(
                    f"Net cost in {self._price_year()} prices, {INSIDE}",
                    cell,
                    "£",
                    self.tables.cell("saving_bracket", "net_low_gbp", **at[end]),
                    self.tables.cell("saving_bracket", "net_high_gbp", **at[end]),
                    f"if {self.tables.text('saving_bracket', 'condition', **at[end])}",
                )
                for end, cell in zip(ENDS, net, strict=True)
            ),
            bars=tuple(bars),
            picture="Spent and saved",
        )

    def _price_year(self) -> str:
        return self.settings.costs.price_year if self.settings.costs else ""

    def _case_files(self) -> Finding | None:
        listed = self.tables.rows("case_file_differences", prespecified="True")
        if listed.empty:
            return None
        known = listed[listed["points"].notna()]
        stands = int((known["p_holm"] < 0.05).sum())
        short = (
            f"Of {len(known)} things looked for in case files, {stands or 'none'} differed by more than chance between "
            "files from before and from the programme."
        )
        if len(known) < len(listed):
            short = (
                f"Of {len(listed)} things looked for in case files, {len(known)} can be shown; {stands or 'none'} of "
                "these differed by more than chance between the two periods."
            )
        if known.empty:
            short = "Too few case files were read to show what differed between the two periods."
        return Finding(
            topic="case_files",
            evidence="files",
            question="What did the case files show?",
            number=f"{stands} of {len(known)}" if len(known) else FEW,
            short=short,
            full=short,
            limit=CONTRAST,
        )

    def _trends(self) -> Finding | None:
        if "trends" not in self.tables:
            return None
        p = self.tables.cell("trends", "p_before", assumption="moved alike")
        says, moved = "alike, as far as these data show", "moved alike, as far as these data show"
        if not p.known:
            says, moved = "cannot be said", "cannot be compared"
        elif p.number < 0.05:
            says, moved = "not alike", "did not move alike"
        return Finding(
            topic="trends",
            evidence="trend",
            question="Were the groups on the same path before?",
            number=says[0].upper() + says[1:],
            short=f"Month by month before support, the two groups {moved}.",
            full="",
            limit=TRENDS_LIMIT,
            clause="the groups were not on the same path before" if says == "not alike" else "",
        )


def _cannot_say(verdict: str) -> str:
    why = "there were too few children" if verdict == TOO_FEW else "the comparison children were too different before"
    return f"whether the programme helped cannot be said: {why}"


def _clause(measure: Measure, label: str, number: str) -> str:
    if measure.kind == "flag":
        return f"the {measure.label} was {number} among the {label} children than among the comparison children"
    held = f" {measure.label.removeprefix(measure.unit).strip()}".rstrip()
    return f"the {label} children had {number}{held} than the comparison children"


def _by_chance(*ends: Cell) -> str:
    """Return what to add where an interval (low, high, low, high …) is unknown or does not leave out nought."""
    sure = all(low.number > 0 or high.number < 0 for low, high in zip(ends[::2], ends[1::2], strict=True))
    return "" if sure else ", which chance could give"


def _net_in_words(first: float, second: float) -> tuple[str, str]:
    """Return a net cost as a number and as a sentence; below zero the programme saved more than it cost."""
    low, high = sorted((first, second))
    if low >= 0:
        ends = span(low, high, rounded_pounds)
        return ends, f"The programme cost {ends} more than it saved."
    if high < 0:
        ends = span(-high, -low, rounded_pounds)
        return f"{ends} saved", f"The programme saved {ends} more than it cost."
    cost, saved = rounded_pounds(high), rounded_pounds(-low)
    one = f"By one comparison the programme cost {cost} more than it saved"
    return f"{saved} saved to {cost} cost", f"{one}; by the other it saved {saved} more than it cost."


def _saved(value: float, spent: float) -> str:
    return rounded_pounds(value, spent) if value >= 0 else f"cost {rounded_pounds(-value, spent)} more"
