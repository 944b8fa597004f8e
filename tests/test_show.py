"""How numbers, tables and charts are shown: house rules for the reader, judged by reading what comes out."""

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from stepdown.disclosure import clear
from stepdown.numbers import as_pounds, as_shown, joined, written
from stepdown.params import DisclosurePolicy
from stepdown.show import Figure, charts, review_charts, style, table_html, table_text
from stepdown.tables import AggregateTable, Column, Role

POLICY = DisclosurePolicy(method="suppress")


@pytest.fixture
def cleared():
    frame = pd.DataFrame(
        {
            "group": ["A <b>", "A <b>", "B", "B"],
            "period": ["before", "after"] * 2,
            "children": [1200, 3, 40, 50],
            "cost": [-307335.4, 12.0, np.nan, 0.4],
        }
    )
    columns = {
        "group": Column("Group", Role.KEY),
        "period": Column("Period", Role.KEY),
        "children": Column("Number", Role.COUNT, "children", 0),
        "cost": Column("Net cost", Role.OPEN, "£", 0),
    }
    return clear(AggregateTable("t", "group and period", frame, columns), POLICY)


@pytest.mark.parametrize(
    ("value", "unit", "decimals", "shown"),
    [
        (-307335, "£", 0, "−£307,335"),
        (1234567.891, "", 1, "1,234,567.9"),
        (2.5, "", 0, "3"),
        (-0.4, "", 0, "0"),
        (2.675, "", 2, "2.68"),
        (30.76, "%", 1, "30.8%"),
        (0.0001, "p", 3, "<0.001"),
        (12.0, "", None, "12"),
        (0.125, "", None, "0.125"),
        (None, "", 0, ""),
        (True, "", None, "yes"),
        (pd.Timestamp("2019-05-31"), "", None, "31 May 2019"),
        ("CIN", "", None, "CIN"),
    ],
)
def test_a_number_is_written_as_the_house_writes_it(value, unit, decimals, shown):
    assert as_shown(value, Column("x", Role.DERIVED, unit, decimals)) == shown


def test_numbers_in_sentences():
    assert as_pounds(-559468.2) == "−£559,468"
    assert as_pounds(float("nan")) == "an amount not shown"
    assert written(1, "child", "children") == "one child"
    assert written(0, "child", "children") == "no children"
    assert written(1234, "child", "children") == "1,234 children"
    assert written(float("nan"), "child", "children") == "a small number of children"
    assert joined(["a", "b", "c"]) == "a, b and c"


def test_a_table_is_semantic_and_explains_its_symbols(cleared):
    soup = BeautifulSoup(table_html(cleared, "What it shows", ["A note."]), "html.parser")
    assert soup.caption.get_text() == "What it shows"
    assert [th["scope"] for th in soup.thead.find_all("th")] == ["col"] * 4
    assert all(th["scope"] == "row" for th in soup.tbody.find_all("th"))
    assert len(soup.tbody.find_all("th")) == 8
    cells = [td.get_text() for td in soup.find_all("td", class_="num")]
    assert cells == ["1,200", "−£307,335", "[c]", "£12", "40", "[z]", "50", "£0"]
    assert soup.find("abbr", string="[c]")["title"].startswith("a number of 5 or fewer")
    notes = soup.find(class_="table-notes").get_text()
    assert "[c]: a number of 5 or fewer" in notes
    assert "A note." in notes
    assert soup.find("b") is None, "text of the data is shown, not obeyed"
    region = soup.find(attrs={"role": "region"})
    assert region["tabindex"] == "0"
    assert soup.find(id=region["aria-labelledby"]) is not None


def test_before_and_after_share_their_headings(cleared):
    soup = BeautifulSoup(table_html(cleared.spread("period"), "What it shows", folded=True), "html.parser")
    upper, lower = soup.thead.find_all("tr")
    assert [(th.get_text(), th.get("colspan"), th.get("rowspan")) for th in upper.find_all("th")] == [
        ("Group", None, "2"),
        ("Before", "2", None),
        ("After", "2", None),
    ]
    assert [th.get_text() for th in lower.find_all("th")] == ["Number (children)", "Net cost"] * 2
    assert soup.find("details", class_="behind").summary.get_text() == "Figures behind this chart"


def test_only_cleared_tables_are_shown(cleared):
    for wrong in (cleared.frame, AggregateTable("t", "x", pd.DataFrame(), {}), "text"):
        with pytest.raises(TypeError):
            table_html(wrong, "caption")
        with pytest.raises(TypeError):
            table_text(wrong, "caption")
        with pytest.raises(TypeError):
            charts.bars(wrong, category="group", value="children", title="t")
    with pytest.raises(ValueError, match="caption"):
        table_html(cleared, "  ")


def test_a_chart_says_its_numbers_hides_what_is_hidden_and_has_the_same_bytes(cleared):
    def draw():
        return charts.bars(cleared, category="group", value="children", series="period", title="More after than before")

    one, two = draw(), draw()
    assert one.png() == two.png() == one.png()
    assert one.svg() == two.svg() == one.svg()
    assert "before 1,200, after [c]" in one.alt
    assert b"<dc:date>" not in one.svg()
    assert b"matplotlib" not in one.png().lower()


def test_a_chart_without_words_is_not_finished():
    fig, axes = style.new_figure()
    with pytest.raises(ValueError, match="alt"):
        style.finished(fig, axes, title="t", alt=" ")
    with pytest.raises(ValueError, match="title"):
        Figure(fig=fig, alt="a", title="")


def test_colours_of_periods_groups_and_statuses_differ_in_lightness():
    def lightness(colour):
        red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    assert abs(lightness(style.SERIES[0]) - lightness(style.SERIES[1])) > 0.2
    assert abs(lightness(style.PERIODS["before"]) - lightness(style.PERIODS["after"])) > 0.4
    ladder = [lightness(style.LADDER[status]) for status in ("none", "CIN", "CP", "CLA")]
    assert all(a - b > 0.12 for a, b in zip(ladder, ladder[1:], strict=False))


def test_the_house_style_leaves_matplotlibs_settings_as_they_were():
    import matplotlib as mpl

    before = mpl.rcParams["font.size"], mpl.rcParams["svg.hashsalt"]
    style.new_figure()
    assert (mpl.rcParams["font.size"], mpl.rcParams["svg.hashsalt"]) == before


@pytest.mark.parametrize(("inches", "longest"), [(style.NARROW_INCHES, 29), (style.WIDTH_INCHES, 56)])
def test_no_line_above_a_bar_is_wider_than_the_drawing_has_room_for(inches, longest):
    heading, item = (
        "Intensity and consistency of practitioner work",
        "The victim was told of the risks by her practitioner",
    )
    rows = pd.DataFrame({"heading": heading, "item": [item, "Seen"], "subset": "during"})
    before = style._width.set(inches)
    try:
        bars, texts = review_charts._laid_out(rows)
    finally:
        style._width.reset(before)
    assert [" ".join(text.split("\n")) for _, text, _ in texts] == [heading, item, "Seen"]
    assert max(len(line) for _, text, _ in texts for line in text.split("\n")) <= longest
    tops = [(at - 0.5 * (1 + text.count("\n")), at) for at, text, _ in texts]
    bottoms = [at + 0.3 for at, _ in bars]
    assert all(low >= bottom or high <= bottom for low, high in tops for bottom in bottoms), "a line lies on a bar"
