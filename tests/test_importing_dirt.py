"""Councils of random dirt: whatever the returns hold, what is written keeps the contracts of a study's tables."""

import random
from collections import Counter
from datetime import date
from itertools import pairwise

import pytest
from returns_support import Council, assessed, case, child, plan
from stepdown.contracts import read_study
from stepdown.importing import lines, write
from stepdown.params import load_study

NAMES = [f"{zeros}{100 + n}" for n, zeros in enumerate(["00", "0", ""] * 4)]


class Dirt:
    """Draws days, ends that may be blank or before their beginning, and codes that may not exist."""

    def __init__(self, seed):
        self.any = random.Random(seed)

    def day(self, first, last):
        return date.fromordinal(self.any.randint(first.toordinal(), last.toordinal()))

    def end(self, first, last):
        return self.any.choice(["", self.day(first, last).isoformat()])

    def cases(self, first, last):
        for _ in range(self.any.randint(0, 3)):
            start = self.day(first, last)
            inside = "".join(
                assessed(self.day(start, last).isoformat(), self.end(start, last), *self.any.sample(FACTORS, 2))
                + plan(self.day(first, last).isoformat(), self.end(first, last))
                for _ in range(self.any.randint(0, 2))
            )
            end = self.any.choice([self.end(start, last), self.end(first, last)])
            words = {"reason": self.any.choice(["", "RC7", "RC8", "RC0"]), "nfa": self.any.choice(["0", "false", "1"])}
            yield case(start.isoformat(), end, inside=inside, **words)

    def care(self, first, last):
        for name in NAMES:
            for _ in range(self.any.randint(0, 3)):
                start = self.day(first, last)
                end = self.any.choice(["", f"{self.day(start, last):%d/%m/%Y}"])
                codes = (self.any.choice("SLPTBU"), self.any.choice(["V2", "C2", "V4", "V3", "Z9"]))
                yield (name, f"{start:%d/%m/%Y}", *codes, end, self.any.choice(["", "X1", "E4A", "E99"]))


FACTORS = ["3A", "2B", "99Z", "16A"]


@pytest.mark.parametrize("seed", range(10))
def test_what_is_written_keeps_the_contracts_and_every_row_is_accounted_for(seed, tmp_path):
    dirt, council = Dirt(seed), Council(tmp_path)
    for year in (2023, 2024, 2025):
        span = date(year - 1, 4, 1), date(year, 3, 31)
        died = f"<PersonDeathDate>{dirt.day(*span)}</PersonDeathDate>"
        kids = [
            child(name, *dirt.cases(*span), born=dirt.any.choice(BORN), more=dirt.any.choice(["", "", died]))
            for name in dirt.any.sample(NAMES, 8)
        ]
        sure = child("SURE", case(f"{year - 1}-05-01", inside=assessed(f"{year - 1}-05-02", f"{year - 1}-06-01", "3A")))
        council.census(year, *kids, sure)
        council.care(year, *dirt.care(*span), names=NAMES)
    supported = [f"{name},{dirt.day(date(2023, 4, 1), date(2025, 3, 1)):%d/%m/%Y},\n" for name in NAMES[:4]]
    council.write("returns/list.csv", "Child,From,To\nHELPED,01/09/2023,01/12/2023\n" + "".join(supported))
    council.settings["comparison"]["authorised"] = [date(2022, 4, 1), date(2025, 3, 31)]
    council.settings["decisions"] = {
        "in_need": dirt.any.choice(["assessed", "episode", "plan"]),
        "short_breaks": dirt.any.choice(["count", "leave_out"]),
    }
    imported = council.bring_in()
    write(imported, tmp_path)
    file = tmp_path / "params/made_up.yaml"
    file.write_text(file.read_text().replace("title: ???", "title: t").replace("- ???", "- q"))
    assert len(read_study(load_study(file)).children) == len(imported.members)
    read = Counter()
    for section, place, kind, _, number in lines(imported):
        read[place, kind] += int(number) if section == "rows" else 0
    for year in (2023, 2024, 2025):
        assert read[f"returns/cin/{year}.xml", "referrals and cases"] == (
            (tmp_path / f"returns/cin/{year}.xml").read_text().count("<CINdetails>")
        )
    for member in imported.members:
        spells = sorted((spell.status, spell.start, spell.end) for spell in member.child.spells)
        assert all(start <= end for _, start, end in spells)
        assert all(two[1] >= one[2] for one, two in pairwise(spells) if one[0] == two[0]), "no day twice at a status"


BORN = ["2012-05-05", "2012-05-05", "2005-06-01", "2024-01-01"]
