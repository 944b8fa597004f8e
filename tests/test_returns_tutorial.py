"""docs/returns_tutorial.md can be followed to the letter: commands, answers and numbers are taken from it."""

import re
import shutil
from pathlib import Path

import pytest
from fixtures.run_project import call

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "docs/returns_tutorial.md").read_text(encoding="utf-8")
STEPS = {int(number): text for number, text in re.findall(r"^## (\d)\. .*?\n(.*?)(?=^## |\Z)", GUIDE, re.M | re.S)}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tutorial")
    shutil.copytree(ROOT / "notebooks", folder / "notebooks", ignore=shutil.ignore_patterns(".*"))
    source, target = re.search(r"^cp -r (\S+) (\S+)$", STEPS[1], re.M).groups()
    shutil.copytree(ROOT / source, folder / target)
    return folder


def commands(step):
    return re.findall(r"^\.venv/bin/stepdown (.*)$", STEPS[step], re.M)


def followed(project, step, **more):
    said = ""
    for line in commands(step):
        done = call(project, *line.split(), **more)
        assert done.returncode == 0, done.stdout + done.stderr
        said += done.stdout
    return said


def write_answers(file, step):
    text = file.read_text(encoding="utf-8")
    for line, answer in re.findall(r"^\| `(.*?\?\?\?.*?)` \| `(.*?)` \|", STEPS[step], re.M):
        assert text.count(line) == 1, line
        text = text.replace(line, line.replace("???", answer))
    assert "???" not in re.sub(r"#.*", "", text)
    file.write_text(text, encoding="utf-8")


def test_the_tutorial_as_it_stands(project):
    assert "in 6 places" in followed(project, 2)
    write_answers(project / "params/families_first_import.yaml", 3)
    looked = followed(project, 4)
    for line in re.findall(r"```\n(Covered.*?)```", STEPS[4], re.S)[0].splitlines():
        assert line in looked.splitlines(), line
    assert not (project / "data").exists()
    followed(project, 5)
    listed = (project / "restricted/families_first/lists/contradictory_dates.csv").read_text(encoding="utf-8")
    assert listed.splitlines()[1].startswith("6123400,case closed before its referral")
    write_answers(project / "params/families_first.yaml", 6)
    check, run = commands(7)
    checked = call(project, *check.split())
    assert re.search(r"`(families_first: in order.*?)`", STEPS[7])[1] in checked.stdout
    done = call(project, *run.split(), "--no-pages", timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    tables = project / "outputs/families_first/latest/restricted/tables"
    flow = (tables / "participant_flow.csv").read_text(encoding="utf-8")
    assert re.search(r"Families First,Analysed,[^,]*,12,", flow)
    assert re.search(r"Comparison,Analysed,[^,]*,16,", flow)
    assert (tables / "import_31_march.csv").is_file()
