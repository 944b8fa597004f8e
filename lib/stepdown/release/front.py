"""The page over all studies, from what each release says it found; light, as every run ends with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from stepdown.measures import measured
from stepdown.params.data import SYNTHETIC

FINDINGS = "findings.json"
"""Every headline finding of a release, in JSON: the same objects as on its pages."""

FRONT = {
    "Evaluations": ("study", ""),
    "Monitoring": ("monitoring",),
    "Councils beside others": ("area",),
    "Checks of published figures": ("check", "case"),
}
"""The parts of the page over all studies, in order, and the kinds of study that stand in each."""

_SHORT = {"referred_again": "referral", "net_cost": "net cost"}


def _called(topic: str) -> str:
    words = measured(topic.removeprefix("moved ").removeprefix("headline ")).label.replace(" at 31 March", "")
    return words if words[:2].isupper() or not topic.startswith("moved ") else words[0].lower() + words[1:]


def read_findings(release: Path) -> dict[str, Any]:
    """Return what a release says it found; {} for one without."""
    file = release / FINDINGS
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return found


def front_card(name: str, run: Path, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the page over all studies says of one.  run: folder of its last run, with its manifest."""
    found, settings = read_findings(run / "release"), manifest.get("parameters", {}).get("resolved", {})
    moved = manifest.get("moved", {})
    same = bool(moved.get("previous_run")) and not (moved.get("cells") or moved.get("rows") or moved.get("tables"))
    told = "nothing moved since the last run" if same else str(found.get("moved", ""))
    marks = [
        {
            "what": _SHORT.get(item["topic"]) or _called(item["topic"]),
            "word": item["certainty"]["word"],
            "circles": "●" * item["certainty"]["circles"] + "○" * (5 - item["certainty"]["circles"]),
        }
        for item in found.get("findings", ())[:3]
        if item["certainty"]
    ]
    return {
        "name": name,
        "kind": found.get("kind", ""),
        "title": str(manifest.get("title", name)),
        "synthetic": settings.get("data", {}).get("synthetic") or settings.get("notice", "").startswith(SYNTHETIC),
        "started": datetime.fromisoformat(str(manifest["started"])),
        "sentence": found.get("sentence", ""),
        "about": found.get("about", ""),
        "marks": marks,
        "moved": told,
        "has_moved": bool(moved.get("previous_run")) and not same,
    }
