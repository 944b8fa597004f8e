"""Words the settings of a study as a document (docs/settings.md is generated from here)."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from stepdown.params.study import StudySettings

HEAD = """# Every setting of a study's parameter file

Generated from the models in lib/stepdown/params by `make documents`; do not edit it here.
[your_own_data.md](your_own_data.md) has a whole file to begin from. A setting without a default is required.
A name that is not listed here is refused.
"""


def settings_markdown() -> str:
    """Return all settings of a study as Markdown: one section per part of the file, one row per setting."""
    return "\n".join([HEAD, *(_section(place, model) for place, model in _models("", StudySettings, set()))])


def _models(place: str, model: type[BaseModel], seen: set[type[BaseModel]]) -> Iterator[tuple[str, type[BaseModel]]]:
    """Yield each model with the place where it first stands, from the outside in."""
    seen.add(model)
    yield place, model
    for name, field in model.model_fields.items():
        for inner in _models_in(field.annotation):
            if inner not in seen:
                yield from _models(f"{place}.{name}".strip("."), inner, seen)


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for part in get_args(annotation) for found in _models_in(part)]


def _section(place: str, model: type[BaseModel]) -> str:
    about = re.sub(r":\w+:`~?\.?([\w.]+)`", r"\1", inspect.getdoc(model) or "").replace("``", "`")
    lines = [f"## {place or 'The file as a whole'}", "", about, "", "| Setting | Value | Default |", "|---|---|---|"]
    for name, field in sorted(model.model_fields.items(), key=lambda item: item[0] not in model.__annotations__):
        lines.append(f"| {name} | {holds(field.annotation)} | {_default(field)} |")
    return "\n".join([*lines, ""])


def holds(annotation: Any) -> str:
    """Return in words what a setting of that type holds."""
    plain = {str: "text", int: "whole number", float: "number", bool: "true or false", type(None): "nothing"}
    if annotation in plain:
        return plain[annotation]
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return ", ".join(f"`{part}`" for part in parts)
    if origin in (Union, UnionType):
        return " or ".join(holds(part) for part in parts if part is not type(None))
    if origin is tuple:
        return f"list of: {holds(parts[0])}"
    if origin is dict:
        return f"{holds(parts[0])} → {holds(parts[1])}"
    if hasattr(annotation, "__metadata__"):
        described = (getattr(item, "description", None) for item in annotation.__metadata__)
        return next(filter(None, described), None) or holds(parts[0])
    if _models_in(annotation):
        return "settings of its own"
    return str(getattr(annotation, "__name__", annotation))


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "must be given"
    value = field.get_default(call_default_factory=True, validated_data={})
    if isinstance(value, BaseModel):
        return "its own defaults"
    if value is None or value in ("", (), {}):
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple | dict):
        shown = value if isinstance(value, tuple) else tuple(f"{k}: {v}" for k, v in value.items())
        return (
            ", ".join(str(item) for item in shown)
            if not any(isinstance(i, BaseModel) for i in shown)
            else "see the text"
        )
    return str(value)
