"""The released pages: executed notebooks and what their books recorded, as HTML that anybody can read.

words: Markdown, headings and the glossary.  outputs: the gate that lets only a book's outputs through.
page: a notebook's page and the study's first page.  spreadsheet: tables.xlsx.  portable: PDF and Word.
"""
