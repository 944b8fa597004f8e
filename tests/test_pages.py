"""Released pages, judged by axe-core in Chromium, by keyboard, at 320 and 1280 pixels, offline, and by reading them."""

import io
import json
import os
import re
import shutil
import zipfile
from datetime import UTC, datetime

import pytest
from bs4 import BeautifulSoup
from pages_support import FACTS, ROOT, build, execute, run_study
from PIL import Image
from stepdown.faults import Refused
from stepdown.params import load_study
from stepdown.release.page import Page, Site, gate, study_page
from stepdown.release.portable import one_document
from stepdown.release.spreadsheet import Sheet, sheet_names, write_spreadsheet
from stepdown.release.words import glossary, heading_levels, in_words, reading_ease, titles
from test_words import OTHER_NAMES, TRANSLATED

STUDIES = ("slough_ifp", "slough_innovation_hub", "millbrook")
SCREENS = ((320, "light"), (1280, "dark"))
WIDTHS = (320, 768, 1280)


@pytest.fixture(scope="module")
def released(study_run):
    """Release folders by study; the first one has its PDF and Word file too."""
    return {name: study_run(name) / "release" for name in (*STUDIES, "audit_rr1038")}


@pytest.fixture(scope="module")
def parsed(released):
    """Each page as BeautifulSoup reads it: to be read only."""
    return {file: BeautifulSoup(file.read_text(encoding="utf-8"), "html.parser") for file in pages_of(released)}


def pages_of(released):
    return [page for folder in released.values() for page in sorted(folder.glob("*.html"))]


def chromium():
    found = next((path for path in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if path), None)
    if found is None and os.environ.get("STEPDOWN_REQUIRE_BROWSER") == "1":
        pytest.fail("STEPDOWN_REQUIRE_BROWSER is 1 and there is no Chromium on this machine")
    if found is None:
        pytest.skip("there is no Chromium on this machine: released pages were not opened in a browser")
    return found


@pytest.fixture(scope="session")
def browser():
    program = chromium()
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield opened
        opened.close()


def laid_out(page, width):
    """Where the cells of each table end, and how large text is."""
    page.set_viewport_size({"width": width, "height": 900})
    assert page.evaluate("window.innerWidth") == width
    cells = page.evaluate(
        "[...document.querySelectorAll('.table-scroll')]"
        ".map(region => [region.querySelector('caption').innerText,"
        " Math.max(...[...region.querySelectorAll('td, tbody th')].filter(cell => cell.getClientRects().length)"
        ".map(cell => cell.getBoundingClientRect().right)), region.querySelectorAll('tbody tr').length,"
        " region.clientWidth < region.scrollWidth])"
    )
    sizes = page.evaluate(
        "[...document.querySelectorAll('main p, main li, main td, main th, main a')]"
        ".map(each => parseFloat(getComputedStyle(each).fontSize))"
    )
    return cells, sizes


def judged(page, width, scheme):
    """How wide the page is, what axe finds, and whether the menu is shown."""
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    found = page.evaluate("axe.run({resultTypes: ['violations'], preload: false}).then(f => f.violations)")
    return {
        "wide": page.evaluate("document.documentElement.scrollWidth"),
        "violations": [(rule["id"], [node["target"] for node in rule["nodes"]]) for rule in found],
        "menu": page.evaluate("document.querySelector('header nav a')?.checkVisibility()"),
    }


@pytest.fixture(scope="module")
def visits(released, browser):
    """What one visit of each page finds, offline: as it comes on a phone, with all that folds open, and on a desk.

    Opening a page and changing its size costs much: so the tests share what was found.
    """
    from axe_playwright_python.sync_playwright import Axe

    context = browser.new_context(offline=True)
    page, asked, found = context.new_page(), [], {}
    page.on("request", lambda request: asked.append(request.url))
    phone, desk = SCREENS
    for file in pages_of(released):
        page.set_viewport_size({"width": phone[0], "height": 900})
        asked.clear()
        page.goto(file.as_uri())
        charts = page.evaluate(
            "[...document.querySelectorAll('figure.chart img')]"
            ".map(i => [i.naturalWidth, i.clientWidth, i.currentSrc === i.src])"
        )
        page.evaluate(Axe().axe_script + "axe.configure({noHtml: true})")  # a page's HTML holds its charts
        screens = {phone: judged(page, *phone)}
        page.evaluate(
            "window.folded = [...document.querySelectorAll('details:not([open])')];"
            "folded.forEach(each => each.open = true)"
        )
        layouts = {width: laid_out(page, width) for width in WIDTHS}
        page.evaluate("folded.forEach(each => each.open = false)")
        screens[desk] = judged(page, *desk)
        found[file] = {"charts": charts, "screens": screens, "layouts": layouts, "asked": list(asked)}
    context.close()
    return found


@pytest.mark.browser
@pytest.mark.slow
def test_axe_finds_nothing_and_no_page_is_wider_than_its_screen_or_asks_the_network(visits):
    for file, visit in visits.items():
        for width, scheme in SCREENS:
            screen = visit["screens"][width, scheme]
            assert screen["wide"] <= width, (file.name, width)
            assert screen["violations"] == [], (file.name, width, scheme)
        first, *others = visit["asked"]
        assert first == file.as_uri()
        assert [url for url in others if not url.startswith(("data:", "file:"))] == []


@pytest.mark.browser
@pytest.mark.slow
def test_a_page_is_read_and_left_by_keyboard_alone(released, browser):
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto((released["millbrook"] / "1_cohort_profile.html").as_uri())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")
    seen = set()
    for _ in range(400):
        where = page.evaluate(
            "(() => { const e = document.activeElement; if (e === document.body) return ''; "
            "if (!e.dataset.n) { window.n = (window.n || 0) + 1; e.dataset.n = window.n; } "
            "const o = getComputedStyle(e).outlineStyle; return e.dataset.n + ' ' + o; })()"
        )
        if not where or where.split()[0] in {item.split()[0] for item in seen}:
            break
        seen.add(where)
        page.keyboard.press("Tab")
    wanted = page.evaluate("document.querySelectorAll('main a[href], main summary, main [tabindex=\"0\"]').length")
    assert len(seen) >= wanted * 0.9
    assert all(item.endswith("solid") or item.endswith("auto") for item in seen), "focus must be seen"
    page.close()


def contrast(one, other):
    """Contrast of two colours by WCAG 2.2."""

    def light(colour):
        parts = [each / 255 for each in colour]
        parts = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    low, high = sorted((light(one), light(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_with_forced_colours_cards_circles_bars_and_charts_are_seen(released, browser, scheme):
    """Judge: the pixels. What is drawn stands out from the paper by 3 to 1."""
    page = browser.new_page(viewport={"width": 1280, "height": 900}, forced_colors="active", color_scheme=scheme)

    def pixels(place, of=""):
        element = page.locator(place).first
        with Image.open(io.BytesIO((element.locator(of).first if of else element).screenshot())) as picture:
            return picture.convert("RGB")

    page.goto((released["slough_ifp"] / "index.html").as_uri())
    paper = pixels("body").getpixel((5, 300))
    assert (sum(paper) < 380) == (scheme == "dark")
    card = pixels(".answers > li")
    assert contrast(card.getpixel((card.width // 2, 0)), paper) >= 3
    for place in (".circles", ".number", ".must-not h2"):
        assert max(contrast(colour, paper) for _, colour in pixels(place).getcolors(9999)) >= 3, place
    for bar in ("svg.bar.series-0:not(.pale)", "svg.bar.series-1", "svg.bar.pale"):
        drawn = pixels(bar, "rect")
        assert contrast(drawn.getpixel((drawn.width // 2, drawn.height // 2)), paper) >= 3, bar
    page.goto((released["slough_ifp"] / "3_statutory_outcomes.html").as_uri())
    chart = pixels("figure.chart img")
    edge = chart.getpixel((5, 5))
    assert max(contrast(colour, edge) for _, colour in chart.getcolors(99999)) >= 7
    page.close()


FIRST_SCREEN = ((1280, 900), (320, 1600))


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("study", ["slough_ifp", "millbrook"])
def test_the_first_screen_is_the_answer(released, browser, study):
    """Sentence, three answers with number and picture, how sure, and what must not be concluded, at 1280 and at 320."""
    for width, height in FIRST_SCREEN:
        page = browser.new_page(viewport={"width": width, "height": height})
        page.goto((released[study] / "index.html").as_uri())
        ends = "e => e.map(x => x.getBoundingClientRect().bottom)"
        for what, count in ((".sentence", 1), (".answers > li", 3), (".answers figure svg", 9), (".must-not", 1)):
            found = page.eval_on_selector_all(what, ends)
            assert len(found) >= count, (what, width)
            assert max(found) <= height, (what, width, max(found))
        for card in page.query_selector_all(".answers > li"):
            assert re.search(r"\d", card.query_selector(".number").inner_text())
            assert re.search(r"(very low|low|moderate|high|very high) ", card.query_selector(".sure").inner_text())
            assert card.query_selector(".limit").inner_text().startswith("What this does not show:")
        assert page.query_selector("#how-sure") is not None
        page.close()


def test_figures_on_a_card_leads_to_a_table_that_is_there(released):
    for release in released.values():
        text = (release / "index.html").read_text(encoding="utf-8")
        links = re.findall(r'href="([^"#]+\.html)(?:#([^"]+))?">Figures', text)
        assert any(anchor for _, anchor in links), links
        for page, anchor in links:
            assert not anchor or f'id="{anchor}"' in (release / page).read_text(encoding="utf-8"), (page, anchor)


@pytest.mark.browser
@pytest.mark.slow
def test_charts_are_drawn_large_enough_to_read_on_a_phone(visits):
    for file, visit in visits.items():
        for natural, shown, _ in visit["charts"]:
            assert natural > 0, f"a chart of {file.name} did not load"
            assert shown >= 280


def test_a_release_is_made_as_asked_and_leads_to_what_there_is(released):
    for name, documents in (("slough_ifp", True), ("slough_innovation_hub", False)):
        assert (released[name] / "report.pdf").is_file() == documents
        assert documents or not (released[name] / "report.docx").exists()
        for file in ("report.pdf", "report.docx"):  # Word only where pandoc is on the machine
            assert (file in (released[name] / "index.html").read_text()) == (released[name] / file).is_file()
        assert (released[name] / "tables.xlsx").is_file()


def test_every_page_has_one_h1_orderly_headings_captions_scopes_and_alternatives(parsed):
    for file, soup in parsed.items():
        levels = [int(h.name[1]) for h in soup.find("main").find_all(re.compile("^h[1-6]$"))]
        assert levels.count(1) == 1, file
        assert levels[0] == 1, file
        assert all(b <= a + 1 for a, b in zip(levels, levels[1:], strict=False)), (file, levels)
        ids = [tag["id"] for tag in soup.find_all(id=True)]
        assert len(ids) == len(set(ids)), file
        for table in soup.find_all("table"):
            assert table.caption.get_text(strip=True)
            assert all(th.get("scope") in ("col", "row") for th in table.find_all("th"))
        for image in soup.find_all("img"):
            assert len(image["alt"]) > 30
            assert "No description" not in image["alt"]


def test_pages_hold_no_code_no_script_no_path_and_nothing_from_outside(parsed):
    for file, soup in parsed.items():
        text = file.read_text(encoding="utf-8")
        assert not soup.find_all(["script", "link", "iframe", "object"])
        assert "import " not in soup.get_text()
        assert str(ROOT) not in text
        assert "workbook.begin" not in text
        for tag in soup.find_all(src=True):
            assert tag["src"].startswith("data:")
        for link in soup.find_all("a", href=True):
            href = link["href"].partition("#")[0]
            assert not href or (file.parent / href).is_file(), (file.name, href)


def test_the_first_page_leads_to_every_page_and_gives_each_finding_its_limit(released, parsed):
    for folder in released.values():
        soup = parsed[folder / "index.html"]
        hrefs = {a["href"] for a in soup.find_all("a", href=True)}
        assert {page.name for page in folder.glob("*.html")} <= hrefs
        assert "tables.xlsx" in hrefs
        for item in soup.select("ul.findings > li"):
            assert item.select_one(".finding").get_text(strip=True)
            assert len(item.select_one(".limit").get_text(strip=True)) > len("What this does not show:")


def test_synthetic_data_is_said_on_every_page(released):
    for name in STUDIES:
        for file in released[name].glob("*.html"):
            assert "Synthetic data" in file.read_text(encoding="utf-8"), file


def test_synthetic_data_is_said_under_every_chart_and_in_every_quote(released, parsed):
    """A chart or a sentence is copied without the page's notice."""
    for name, folder in released.items():
        for file in folder.glob("*.html"):
            for source in parsed[file].select(".source"):
                assert ("(synthetic)" in source.get_text()) == (name in STUDIES), (file, source)
        quotes = [quote.get_text() for quote in parsed[folder / "index.html"].select(".quotes li")]
        assert quotes
        assert {"synthetic data, " in quote for quote in quotes} == {name in STUDIES}, name


def test_a_chart_names_only_the_table_of_its_own_part_that_holds_its_figures(parsed):
    tied = 0
    for file, soup in parsed.items():
        for figure in soup.select("figure.chart"):
            link = figure.select_one('.source a[href^="#table-"]')
            if link is None:
                assert figure.select_one("figcaption details"), (file, figure["id"])
                continue
            fold = soup.find(id=link["href"][1:]).find_parent("details")
            assert fold.summary.get_text() == "Figures behind this chart", (file, figure["id"])
            assert fold.find_previous("h2") is figure.find_previous("h2"), (file, figure["id"])
            tied += 1
    assert tied > 10


def test_every_table_that_can_be_downloaded_has_rows_and_a_title_of_all_of_it(tmp_path):
    execute(ROOT / "notebooks/8_area_outcomes.ipynb", tmp_path / "run", "area", "params/area_leeds.yaml", ROOT)
    release = tmp_path / "run" / "release"
    build(tmp_path / "run", None)
    links = BeautifulSoup((release / "index.html").read_text(encoding="utf-8"), "html.parser").select(
        'a[href^="tables/"]'
    )
    titles = {link["href"]: link.get_text() for link in links}
    assert titles["tables/area_rates.csv"] == "Rates of the council, its neighbours and the country, by year"
    assert "tables/area_funnel.csv" not in titles
    for href in titles:
        assert (release / href).read_text(encoding="utf-8").count("\n") > 1, href
    page = (release / "8_area_outcomes.html").read_text(encoding="utf-8")
    assert "Not given: these figures do not cover all authorities." in page, "a heading with nothing under it"


def test_the_spreadsheet_opens_with_numbers_as_numbers_and_a_cover(released):
    from openpyxl import load_workbook

    for name in STUDIES:
        book = load_workbook(released[name] / "tables.xlsx")
        assert book.sheetnames[:4] == ["Main figures", "Cover", "Contents", "Notes"]
        assert book.active.title == "Main figures"
        for sheet in book.worksheets:
            assert sheet["A1"].value
            assert not sheet.merged_cells.ranges
            assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
        status = book["statutory_status"]
        assert status.freeze_panes
        assert (status.page_setup.orientation, status.page_setup.paperSize) == ("landscape", 9)
        assert status.sheet_properties.pageSetUpPr.fitToPage
        assert "Source: " in status["A2"].value
        assert "cost_plane" not in book.sheetnames
        assert not [s for s in book.worksheets if s["A1"].value == s.title.replace("_", " ").capitalize()][3:]
        (table,) = status.tables.values()
        first = status[table.ref][1]
        assert isinstance(first[3].value, int)


def test_cells_that_begin_like_a_formula_stay_text(tmp_path):
    from openpyxl import load_workbook

    file = tmp_path / "t.xlsx"
    nasty = ("=1+1", "+1", "-1+2", "@SUM(A1)", "=cmd|' /C calc'!A0")
    sheet = Sheet("=t", "=title", ("=head", "n"), tuple((text, 1.5) for text in nasty), ("", "0.0"), {"c": "=x"}, "row")
    for _ in range(2):
        write_spreadsheet(file, title="=x", about=["=y"], sheets=[sheet], made=datetime(2026, 1, 2, tzinfo=UTC))
    with zipfile.ZipFile(file) as parts:
        assert not any(b"<f>" in parts.read(name) for name in parts.namelist())
    book = load_workbook(file)
    assert [row[0].value for row in book.worksheets[3].iter_rows(min_row=5)] == list(nasty)
    assert all(c.data_type != "f" for s in book.worksheets for row in s.iter_rows() for c in row)


def test_long_and_equal_sheet_names_are_made_to_fit():
    names = sheet_names(["a" * 40, "a" * 40, "b/c"])
    assert len(set(names)) == 3
    assert all(len(name) <= 31 and "/" not in name for name in names)


@pytest.fixture(scope="module")
def report(released):
    """The report as PDF, and of each of its pages the text and what stands where: [what, left end]."""
    from pypdf import PdfReader

    reader = PdfReader(released["slough_ifp"] / "report.pdf")
    texts, places = [], []
    for page in reader.pages:
        stands = []

        def look(text, shift, matrix, _, size, stands=stands):
            stands.append((text, shift[4] + shift[0] * matrix[4]))

        texts.append(page.extract_text(visitor_text=look))
        places.append(stands)
    return reader, texts, places


@pytest.mark.slow
def test_the_pdf_is_tagged_and_the_word_file_keeps_tables_and_alternatives(released, report):
    reader, texts, _ = report
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en-GB"
    assert "307,335" in "".join(texts)
    contents = next(i for i, text in enumerate(texts) if text.lstrip().startswith("Contents"))
    assert contents <= 4, "right after the summary"
    assert re.search(r"What did it cost, and what did it save\? ?\.* ?\d+", texts[contents])
    last = "".join(texts[-4:])
    assert "Words used on this page" in last
    assert "Settings and versions of this run" in last
    word = released["slough_ifp"] / "report.docx"
    if not word.is_file():
        pytest.skip("pandoc is not on this machine: the Word file was not looked at")
    with zipfile.ZipFile(word) as parts:
        document = parts.read("word/document.xml").decode()
    assert document.count("<w:tbl>") > 5
    assert 'descr="Bar chart' in document


def one_line(text):
    return re.sub(r"\s+", "", text)


@pytest.mark.slow
def test_the_brief_has_two_pages_and_each_finding_with_its_mark_and_its_limit_in_pdf_and_word(released):
    from pypdf import PdfReader

    folder = released["slough_ifp"]
    found = json.loads((folder / "findings.json").read_text(encoding="utf-8"))
    pages = PdfReader(folder / "brief.pdf").pages
    assert len(pages) == 2
    texts = [one_line("".join(page.extract_text() for page in pages))]
    if (folder / "brief.docx").is_file():
        with zipfile.ZipFile(folder / "brief.docx") as parts:
            document = parts.read("word/document.xml").decode()
        texts.append(one_line(BeautifulSoup(document, "xml").get_text()))
        assert document.count("<pic:pic") == 4
    for text in texts:
        assert one_line(found["sentence"]) in text
        assert all(one_line(words) in text for words in found["must_not_be_concluded"])
        for finding in found["findings"]:
            assert one_line(finding["short"]) in text
            assert one_line(finding["limit"]) in text
            assert one_line(finding["certainty"]["word"]) in text


def test_the_workbook_opens_on_the_main_figures_each_with_its_limit(released):
    from openpyxl import load_workbook

    for name in STUDIES:
        found = json.loads((released[name] / "findings.json").read_text(encoding="utf-8"))
        sheet = load_workbook(released[name] / "tables.xlsx").worksheets[0]
        assert "Synthetic data. " in sheet["A2"].value, "the file opens here, not on its cover"
        (head, *rows) = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=3)]
        assert 1 <= len(rows) <= 15
        limits = {finding["limit"] for finding in found["findings"]}
        values = [value["number"]["value"] for finding in found["findings"] for value in finding["values"]]
        for row in rows:
            told = dict(zip(head, row, strict=True))
            assert told["Value"] in values
            assert told["What it does not show"] in limits


def test_the_same_run_gives_the_same_bytes(tmp_path):
    notebooks = [ROOT / "notebooks" / "1_cohort_profile.ipynb"]
    one = run_study("slough_ifp", tmp_path / "one", notebooks=notebooks, documents=True)
    two = run_study("slough_ifp", tmp_path / "two", notebooks=notebooks, documents=True)
    names = sorted(path.relative_to(one) for path in one.rglob("*") if path.is_file())
    assert names == sorted(path.relative_to(two) for path in two.rglob("*") if path.is_file())
    assert [str(name) for name in names if (one / name).read_bytes() != (two / name).read_bytes()] == []


PART = {"notebook": "n", "shown": []}


@pytest.mark.parametrize(
    "output",
    [
        {"output_type": "stream", "name": "stdout", "text": "MB-C00001"},
        {"output_type": "execute_result", "data": {"text/plain": "MB-C00001"}, "metadata": {}},
        {"output_type": "display_data", "data": {"text/html": "<table>MB-C00001</table>"}, "metadata": {}},
        {
            "output_type": "display_data",
            "data": {"text/html": "<table>MB-C00001</table>"},
            "metadata": {"stepdown": {"kind": "table", "name": "x"}},
        },
        {"output_type": "error", "ename": "E", "evalue": "MB-C00001", "traceback": ["MB-C00001"]},
    ],
)
def test_what_no_book_showed_refuses_the_release_without_saying_what_it_was(output, tmp_path):
    with pytest.raises(Refused) as refused:
        gate([{"cell_type": "code", "outputs": [output]}], PART, tmp_path)
    assert "code cell 1" in str(refused.value)
    assert "MB-C00001" not in str(refused.value)


def test_a_chart_without_its_alternative_refuses_the_release(tmp_path):
    from stepdown.recording import mark_of

    data = {"image/png": "aGVsbG8="}
    item = {"kind": "chart", "digest": mark_of(data), "name": "x", "title": "t", "alt": " "}
    output = {"output_type": "display_data", "data": data, "metadata": {"stepdown": {"kind": "chart"}}}
    with pytest.raises(Refused, match="text alternative"):
        gate([{"cell_type": "code", "outputs": [output]}], {"notebook": "n", "shown": [item]}, tmp_path)


def test_html_in_words_is_shown_and_not_obeyed():
    assert "<script" not in in_words("<script>alert(1)</script>")
    assert "<img" not in in_words('text <img src="https://example.org/x.png"> more')


def test_headings_never_skip_a_level():
    assert heading_levels([2, 4, 4, 1, 3, 6]) == [2, 3, 4, 2, 3, 4]


def test_the_glossary_explains_the_fields_words_once():
    words = [entry["word"] for entry in glossary()]
    assert len(words) == len(set(words))
    assert {"CIN", "CP", "CLA", "step down", "spell", "window", "difference in differences"} <= set(words)


def test_an_everyday_word_is_explained_only_where_it_is_meant(released, parsed):
    """Sets of files overlap, and files are from before the programme, in another sense than the glossary's."""

    def explained(page):
        return {entry.get_text() for entry in parsed[released["slough_ifp"] / page].select("dl.glossary dt")}

    assert {"overlap", "before (period)", "family"} <= explained("3_statutory_outcomes.html")
    assert not {"overlap", "before (period)", "family"} & explained("2_case_file_review.html")


def test_facts_that_are_missing_are_left_out(tmp_path):
    folder = tmp_path / "run"
    notebooks = [ROOT / "notebooks" / "1_cohort_profile.ipynb"]
    execute(notebooks[0], folder, "study", str(ROOT / "params" / "slough_ifp.yaml"))
    from unittest import mock

    from stepdown.release import building

    with mock.patch.object(building, "write_documents", return_value=[]):
        building.build_release(folder, load_study(ROOT / "params" / "slough_ifp.yaml"), {})
    text = (folder / "release" / "index.html").read_text(encoding="utf-8")
    assert "None" not in BeautifulSoup(text, "html.parser").get_text()
    assert FACTS["run_id"] not in text


def test_in_the_pdf_and_the_word_file_each_limit_of_the_summary_stands_with_its_finding(tmp_path):
    site = Site("A study", "", "", "Nothing is hidden.", ())
    part = {
        "title": "Outcomes",
        "href": "3.html",
        "anchor": "three",
        "findings": [{"sentence": "Fewer had a plan.", "limit": "It does not show why."}],
    }
    first = study_page(site, [part], [("index.html", "Summary")], [], [])
    inner = '<h1>Outcomes</h1><ul class="findings"><li><p class="finding">Fewer had a plan.</p><p class="limit">'
    second = Page("3.html", "Outcomes", "", inner + '<a href="#finding-1">What this does not show</a></p></li></ul>')
    html = one_document(site, [first, second], datetime(2026, 1, 2, tzinfo=UTC), tmp_path)
    assert html.count("It does not show why.") == 1
    assert html.count("What this does not show") == 1, "nothing on paper can be clicked"


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("width", WIDTHS)
def test_no_cell_of_a_table_is_cut_and_no_text_is_small(visits, width):
    for file, visit in visits.items():
        cells, sizes = visit["layouts"][width]
        for caption, right, rows, moves in cells:
            assert right <= width + 0.5 or (moves and rows > 12 and width < 1280), (file.name, width, caption, right)
        assert min(sizes) >= 12.5, (file.name, width)


@pytest.mark.browser
@pytest.mark.slow
def test_a_phone_gets_the_drawing_made_for_it_and_folded_pages(released, visits):
    phone, desk = SCREENS
    for file in sorted(released["slough_ifp"].glob("[0-9]*.html")):
        visit = visits[file]
        assert visit["screens"][phone]["menu"] is False
        drawn = [made_for_a_desk for _, _, made_for_a_desk in visit["charts"]]
        assert not any(drawn), "each chart of the house has a drawing for a phone"
        assert visit["screens"][desk]["menu"]


def test_tables_and_figures_have_numbers_links_that_stay_and_a_source(parsed):
    seen = {}
    for file, soup in parsed.items():
        for exhibit in soup.select(".stepdown-table table, figure.chart"):
            number = exhibit["data-number"]
            anchor = exhibit.get("id") or exhibit.caption["id"]
            assert not re.search(r"-[0-9a-f]{6}$", anchor)
            assert soup.find("a", href=f"#{anchor}", string=f"Link to {number}")
            assert seen.setdefault((file, number), anchor) == anchor
        for figure in soup.select("figure.chart"):
            assert re.search(r"Figure \d+\.\d+\. Source: \w", figure.select_one(".source").get_text())
    assert len(seen) > 60


@pytest.mark.slow
def test_no_word_of_the_pdf_lies_outside_the_margins(report):
    reader, _, places = report
    outside = []
    for number, (page, stands) in enumerate(zip(reader.pages, places, strict=True), 1):
        width = float(page.mediabox.width)
        assert (round(width), round(float(page.mediabox.height))) == (595, 842), "A4"
        for text, left in stands:
            if text.strip() and not 40 <= left <= width - 45:
                outside.append((number, text[:30], round(left)))
    assert outside == []


def test_a_word_file_is_made_a4_and_its_wide_tables_small(tmp_path):
    from stepdown.release.word import made_a4

    file = tmp_path / "report.docx"
    table = "<w:tbl><w:tblGrid>" + '<w:gridCol w:w="800" />' * 7 + "</w:tblGrid><w:r><w:t>x</w:t></w:r></w:tbl>"
    for ending in ("", "<w:sectPr />", '<w:sectPr><w:pgSz w:w="12240" w:h="15840"/></w:sectPr>'):
        with zipfile.ZipFile(file, "w") as parts:
            parts.writestr("word/document.xml", f"<w:body><w:r><w:t>y</w:t></w:r>{table}{ending}</w:body>")
        made_a4(file)
        with zipfile.ZipFile(file) as parts:
            text = parts.read("word/document.xml").decode()
        assert re.findall(r'<w:pgSz w:w="(\d+)" w:h="(\d+)"', text) == [("11906", "16838")]
        assert sum(map(int, re.findall(r'gridCol w:w="(\d+)"', text))) > 9800
        assert text.count('<w:sz w:val="14"/>') == 1


LEAKS = re.compile(
    r"\bnotebooks?\b|\byaml\b|\.py\b|docs/|\b[a-z]+(?:_[a-z0-9]+)+\b|\bstatus (?:CIN|CP|CLA)\b|\d\d\.\d\d\.\d{4}",
    re.IGNORECASE,
)
"""Words of the workshop, which no released page may hold."""


def test_no_word_of_the_workshop_stands_on_a_released_page(parsed):
    found = {}
    for file, soup in parsed.items():
        text = soup.get_text(" ") + " ".join(image["alt"] for image in soup.find_all("img"))
        found[file.name] = {match[0] for words in (LEAKS, TRANSLATED, OTHER_NAMES) for match in words.finditer(text)}
    assert {name: words for name, words in found.items() if words} == {}


def test_the_reading_ease_of_each_page_is_said_on_it_and_not_that_of_a_statute(parsed):
    for file, soup in parsed.items():
        ease = reading_ease(" ".join(text.get_text(" ") for text in soup.select("main p, main li")))
        assert ease > 45, (file, ease)
        (said,) = [row.td.get_text() for row in soup.select("tr") if row.get_text().startswith("Reading ease of this")]
        assert int(said) == round(ease)


def test_a_point_a_child_is_shown_only_where_nothing_is_hidden(released, parsed):
    for name in STUDIES:
        page = parsed[released[name] / "3_statutory_outcomes.html"]
        strips = [image["alt"] for image in page.find_all("img") if image["alt"].startswith("Strip of points")]
        files = [file.name for file in released[name].rglob("*") if "days_of_children" in file.name]
        assert (len(strips), len(files)) == ((0, 0) if name == "millbrook" else (1, 4)), (name, files)


def test_every_table_of_a_release_has_a_title_in_words(released, parsed):
    for name in STUDIES:
        found = parsed[released[name] / "index.html"]
        named = [link.get_text() for link in found.select('a[href^="tables/"]')]
        assert len(named) > 30
        assert not [title for title in named if "one row" in title]
    assert all(title[0].isupper() and "_" not in title for title in titles().values())


def test_a_section_that_shows_nothing_is_left_out_of_its_page(tmp_path):
    """Only a section of which every output says so; where anything else is shown, its words stand."""
    from stepdown.recording import mark_of
    from stepdown.release.page import notebook_page

    def output(kind, text):
        data = {"text/markdown": text}
        shown.append({"kind": kind, "digest": mark_of(data)})
        return {"output_type": "display_data", "data": data, "metadata": {"stepdown": {"kind": kind}}}

    shown = []
    nothing, words = output("absent", "The study has no trial."), output("text", "A claim of a saving.")
    cells = [{"cell_type": "markdown", "source": "# Title"}]
    for heading, outputs in (("A trial", [nothing]), ("What was spent", [words, nothing]), ("Prose", [])):
        cells += [
            {"cell_type": "markdown", "source": f"## {heading}"},
            {"cell_type": "code", "source": "", "outputs": outputs},
        ]
    page = notebook_page({"cells": cells}, {"notebook": "9_n", "shown": shown}, Site("T", "", "", "", ()), [], tmp_path)
    headings = [heading.get_text() for heading in BeautifulSoup(page.main, "html.parser").find_all("h2")]
    assert "A trial" not in headings
    assert {"What was spent", "Prose"} <= set(headings)
    assert "The study has no trial" not in page.html
    assert "A claim of a saving" in page.html
