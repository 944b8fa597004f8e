"""What readers get of a run: pages, spreadsheet, PDF and Word, from what the books recorded.

building: the whole release.  page: a notebook's page, the first page, and the gate that lets only a book's outputs
through.  words: Markdown, headings, the glossary.  spreadsheet: tables.xlsx.  portable: PDF and Word.
moved: what changed since the last run.
"""
