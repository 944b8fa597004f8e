"""Imitates the two reviewers of the example: opens each blank workbook, chooses answers, types notes, saves.

    python data/example_review/fill.py

r1 saves as Excel would (openpyxl); r2's workbook is opened and saved by LibreOffice when it is installed.
"""

import random
import shutil
import subprocess
from pathlib import Path

import openpyxl

HERE = Path(__file__).parent
BLANK, FILLED = HERE / "review" / "blank", HERE / "review" / "filled"


def fill(blank, filled, seed):
    """Answer every question of every file in ``blank``, write a note here and there, and save as ``filled``."""
    chance = random.Random(seed)
    book = openpyxl.load_workbook(blank)
    sheet = book["Answers"]
    heads = [cell.value for cell in sheet[1]]
    for row in sheet.iter_rows(min_row=2):
        file = random.Random(row[0].value)  # both reviewers see the same file
        good = 0.72 if row[0].value >= "EH-025" else 0.4
        for cell, head in zip(row[1:-1], heads[1:-1], strict=True):
            seen = file.random() + chance.gauss(0, 0.06)
            two = "alone" in head or "in time" in head
            cell.value = "Yes" if seen < good - (0 if two else 0.15) else "No" if two or seen > good + 0.1 else "Partly"
            if "attendance" in head and file.random() < 0.2:
                cell.value = "Not applicable"
        if chance.random() < 0.3:
            row[-1].value = "Chronology missing for two months."
    book.save(filled)


FILLED.mkdir(exist_ok=True)
for number, blank in enumerate(sorted(BLANK.glob("*.xlsx"))):
    fill(blank, FILLED / blank.name, 100 + number)
    if blank.stem.endswith("r2") and shutil.which("soffice"):
        target = FILLED / "converted"
        convert = ["soffice", "--headless", "--convert-to", "xlsx", "--outdir", str(target)]
        subprocess.run([*convert, str(FILLED / blank.name)], check=True)
        (target / blank.name).replace(FILLED / blank.name)
        target.rmdir()
