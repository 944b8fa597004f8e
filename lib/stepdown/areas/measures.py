"""What the department publishes of an authority: each measure's name, its words and what it is a rate of."""

from __future__ import annotations

from dataclasses import dataclass

POPULATION = "population_0_17_mid_year"
"""Residents aged 0 to 17 in the middle of a year (Office for National Statistics)."""


@dataclass(frozen=True, slots=True)
class AreaMeasure:
    """One published measure.

    label: in a sentence.  counts: what is counted.  of: the measure that stands below the line ("" for the population
    aged 0 to 17 in the middle of the year before, per 10,000).  decimals: to which the department prints its rate.
    """

    label: str
    counts: str
    of: str = ""
    decimals: int = 1

    @property
    def per(self) -> float:
        """What the quotient is multiplied by."""
        return 100.0 if self.of else 10_000.0

    @property
    def unit(self) -> str:
        """Unit of the rate, in words."""
        return "%" if self.of else "per 10,000 children"


AREA_MEASURES: dict[str, AreaMeasure] = {
    "cla_31march": AreaMeasure("children looked after at 31 March", "children", decimals=0),
    "cla_started": AreaMeasure("children who started to be looked after in the year", "children", decimals=0),
    "cla_ceased": AreaMeasure("children who ceased to be looked after in the year", "children", decimals=0),
    "cpp_31march": AreaMeasure("child protection plans at 31 March", "plans"),
    "cpp_started": AreaMeasure("child protection plans that started in the year", "plans"),
    "cpp_ended": AreaMeasure("child protection plans that ended in the year", "plans"),
    "cin_31march": AreaMeasure("children in need at 31 March", "episodes"),
    "cin_started": AreaMeasure("episodes of need that started in the year", "episodes"),
    "cin_ended": AreaMeasure("episodes of need that ended in the year", "episodes"),
    "cin_any_time": AreaMeasure("children in need at any time in the year", "episodes"),
    "referrals": AreaMeasure("referrals in the year", "referrals"),
    "section_47_enquiries": AreaMeasure("section 47 enquiries in the year", "enquiries"),
    "icpc": AreaMeasure("initial child protection conferences in the year", "conferences"),
    "assessments_completed": AreaMeasure("assessments completed in the year", "assessments"),
    "rereferrals_within_12m": AreaMeasure("referrals within 12 months of an earlier one", "referrals", of="referrals"),
    "cpp_second_or_subsequent": AreaMeasure("second or later child protection plans", "plans", of="cpp_started"),
    "cpp_two_years_or_more": AreaMeasure("child protection plans of two years or more", "plans", of="cpp_31march"),
}
"""Measures that can be compared between authorities. Each is a count over a published denominator."""


def label(measure: str) -> str:
    """Return a measure's label with a capital, as it stands in a table."""
    text = AREA_MEASURES[measure].label
    return text[:1].upper() + text[1:]
