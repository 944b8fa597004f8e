"""Five years of a large council's census and looked-after returns, brought in; against two ways to read the XML.

    .venv/bin/python -m benchmarks.returns          # 35,000 children a year, about 500 MB of XML (some minutes)
    .venv/bin/python -m benchmarks.returns 5000     # fewer

Each way runs in a process of its own, which says how much memory it had at most. The tree and pandas.read_xml read one
file and join nothing. The run stops when they count other children or referrals than Stepdown, or when its rows do not
add up.
"""

from __future__ import annotations

import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

YEARS = range(2021, 2026)
FACTORS = ("3A", "3B", "4B", "16A", "2B", "14A", "21")

PARAMS = """study: large
synthetic: true
returns:
  cin_census: [returns/cin/*.xml]
  looked_after:
    {2021: returns/903/2021, 2022: returns/903/2022, 2023: returns/903/2023, 2024: returns/903/2024,
     2025: returns/903/2025}
programme: {list: returns/list.csv, columns: {child: Child, start: From, end: To}}
comparison: {factors: [3A, 3B], authorised: [2022-10-01, 2023-09-30]}
"""


def write_returns(root: Path, per_year: int) -> None:
    """Write returns in which a third of the children of a year stand in the next file too."""
    draw = random.Random(1)
    (root / "params").mkdir(parents=True)
    (root / "params/import.yaml").write_text(PARAMS)
    carried: list[tuple[int, date]] = []
    listed, number = [], 0
    for year in YEARS:
        cases = list(carried)
        while len(cases) < per_year:
            number += 1
            cases.append((number, date(year - 1, 4, 1) + timedelta(days=draw.randrange(365))))
        carried = cases[: per_year // 3]
        file = root / f"returns/cin/{year}.xml"
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("w") as out:
            out.write(
                '<?xml version="1.0" encoding="utf-8"?>\n<Message><Header><CollectionDetails>'
                f"<Collection>CIN</Collection><Year>{year}</Year><ReferenceDate>{year}-03-31</ReferenceDate>"
                "</CollectionDetails></Header>\n<Children>\n"
            )
            out.writelines(_child(draw, child, start, at < per_year // 3) for at, (child, start) in enumerate(cases))
            out.write("</Children></Message>\n")
        in_care = [case for at, case in enumerate(cases) if at % 12 == 0]
        _care(root / f"returns/903/{year}", year, in_care, per_year // 3)
        listed += [child for child, _ in cases[:20]]
    rows = "".join(f"{1_000_000 + child},01/10/2022,01/03/2023\n" for child in dict.fromkeys(listed))
    (root / "returns/list.csv").write_text("Child,From,To\n" + rows)


def _child(draw: random.Random, child: int, start: date, stays: bool) -> str:
    def assessment(after: int) -> str:
        began = start + timedelta(days=after)
        factors = "".join(f"<AssessmentFactors>{code}</AssessmentFactors>" for code in draw.sample(FACTORS, 3))
        return (
            f"<Assessments>\n<AssessmentActualStartDate>{began}</AssessmentActualStartDate>\n"
            f"<AssessmentInternalReviewDate>{began}</AssessmentInternalReviewDate>\n"
            f"<AssessmentAuthorisationDate>{began + timedelta(days=40)}</AssessmentAuthorisationDate>\n"
            f"<FactorsIdentifiedAtAssessment>{factors}</FactorsIdentifiedAtAssessment>\n</Assessments>\n"
        )

    began = start + timedelta(days=60)
    plan = (
        f"<ChildProtectionPlans>\n<CPPstartDate>{began}</CPPstartDate>\n<InitialCategoryOfAbuse>NEG</InitialCategoryOfAbuse>\n"
        "<LatestCategoryOfAbuse>NEG</LatestCategoryOfAbuse>\n<NumberOfPreviousCPP>0</NumberOfPreviousCPP>\n"
        + "".join(
            f"<Reviews><CPPreviewDate>{began + timedelta(days=90 * n)}</CPPreviewDate></Reviews>\n" for n in range(1, 8)
        )
        + "</ChildProtectionPlans>\n"
    )
    section = (
        f"<Section47>\n<S47ActualStartDate>{start}</S47ActualStartDate>\n<InitialCPCtarget>{began}</InitialCPCtarget>\n"
        f"<DateOfInitialCPC>{began}</DateOfInitialCPC>\n<ICPCnotRequired>false</ICPCnotRequired>\n</Section47>\n"
    )
    end = start + timedelta(days=draw.randrange(20, 400))
    close = "" if stays else f"<CINclosureDate>{end}</CINclosureDate>\n<ReasonForClosure>RC7</ReasonForClosure>\n"
    return (
        f"<Child>\n<ChildIdentifiers>\n<LAchildID>{1_000_000 + child}</LAchildID>\n<UPN>A{child:012d}</UPN>\n"
        f"<PersonBirthDate>{date(2008, 1, 1) + timedelta(days=child % 4000)}</PersonBirthDate>\n"
        f"<GenderCurrent>{1 + child % 2}</GenderCurrent>\n</ChildIdentifiers>\n<ChildCharacteristics>\n"
        "<Ethnicity>WBRI</Ethnicity>\n<Disabilities><Disability>NONE</Disability></Disabilities>\n"
        f"</ChildCharacteristics>\n<CINdetails>\n<CINreferralDate>{start}</CINreferralDate>\n"
        f"<ReferralSource>6</ReferralSource>\n<PrimaryNeedCode>N1</PrimaryNeedCode>\n{close}"
        f"{assessment(2)}{assessment(50)}{assessment(100)}{section}"
        f"<CINPlanDates><CINPlanStartDate>{began}</CINPlanStartDate></CINPlanDates>\n"
        f"<ReferralNFA>false</ReferralNFA>\n{plan if child % 8 == 0 else section}</CINdetails>\n</Child>\n"
    )


def _care(folder: Path, year: int, cases: list[tuple[int, date]], carried: int) -> None:
    folder.mkdir(parents=True)
    head, rows = ["CHILD,SEX,DOB,ETHNIC,UPN"], ["CHILD,DECOM,RNE,LS,PLACE,DEC,REC"]
    for child, start in cases:
        born = date(2008, 1, 1) + timedelta(days=child % 4000)
        first, last = date(year - 1, 4, 1), date(year, 3, 31)
        began = max(start, first)
        head.append(f"{1_000_000 + child},1,{born:%d/%m/%Y},WBRI,")
        half = began + (last - began) // 2
        rows.append(f"{1_000_000 + child},{began:%d/%m/%Y},S,V2,U4,{half:%d/%m/%Y},X1")
        rows.append(f"{1_000_000 + child},{half:%d/%m/%Y},P,V2,U4,{last:%d/%m/%Y},E4A")
    (folder / "header.csv").write_text("\n".join(head) + "\n")
    (folder / "episodes.csv").write_text("\n".join(rows) + "\n")


def by_stepdown(root: Path) -> tuple[int, int]:
    """All five years, joined, matched, derived and added up: children and referrals of the last file."""
    from stepdown.importing import ImportSettings, bring_in, lines
    from stepdown.params import load

    report = lines(bring_in(load(root / "params/import.yaml", ImportSettings), root))
    last = f"returns/cin/{YEARS[-1]}.xml"
    of = {
        kind: sum(int(r[4]) for r in report if r[:3] == ("rows", last, kind))
        for kind in ("children", "referrals and cases")
    }
    return of["children"], of["referrals and cases"]


def by_tree(root: Path) -> tuple[int, int]:
    """One file as a tree of lxml."""
    from lxml import etree

    tree = etree.parse(str(root / f"returns/cin/{YEARS[-1]}.xml"))
    ids = [child.findtext("ChildIdentifiers/LAchildID") for child in tree.iterfind("Children/Child")]
    return len(ids), len(tree.findall("Children/Child/CINdetails/CINreferralDate"))


def by_pandas(root: Path) -> tuple[int, int]:
    """One file by pandas.read_xml, once for the children and once for the cases (which no longer know their child)."""
    import pandas as pd

    path = root / f"returns/cin/{YEARS[-1]}.xml"
    return len(pd.read_xml(path, xpath=".//ChildIdentifiers")), len(pd.read_xml(path, xpath=".//CINdetails"))


WAYS = {"stepdown": by_stepdown, "tree": by_tree, "pandas": by_pandas}


def measured(way: str, root: Path) -> dict[str, float]:
    """Return seconds, the most memory in MB and the counts of one way, run in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.returns", way, str(root)], capture_output=True, text=True, check=True
    )
    result: dict[str, float] = json.loads(done.stdout)
    return result


def main(per_year: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for children in (per_year // 5, per_year):
            root = Path(folder) / str(children)
            write_returns(root, children)
            size = sum(path.stat().st_size for path in root.rglob("*.xml")) / 1e6
            print(f"{children:,} children a year, {len(YEARS)} years: {size:.0f} MB of XML")
            found = {}
            for way in WAYS:
                found[way] = measured(way, root)
                what = "all years" if way == "stepdown" else "one file"
                print(f"  {way:9} {what:9} {found[way]['seconds']:7.1f} s  {found[way]['megabytes']:6.0f} MB")
            counts = {way: (result["children"], result["referrals"]) for way, result in found.items()}
            if len(set(counts.values())) > 1:
                sys.exit(f"the ways count differently: {counts}")


if __name__ == "__main__":
    if len(sys.argv) == 3:
        began = time.perf_counter()
        children, referrals = WAYS[sys.argv[1]](Path(sys.argv[2]))
        seconds = time.perf_counter() - began
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"seconds": seconds, "megabytes": peak, "children": children, "referrals": referrals}))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 35_000)
