"""What Word needs beyond the converter: A4, columns as wide as their content, numbers to the right, smaller type."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Any

_A4 = (
    '<w:pgSz w:w="11906" w:h="16838"/>'
    '<w:pgMar w:top="1134" w:right="1020" w:bottom="1134" w:left="1020" w:header="567" w:footer="567" w:gutter="0"/>'
)
_TEXT_WIDTH = 11906 - 2 * 1020
_SIZES = ((4, 18), (6, 16), (8, 14), (99, 12))
"""Most columns of a table, and its type in half points."""

_LONGEST_WORD, _LONGEST_LINE = 16, 30


def set_widths(table: Any) -> None:
    """Give each column of a table a width by its content and set its numbers to the right, in place."""
    from bs4 import BeautifulSoup

    rows = [row.find_all(["th", "td"]) for row in table.select("tbody tr")]
    if not rows:
        return
    for cell in table.select(".num"):
        cell["align"] = "right"
    heads = table.select("thead tr:first-child th:not(.over)"), table.select("thead tr + tr th")
    words = [_needed(column) for column in zip(*rows, strict=True)]
    if not heads[1]:
        words = [max(own, _needed([head])) for own, head in zip(words, heads[0], strict=True)]
    share = "".join(f'<col width="{100 * own / sum(words):.1f}%">' for own in words)
    table.caption.insert_after(BeautifulSoup(f"<colgroup>{share}</colgroup>", "html.parser"))


def _needed(cells: Any) -> int:
    """Return how many letters a column needs: its longest word, and more where its lines are long."""
    texts = [cell.get_text() for cell in cells]
    word = max((len(part) for text in texts for part in text.split()), default=1)
    line = max(map(len, texts), default=1)
    return max(min(word, _LONGEST_WORD), min(line, _LONGEST_LINE) * 2 // 3, 5) + 2


def made_a4(file: Path) -> None:
    """Set the pages of a Word file to A4, repeat the headings of its tables, and set smaller type in wide ones."""
    with zipfile.ZipFile(file) as parts:
        content = [(part, parts.read(part)) for part in parts.infolist()]
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as parts:
        for part, data in content:
            if part.filename == "word/document.xml":
                data = _document(data.decode()).encode()
            parts.writestr(part, data)


def _document(xml: str) -> str:
    xml = re.sub(r"<w:pgSz[^>]*/>|<w:pgMar[^>]*/>", "", xml)
    xml, sections = re.subn(r"</w:sectPr>", f"{_A4}</w:sectPr>", xml)
    if not sections:
        xml = re.sub(r"<w:sectPr[^>]*/>", f"<w:sectPr>{_A4}</w:sectPr>", xml)
        xml = xml if _A4 in xml else xml.replace("</w:body>", f"<w:sectPr>{_A4}</w:sectPr></w:body>")
    return re.sub(r"<w:tbl>.*?</w:tbl>", _small_type, xml, flags=re.DOTALL)


def _small_type(table: re.Match[str]) -> str:
    columns = [int(width) for width in re.findall(r'<w:gridCol w:w="(\d+)"', table[0])]
    size = next(size for most, size in _SIZES if len(columns) <= most)
    look = f'<w:sz w:val="{size}"/>'
    wider = _TEXT_WIDTH / max(sum(columns), 1)
    text = re.sub(r'(<w:gridCol w:w=")(\d+)', lambda found: f"{found[1]}{int(int(found[2]) * wider)}", table[0])
    text = re.sub(r"<w:r><w:rPr>", f"<w:r><w:rPr>{look}", text)
    return re.sub(r"<w:r>(?!<w:rPr>)", f"<w:r><w:rPr>{look}</w:rPr>", text)
