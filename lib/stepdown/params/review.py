"""The case-file review of a study: its audit tool, its sample and how the answers are scored."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from stepdown.params.base import ProjectPath, Settings, Text

Response = Literal["yes", "partial", "no", "not_applicable"]
"""What a reviewer can answer, from full evidence to none; not_applicable leaves the file out of the item."""

Subset = Literal["before", "during", "during_hub", "during_other"]
"""before, during: all files of a period.  during_hub, during_other: the two parts of ``during``."""

Cut = Literal["full", "any"]
"""full: only "yes" counts as evidence.  any: "yes" and "partial" both count."""

Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
"""A code that tables and files carry: small letters, digits and underscores."""


class Cell(Settings):
    """One practice feature or outcome of a framework; ``source`` says where its name stands."""

    code: Code
    name: Text
    source: Text


class Framework(Settings):
    """A list of practice features or outcomes that audit items and other evidence serve."""

    code: Code
    name: Text
    cells: tuple[Cell, ...] = Field(min_length=1)


class AuditItem(Settings):
    """One question that the reviewer answers for each file.

    item: the statement that tables and charts print.  question: what the workbook asks.
    look_for: guidance to the reviewer.  heading: what the item is grouped under (its main practice feature or
    outcome).  serves: codes of the framework cells that it is evidence for.
    partial, not_applicable: whether these two answers are offered.
    """

    item_id: Code
    item: Text
    question: Text
    heading: Text
    serves: tuple[Code, ...] = ()
    look_for: str = ""
    partial: bool = True
    not_applicable: bool = True

    def answers(self) -> tuple[Response, ...]:
        """Return the answers that the item allows, in the order of the scale."""
        offered: dict[Response, bool] = {
            "yes": True,
            "partial": self.partial,
            "no": True,
            "not_applicable": self.not_applicable,
        }
        return tuple(code for code, kept in offered.items() if kept)


class AuditTool(Settings):
    """The audit tool: what is asked of each file, in which words, and what each question is evidence for.

    responses: what each answer is called in the workbook.  guidance: lines for the reviewer, printed first.
    """

    title: Text
    source: Text
    guidance: tuple[Text, ...] = Field(min_length=1)
    responses: dict[Response, Text]
    meanings: dict[Response, Text]
    frameworks: tuple[Framework, ...] = ()
    items: tuple[AuditItem, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        for what, names in {
            "item_id": [item.item_id for item in self.items],
            "question": [item.question for item in self.items],
            "framework cell": list(self.cells()),
            "answer": list(self.responses.values()),
        }.items():
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise ValueError(f"each {what} must appear once; these appear twice: {', '.join(twice)}")
        if any("," in name or name != name.strip() for name in self.responses.values()):
            raise ValueError("responses: an answer has no comma, and no space at its ends (drop-down lists break)")
        if sum(map(len, self.responses.values())) > 200:
            raise ValueError("responses: the answers together cannot be longer than 200 characters (Excel's limit)")
        unknown = {code for item in self.items for code in item.serves} - set(self.cells())
        if unknown:
            raise ValueError(f"items serve framework cells that are not listed: {', '.join(sorted(unknown))}")
        for name, named in {"responses": self.responses, "meanings": self.meanings}.items():
            missing = {code for item in self.items for code in item.answers()} - set(named)
            if missing:
                raise ValueError(f"{name} must name every answer; these are missing: {', '.join(sorted(missing))}")
        return self

    def cells(self) -> list[str]:
        """Return the codes of all framework cells, in order."""
        return [cell.code for framework in self.frameworks for cell in framework.cells]

    def item_ids(self) -> list[str]:
        """Return the item ids, in the order of the tool."""
        return [item.item_id for item in self.items]


class Comparison(Settings):
    """Two subsets of files that are set against each other; they may not share a file."""

    earlier: Subset
    later: Subset


class OtherEvidence(Settings):
    """Evidence on a framework cell from elsewhere than the case files (interviews, outcomes, costs)."""

    serves: Code
    says: Text
    source: Text


class Stratum(Settings):
    """One stratum of the sample: the files whose register columns hold ``where``, and how many to draw.

    double_coded: how many of the drawn files two reviewers read.
    """

    name: Text
    where: dict[str, str] = Field(min_length=1)
    files: int = Field(ge=1)
    double_coded: int = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _not_more_than_drawn(self) -> Self:
        if self.double_coded > self.files:
            raise ValueError(f"stratum {self.name}: {self.double_coded} double-coded of {self.files} files")
        return self


class SamplePlan(Settings):
    """How the files are drawn from the register and shared among the reviewers.

    register: CSV with one row per file (file_id, period and, where it applies, in_hub, and any stratum column).
    folder: where the sample, the reviewers' workbooks and the collected answers are kept; not for release.
    """

    register_file: ProjectPath
    folder: ProjectPath
    reviewers: tuple[Code, ...] = Field(min_length=1)
    strata: tuple[Stratum, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if len(set(self.reviewers)) < len(self.reviewers):
            raise ValueError("each reviewer must appear once")
        if len(self.reviewers) < 2 and any(stratum.double_coded for stratum in self.strata):
            raise ValueError("double coding needs two reviewers")
        return self


class ReviewSettings(Settings):
    """The case-file review of a study.

    audit_tool: YAML of the tool.  subsets: subset → label, in the order of the tables; ``periods`` is what the two
    periods are called in a sentence.  comparisons: pairs of subsets.
    prespecified: the items whose tests are corrected together (Holm), at the cut ``main_cut``.
    split_unknown: items of which only the sum of full and partial evidence is known; their split is not shown.
    only_items: subset → the items that are known for it, where these are not all.
    when_reviewers_differ: which of two answers counts for the file (lower: the weaker evidence);
    agreed_by: reviewer_id of answers agreed after discussion, which count before any other.
    agreement_weights: weights of AC2 and kappa.  min_double_coded: fewer files get a warning beside their agreement.
    """

    audit_tool: ProjectPath
    subsets: dict[Subset, Text] = {"before": "Before the programme", "during": "During the programme"}
    comparisons: tuple[Comparison, ...] = (Comparison(earlier="before", later="during"),)
    main_cut: Cut = "any"
    prespecified: tuple[Code, ...] = ()
    prespecified_note: str = ""
    split_unknown: tuple[Code, ...] = ()
    only_items: dict[Subset, tuple[Code, ...]] = Field(default_factory=dict)
    when_reviewers_differ: Literal["lower", "higher"] = "lower"
    agreed_by: str | None = None
    agreement_weights: Literal["linear", "quadratic"] = "linear"
    min_double_coded: int = Field(default=10, ge=2)
    bootstrap_draws: int = Field(default=2000, ge=100, le=100_000)
    confidence: float = Field(default=0.95, ge=0.95, le=0.95)
    other_evidence: tuple[OtherEvidence, ...] = ()
    sample: SamplePlan | None = None

    @model_validator(mode="after")
    def _compares_what_it_has(self) -> Self:
        wanted = {name for pair in self.comparisons for name in (pair.earlier, pair.later)}
        if not wanted <= set(self.subsets):
            raise ValueError(
                f"comparisons name subsets without a label: {', '.join(sorted(wanted - set(self.subsets)))}"
            )
        return self
