"""One study's run, from its empty staging folder to the whole run that appears at its name."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stepdown.params.runs import PLAN_FILE, RECORDS_FILE
from stepdown.run.folders import EVENTS, WORDS, keep_failed, publish, run_id_now, stage, write_json
from stepdown.run.jobs import Exit, Job, Outcome, Status, Trouble, exit_of, gravest
from stepdown.run.manifest import digest_for_id, facts_of, outputs_of
from stepdown.run.planning import Plan, Step

if TYPE_CHECKING:
    from stepdown.contracts import StudyRecords

_WORK = ".work"


def now() -> str:
    """Return the time in UTC, ISO 8601, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Journal:
    """Writes events to a run's run.jsonl, and in words to run.log; no record's value is in either."""

    def __init__(self, folder: Path, study: str) -> None:
        self._folder = folder / "restricted"
        self._study = study

    def event(self, event: str, words: str, **values: Any) -> None:
        """Write one event: its name and values to run.jsonl, its words to run.log."""
        at = now()
        line = {"time": at, "study": self._study, "event": event, **values}
        self._add(EVENTS, json.dumps(line, ensure_ascii=False))
        self._add(WORDS, f"{at}  {words}")

    def _add(self, name: str, line: str) -> None:
        with (self._folder / name).open("a", encoding="utf-8") as stream:
            stream.write(line + "\n")


class StudyRun:
    """Builds one run. Each notebook writes to a folder of its own, whose files are brought together when it ends.

    So it is known which notebook wrote which file, and two that write the same file are refused.
    """

    def __init__(
        self,
        plan: Plan,
        folder: Path,
        rows: Mapping[str, int],
        no_data: Mapping[str, str],
        records: StudyRecords | None = None,
    ) -> None:
        self.plan = plan
        self.folder = folder
        self.started, self._clock = now(), time.monotonic()
        self.run_id = run_id_now(digest_for_id(plan, self.started))
        self.staging = stage(folder, self.run_id)
        self.journal = Journal(self.staging, plan.subject.name)
        self.rows = rows
        self.outcomes: dict[str, Outcome] = {}
        self.files: dict[str, list[str]] = {}
        self.facts: dict[str, Any] = {}
        self._no_data = no_data
        settings = plan.subject.study.settings if plan.subject.study else None
        self._kept = self._keep(records)
        self.first_pass = settings is not None and settings.disclosure.method != "none" and bool(self.to_run())

    @property
    def name(self) -> str:
        """Name of the study."""
        return self.plan.subject.name

    def begin(self, stale_lock: str) -> list[Outcome]:
        """Note what the run is made from, and return the outcomes of the notebooks that need not run."""
        if stale_lock:
            self.journal.event("stale_lock", "took over a lock left by an earlier run", lock=stale_lock)
        self.journal.event(
            "run_started",
            f"run {self.run_id} of {self.name} started",
            run_id=self.run_id,
            inputs=len(self.plan.inputs),
            rows=dict(self.rows),
            previous=self.plan.previous.name if self.plan.previous else None,
        )
        settled = []
        for step in self.plan.steps:
            name = step.notebook.name
            status, reason = (
                (Status.NO_DATA, self._no_data[name]) if name in self._no_data else (step.status, step.reason)
            )
            if status is not None:
                if status is Status.UNCHANGED:
                    self._take_over(name)
                settled.append(self.ended(Outcome(self.name, name, status, reason=reason)))
        return settled

    def to_run(self) -> list[Step]:
        """Return the steps that have to run."""
        return [step for step in self.plan.to_run() if step.notebook.name not in self._no_data]

    def job(self, step: Step, *, isolated: bool, private: str) -> Job:
        """Return the job of one notebook."""
        subject, name = self.plan.subject, step.notebook.name
        work = self.staging / _WORK / name
        work.mkdir(parents=True)
        (work / PLAN_FILE).parent.mkdir()
        self._tell_plan(work)
        if self._kept:
            try:
                os.link(self._kept, work / RECORDS_FILE)
            except OSError:  # a file system without hard links
                shutil.copyfile(self._kept, work / RECORDS_FILE)
        limits = subject.run
        return Job(
            study=subject.name,
            notebook=name,
            file=str(step.notebook.file),
            parameters={**step.parameters, "output": str(work)} if step.notebook.takes("output") else step.parameters,
            folder=str(work),
            shown_as=f"outputs/{subject.name}/{self.run_id}",
            root=str(subject.root),
            limit_seconds=limits.notebook_minutes * 60,
            memory_bytes=int(limits.memory_gb * 1e9) if limits.memory_gb else None,
            isolated=isolated,
            private=private,
        )

    def _keep(self, records: StudyRecords | None) -> Path | None:
        """Keep the records that were read, for the notebooks of this run."""
        if records is None or self.plan.subject.study is None or not self.to_run():
            return None
        from stepdown.contracts import keep

        file = self.staging / _WORK / Path(RECORDS_FILE).name
        file.parent.mkdir()
        keep(records, self.plan.subject.study, file)
        return file

    def _tell_plan(self, work: Path) -> None:
        """Put the plan of the run where the notebook's book finds it: {} in the first pass, which shows everything."""
        plan = self.staging / PLAN_FILE
        if self.first_pass or plan.is_file():
            (work / PLAN_FILE).write_text(
                plan.read_text(encoding="utf-8") if plan.is_file() else "{}", encoding="utf-8"
            )

    def second_pass(self) -> list[Step]:
        """Begin again with the plan that the first pass gave; return the steps that have to run."""
        self.first_pass = False
        steps = self.to_run()
        for step in steps:
            del self.outcomes[step.notebook.name]
        return steps

    def without(self, outcome: Outcome) -> Outcome:
        """Leave a notebook out of the release that cannot tell its results without the numbers that are hidden.

        It ran with all its numbers in the first pass, so its analysis is whole, in the preview.
        """
        if outcome.status is not Status.FAILED or not (self.staging / PLAN_FILE).is_file():
            return outcome
        shutil.rmtree(self.staging / _WORK / outcome.notebook, ignore_errors=True)
        error = outcome.trouble.error if outcome.trouble else "an error"
        reason = f"left out of the release: it needs hidden numbers ({error}); see the preview"
        return Outcome(self.name, outcome.notebook, Status.NO_DATA, outcome.seconds, reason=reason)

    def _take_over(self, name: str) -> None:
        """Copy what the last whole run's notebook wrote: the same bytes."""
        entry = next(entry for entry in self.plan.previous_manifest["notebooks"] if entry["name"] == name)
        self.files[name] = [output["file"] for output in entry["outputs"]]
        for file in self.files[name]:
            target = self.staging / file
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(Path(str(self.plan.previous)) / file, target)

    def ended(self, outcome: Outcome) -> Outcome:
        """Take a notebook's outcome and bring its files into the run; returns the outcome as it is recorded."""
        work = self.staging / _WORK / outcome.notebook
        if work.is_dir():
            twice = self._bring_together(outcome.notebook, work)
            if twice and outcome.status is Status.OK:
                trouble = Trouble("WrittenTwice", f"another notebook had written {', '.join(twice)}")
                outcome = Outcome(self.name, outcome.notebook, Status.FAILED, outcome.seconds, trouble=trouble)
        self.outcomes[outcome.notebook] = outcome
        trouble_words = f": {worded_trouble(outcome)}" if outcome.trouble else ""
        self.journal.event(
            "notebook_ended",
            f"{outcome.notebook}: {outcome.status} in {outcome.seconds:.1f} s"
            + (f" ({outcome.reason})" if outcome.reason else "")
            + trouble_words,
            notebook=outcome.notebook,
            status=str(outcome.status),
            seconds=outcome.seconds,
            reason=outcome.reason,
            cell=outcome.cell,
            forked=outcome.forked,
            error=outcome.trouble.error if outcome.trouble else None,
        )
        return outcome

    def _bring_together(self, name: str, work: Path) -> list[str]:
        """Move a notebook's files into the run; returns those that stood there already, which stay as they were."""
        files, twice = [], []
        for lent in (PLAN_FILE, RECORDS_FILE):
            (work / lent).unlink(missing_ok=True)
        for path in sorted(work.rglob("*")):
            if not path.is_file():
                continue
            file = path.relative_to(work).as_posix()
            target = self.staging / file
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.exists():
                twice.append(file)
                continue
            os.rename(path, target)
            files.append(file)
        shutil.rmtree(work)
        self.files[name] = files
        return twice

    def complete(self) -> bool:
        """Return whether every notebook has ended."""
        return len(self.outcomes) == len(self.plan.steps)

    def whole(self) -> bool:
        """Return whether the run may be published."""
        return all(outcome.status.whole for outcome in self.outcomes.values())

    def exit(self) -> Exit:
        """Return the exit code that the notebooks' statuses ask for."""
        codes = [exit_of(outcome.status) for outcome in self.outcomes.values()]
        full = any(outcome.trouble and outcome.trouble.full_disk for outcome in self.outcomes.values())
        return gravest([*codes, Exit.NOT_WRITTEN] if full else codes)

    def prepared(self) -> dict[str, Any]:
        """Return the facts that the pages are made from: the manifest without what is made after the pages."""
        if not self.first_pass:
            shutil.rmtree(self.staging / _WORK, ignore_errors=True)
        self.facts = facts_of(self.plan, self.run_id, self.started, self.outcomes, self.files, self.staging, self.rows)
        return self.facts

    def published(self, moved: Mapping[str, Any]) -> Path:
        """Write the manifest and let the run appear at its name."""
        self.facts = {**self.facts, "moved": dict(moved)}
        self._write_manifest()
        self.journal.event("run_published", f"run {self.run_id} is whole", run_id=self.run_id)
        return publish(self.staging, self.folder, self.run_id)

    def _write_manifest(self) -> None:
        ended = {"ended": now(), "seconds": round(time.monotonic() - self._clock, 3)}
        write_json(self.staging / "manifest.json", {**self.facts, **ended, "outputs": outputs_of(self.staging)})

    def failed(self, why: str) -> Path:
        """Keep what there is for the evaluator; ``latest`` stays where it was."""
        if not self.facts and self.complete():
            self.prepared()
        shutil.rmtree(self.staging / _WORK, ignore_errors=True)
        self.journal.event("run_failed", f"run {self.run_id} is not whole: {why}", run_id=self.run_id, why=why)
        if self.facts:
            ended = {"ended": now(), "seconds": round(time.monotonic() - self._clock, 3)}
            write_json(self.staging / "failed.json", {**self.facts, **ended})
        return keep_failed(self.staging, self.folder, self.run_id)

    def abandoned(self) -> None:
        """Leave nothing behind."""
        shutil.rmtree(self.staging, ignore_errors=True)


def worded_trouble(outcome: Outcome) -> str:
    """Return a notebook's trouble in one line."""
    if outcome.trouble is None:
        return ""
    cell = f"in code cell {outcome.cell}, " if outcome.cell else ""
    first = outcome.trouble.message.splitlines()[0] if outcome.trouble.message else ""
    return f"{cell}{outcome.trouble.error}" + (f": {first}" if first else "")
