"""Made-up returns for tests: a small council whose returns are written as a test needs them."""

from datetime import date
from pathlib import Path

import xlsxwriter
from stepdown.importing import ImportSettings, bring_in
from stepdown.importing.care_spells import OPEN
from stepdown.importing.rows import shown
from stepdown.params.loading import build

_COLUMNS = "CHILD DECOM RNE LS CIN PLACE PLACE_PROVIDER DEC REC REASON_PLACE_CHANGE HOME_POST PL_POST URN"
CARE_COLUMNS = _COLUMNS.split()


def case(referral, closed="", *, reason="", nfa="false", need="N1", inside=""):
    parts = f"<CINreferralDate>{referral}</CINreferralDate><ReferralSource>6</ReferralSource>"
    parts += f"<PrimaryNeedCode>{need}</PrimaryNeedCode>" if need else ""
    parts += f"<CINclosureDate>{closed}</CINclosureDate>" if closed else ""
    parts += f"<ReasonForClosure>{reason}</ReasonForClosure>" if reason else ""
    return f"<CINdetails>{parts}{inside}<ReferralNFA>{nfa}</ReferralNFA></CINdetails>"


def assessed(start, authorised="", *factors):
    found = "".join(f"<AssessmentFactors>{factor}</AssessmentFactors>" for factor in factors)
    end = f"<AssessmentAuthorisationDate>{authorised}</AssessmentAuthorisationDate>" if authorised else ""
    return (
        f"<Assessments><AssessmentActualStartDate>{start}</AssessmentActualStartDate>{end}"
        f"<FactorsIdentifiedAtAssessment>{found}</FactorsIdentifiedAtAssessment></Assessments>"
    )


def plan(start, end=""):
    ended = f"<CPPendDate>{end}</CPPendDate>" if end else ""
    return f"<ChildProtectionPlans><CPPstartDate>{start}</CPPstartDate>{ended}</ChildProtectionPlans>"


def cin_plan(start, end=""):
    ended = f"<CINPlanEndDate>{end}</CINPlanEndDate>" if end else ""
    return f"<CINPlanDates><CINPlanStartDate>{start}</CINPlanStartDate>{ended}</CINPlanDates>"


def child(name, *cases, born="2012-05-05", sex="<Sex>M</Sex>", ethnic="WBRI", more=""):
    birth = f"<PersonBirthDate>{born}</PersonBirthDate>" if born else ""
    return (
        f"<Child><ChildIdentifiers><LAchildID>{name}</LAchildID>{more}{birth}{sex}</ChildIdentifiers>"
        f"<ChildCharacteristics><Ethnicity>{ethnic}</Ethnicity></ChildCharacteristics>{''.join(cases)}</Child>"
    )


def census(year, *children, reference=None, collection="CIN", before="", space=""):
    head = (
        f"<Header><CollectionDetails><Collection>{collection}</Collection><Year>{year}</Year>"
        f"<ReferenceDate>{reference or f'{year}-03-31'}</ReferenceDate></CollectionDetails></Header>"
    )
    body = "\n".join(children)
    return f'<?xml version="1.0"?>\n{before}<Message{space}>{head}<Children>\n{body}\n</Children></Message>'


def care(*rows):
    """rows: child, DECOM, RNE, LS, DEC, REC (and PLACE)."""
    lines = [",".join(CARE_COLUMNS)]
    for row in rows:
        name, decom, rne, legal, dec, rec, place = (*row, *[""] * (7 - len(row)))
        cells = {"CHILD": name, "DECOM": decom, "RNE": rne, "LS": legal, "DEC": dec, "REC": rec, "PLACE": place or "U4"}
        lines.append(",".join(cells.get(column, "") for column in CARE_COLUMNS))
    return "\n".join(lines) + "\n"


def header(*names, born="05/05/2012"):
    lines = ["CHILD,SEX,DOB,ETHNIC,UPN,MOTHER,MC_DOB", *(f"{name},1,{born},WBRI,,," for name in names)]
    return "\n".join(lines) + "\n"


class Council:
    """A folder with returns; ``settings`` may be changed before ``bring_in``."""

    def __init__(self, root: Path):
        self.root = root
        self.settings = {
            "study": "made_up",
            "returns": {"cin_census": ["returns/cin/*.xml"], "looked_after": {}},
            "programme": {
                "list": "returns/list.csv",
                "columns": {"child": "Child", "start": "From", "end": "To"},
            },
            "comparison": {"factors": ["3A"], "authorised": [date(2023, 4, 1), date(2024, 3, 31)]},
            "synthetic": True,
        }
        self.write("returns/list.csv", "Child,From,To\nHELPED,01/09/2023,01/12/2023\n")

    def write(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return file

    def census(self, year, *children, **kind):
        helped = child("HELPED", case("2023-06-01", inside=assessed("2023-06-02", "2023-07-01", "3A")))
        extra = [] if any("HELPED" in each for each in children) else [helped]
        self.write(f"returns/cin/{year}.xml", census(year, *children, *extra, **kind))

    def care(self, year, *rows, names=None):
        names = names or list(dict.fromkeys(row[0] for row in rows)) or ["HELPED"]
        self.write(f"returns/903/{year}/header.csv", header(*names))
        self.write(f"returns/903/{year}/episodes.csv", care(*rows))
        self.settings["returns"]["looked_after"][year] = f"returns/903/{year}"

    def bring_in(self):
        return bring_in(build(self.settings, ImportSettings, where="import.yaml"), self.root)

    def spells(self, name, status=None):
        """Return the spells of a child in words, whether or not it is in the study."""
        member = next(member for member in self.bring_in().members if member.child.id == name)
        return in_words(member.child.spells, status)


def in_words(spells, status=None):
    wanted = sorted(spell for spell in spells if status in (None, spell.status))
    return [f"{s.status} {shown(s.start)} to {'open' if s.end == OPEN else shown(s.end)}" for s in wanted]


def workbook(path, sheets):
    path.parent.mkdir(parents=True, exist_ok=True)
    with xlsxwriter.Workbook(path) as book:
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for line, row in enumerate(rows):
                for column, cell in enumerate(row):
                    if isinstance(cell, date):
                        sheet.write_datetime(line, column, cell, day)
                    else:
                        sheet.write(line, column, cell)
    return path
