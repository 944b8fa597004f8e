"""A small audit tool and a short way to write answers, for the tests of the case-file review."""

import pandas as pd
from stepdown.params import build
from stepdown.params.review import AuditTool

SMALL_TOOL = {
    "title": "A small audit tool",
    "source": "made for the tests",
    "guidance": ["Read the whole file."],
    "responses": {"yes": "Yes", "partial": "Partly", "no": "No", "not_applicable": "Not applicable"},
    "meanings": {"yes": "all", "partial": "some", "no": "none", "not_applicable": "cannot arise"},
    "frameworks": [
        {
            "code": "outcomes",
            "name": "Outcomes",
            "cells": [
                {"code": "risk", "name": "Less risk", "source": "made up"},
                {"code": "care", "name": "Less care", "source": "made up"},
                {"code": "money", "name": "Value for money", "source": "made up"},
            ],
        }
    ],
    "items": [
        {
            "item_id": "safer",
            "item": "The child was safer",
            "question": "Was the child safer?",
            "heading": "Risk",
            "serves": ["risk"],
        },
        {
            "item_id": "holistic",
            "item": "Support was holistic",
            "question": "Was support holistic?",
            "heading": "Family",
            "not_applicable": False,
        },
        {
            "item_id": "attended",
            "item": "A parent attended",
            "question": "Did a parent attend?",
            "heading": "Use",
            "partial": False,
        },
    ],
}


def small_tool():
    return build(SMALL_TOOL, AuditTool, where="small tool")


def answers_frame(rows, hub=()):
    """Return case_files from (file_id, period, item_id, response, reviewer_id); ``hub``: file ids in the Hub."""
    frame = pd.DataFrame(rows, columns=["file_id", "period", "item_id", "response", "reviewer_id"])
    frame.insert(2, "in_hub", frame["file_id"].isin(list(hub)).astype("boolean"))
    return frame
