"""``stepdown run``: checks everything first, runs all notebooks side by side, and publishes runs that are whole."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from stepdown.params.runs import FILES
from stepdown.run.folders import Locked, held
from stepdown.run.jobs import Exit, Lost, Outcome, Status, gravest
from stepdown.run.planning import Plan, Request, Step, changed_since, folder_of, plans_of, rows_and_gaps
from stepdown.run.reporting import Progress, ending_lines, failure_lines, write_front_page
from stepdown.run.study_run import StudyRun
from stepdown.run.workers import Executor, LocalProcesses

if TYPE_CHECKING:
    from stepdown.run.finishing import PagesTask

_RELEASE_SECONDS = 600.0
_GRACE_SECONDS = 20.0
_MOST_NAMED = 5
_ENDING = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
_KEPT = "Studies not yet published keep their last run."
_CANNOT_WRITE = {errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS, errno.EFBIG, errno.EIO}


class Stopped(BaseException):
    """The runner was asked to end by a signal; no Exception, so that nothing takes it for a fault of its own."""


class _Signals:
    """What asks the runner to end: raised where it arrives, and at the next turn should it be lost there.

    Python drops what is raised in a callback (``__del__``, a weak reference's), and a library may raise another error
    in its place. What comes while the runner clears away is passed over: it would cut that short.
    """

    def __init__(self) -> None:
        self.asked: Exit | None = None
        self.over = False

    def hear(self, stack: contextlib.ExitStack) -> None:
        """Take the signals until the stack is left, but for those that are to be ignored (``nohup``)."""
        for number in _ENDING:
            before = signal.getsignal(number)
            if before not in (signal.SIG_IGN, None):  # None: not Python's
                stack.callback(signal.signal, number, before)
                signal.signal(number, self)

    def __call__(self, number: int, _: FrameType | None) -> None:
        if self.asked is None and not self.over:
            self.asked = Exit.INTERRUPTED if number == signal.SIGINT else Exit.TERMINATED
            raise Stopped

    def check(self) -> None:
        """Raise Stopped if the runner was asked to end."""
        if self.asked is not None:
            raise Stopped


@dataclass(slots=True)
class _Session:
    """Everything that one command holds while it works."""

    request: Request
    progress: Progress
    executor: Executor
    local: LocalProcesses
    private: str
    studies: dict[str, StudyRun] = field(default_factory=dict)
    codes: list[Exit] = field(default_factory=list)
    jobs: dict[str, Any] = field(default_factory=dict)
    made: list[Path] = field(default_factory=list)


def run(request: Request, progress: Progress) -> Exit:
    """Run every study of the request; returns the exit code. Raises Refused before anything has begun."""
    signals = _Signals()
    with contextlib.ExitStack() as stack:
        try:
            signals.hear(stack)
            return _run(plans_of(request), request, progress, stack, signals)
        except BaseException as error:
            if signals.asked is not None:
                by = "Stopped by Ctrl-C" if signals.asked is Exit.INTERRUPTED else "Ended by a signal"
                progress.say(f"{by}. {_KEPT}")
                return signals.asked
            if not isinstance(error, OSError) or error.errno not in _CANNOT_WRITE:
                raise
            progress.say(f"Cannot write: {error.strerror}: {error.filename or 'the run folder'}. {_KEPT}")
            return Exit.NOT_WRITTEN
        finally:
            signals.over = True


def _run(
    plans: Sequence[Plan], request: Request, progress: Progress, stack: contextlib.ExitStack, signals: _Signals
) -> Exit:
    session = stack.enter_context(_session(request, progress, any(plan.to_run() for plan in plans)))
    read = {plan.subject.name: rows_and_gaps(plan) for plan in plans}  # every study's data before any run begins
    for plan in plans:
        folder = folder_of(plan.subject, request)
        try:
            stale = stack.enter_context(held(folder))
            study = StudyRun(plan, folder, *read.pop(plan.subject.name))
        except Locked as locked:
            progress.say(str(locked))
            session.codes.append(Exit.LOCKED)
            continue
        session.studies[study.name] = study
        stack.callback(_abandon, session, study.name)
        for outcome in study.begin(stale):
            progress.ended(outcome)
    _submit(session)
    for study in list(session.studies.values()):
        if study.complete():
            _pages(session, study)
    _work(session, signals)
    _last_words(session)
    return gravest(session.codes)


@contextlib.contextmanager
def _session(request: Request, progress: Progress, needed: bool) -> Iterator[_Session]:
    """Hold the workers and their private folder; whatever happens, they end with the command."""
    private = tempfile.mkdtemp(prefix=f"stepdown-{os.getpid()}-", dir=_short_place())
    try:
        with contextlib.ExitStack() as stack:
            local = LocalProcesses(
                request.workers, private, warm=needed and not request.isolated and not request.cluster
            )
            stack.callback(local.stop)
            executor: Executor = local
            if request.cluster:
                from stepdown.run.cluster import DaskCluster

                executor = DaskCluster(request.cluster)
                stack.callback(executor.stop)
            yield _Session(request, progress, executor, local, private)
    finally:
        shutil.rmtree(private, ignore_errors=True)


def _short_place() -> str | None:
    """Return a folder with a short path (a socket's path holds 107 bytes); sweeps what killed runners left there."""
    place = Path(tempfile.gettempdir())
    for left in place.glob("stepdown-*-*") if Path("/proc/self").exists() else ():
        number = left.name.split("-")[1]
        with contextlib.suppress(OSError):  # another runner may be sweeping too
            if number.isdecimal() and not Path(f"/proc/{number}").exists() and left.stat().st_uid == os.getuid():
                shutil.rmtree(left, ignore_errors=True)
    return str(place)


def _submit(session: _Session) -> None:
    """Send all notebooks of all studies: those that took longest in the last run first."""
    _send(session, [(study, step) for study in session.studies.values() for step in study.to_run()])


def _send(session: _Session, steps: Sequence[tuple[StudyRun, Step]]) -> None:
    waiting = []
    for study, step in steps:
        before = {entry["name"]: entry["seconds"] for entry in study.plan.previous_manifest.get("notebooks", [])}
        job = study.job(step, isolated=session.request.isolated, private=session.private)
        waiting.append((-float(before.get(job.notebook, 0.0)), f"{job.study} {job.notebook}", job))
    if waiting:
        from stepdown.run.executing import run_notebook

        for _, name, job in sorted(waiting, key=lambda item: item[0]):
            session.jobs[name] = job
            grace = _GRACE_SECONDS if job.isolated else 0.0  # a kernel's own client ends it first, and says where
            session.executor.submit(name, run_notebook, job, job.limit_seconds + grace)


def _work(session: _Session, signals: _Signals) -> None:
    """Take results as they come, until nothing is at work."""
    open_ends = list(session.studies.values())
    while any(study.name in session.studies for study in open_ends):
        signals.check()
        for executor in {id(session.executor): session.executor, id(session.local): session.local}.values():
            done = executor.next_done(0.1)
            if done is None:
                continue
            name, result = done
            if name.startswith("pages of "):
                _finish(session, session.studies[name.removeprefix("pages of ")], result)
            elif name.startswith("disclosure of "):
                _planned(session, session.studies[name.removeprefix("disclosure of ")], result)
            else:
                _notebook_ended(session, name, result)
        at_work = {*session.executor.running(), *session.local.running()}
        session.progress.working(sorted(at_work))


def _notebook_ended(session: _Session, name: str, result: Any) -> None:
    from stepdown.run.executing import lost_outcome

    job = session.jobs.pop(name)
    outcome: Outcome = lost_outcome(job, result) if isinstance(result, Lost) else result
    study = session.studies[job.study]
    step = next(step for step in study.plan.steps if step.notebook.name == job.notebook)
    outcome = study.ended(outcome.because(step.reason) if outcome.status is Status.OK else study.without(outcome))
    session.progress.ended(outcome)
    if outcome.status is not Status.OK:
        for line in failure_lines(outcome):
            session.progress.say(line)
    if study.complete():
        _pages(session, study)


def _pages(session: _Session, study: StudyRun) -> None:
    """Make the pages of a study whose notebooks have all ended well, in a worker; keep the others for the evaluator."""
    if not study.whole():
        kept = study.failed(
            "; ".join(f"{o.notebook}: {o.status}" for o in study.outcomes.values() if not o.status.whole)
        )
        del session.studies[study.name]
        session.codes.append(study.exit())
        session.progress.say(
            f"  {study.name}: not published; the notebooks of this run are in {_shown(kept)}/restricted"
        )
        return
    from stepdown.run.finishing import make_pages, make_plan

    task = pages_task(study, session.request)
    if study.first_pass:
        session.local.submit(f"disclosure of {study.name}", make_plan, task, _RELEASE_SECONDS, next_up=True)
    elif study.to_run():  # pages are not left for the end, when there is nothing to do beside them
        session.local.submit(f"pages of {study.name}", make_pages, task, _RELEASE_SECONDS, next_up=True)
    else:  # a process of its own would take longer than the work
        _finish(session, study, make_pages(task))


def pages_task(study: StudyRun, request: Request) -> PagesTask:
    """Return what is needed to make the plan or the pages of a study whose notebooks have all ended."""
    from stepdown.run.finishing import PagesTask

    subject, plan = study.plan.subject, study.plan
    return PagesTask(
        folder=study.staging,
        root=subject.root,
        title=subject.title,
        study=subject.study,
        run=subject.run,
        facts=study.prepared(),
        previous=plan.previous,
        previous_inputs={item["file"]: item["sha256"] for item in plan.previous_manifest.get("inputs", [])},
        pages=request.pages,
        formats=request.formats or subject.run.formats,
    )


def _planned(session: _Session, study: StudyRun, result: Any) -> None:
    """Run a study's notebooks again, now that it is known what may be shown of all their tables together."""
    if isinstance(result, Lost) or result.trouble:
        _finish(session, study, result)
        return
    for message in result.messages:
        session.progress.say(f"      {message}")
    _send(session, [(study, step) for step in study.second_pass()])


def _finish(session: _Session, study: StudyRun, result: Any) -> None:
    changed = changed_since(study.plan)
    if changed:
        files = ", ".join(changed[:_MOST_NAMED]) + (" and others" if len(changed) > _MOST_NAMED else "")
        kept = study.failed(f"changed while the notebooks ran: {files}")
        session.codes.append(Exit.REFUSED)
        session.progress.say(
            f"  {study.name}: not published: {files} changed while the notebooks ran, so it is not known what "
            f"they read. Run again when nothing is writing there; this run is in {_shown(kept)}"
        )
        del session.studies[study.name]
        return
    if isinstance(result, Lost) or result.trouble:
        why = "the process that made the pages ended" if isinstance(result, Lost) else result.trouble
        kept = study.failed(f"the pages could not be made: {why}")
        session.codes.append(Exit.NOT_WRITTEN if not isinstance(result, Lost) and result.full_disk else Exit.UNFORESEEN)
        session.progress.say(f"  {study.name}: not published: the pages could not be made: {why}; see {_shown(kept)}")
        del session.studies[study.name]
        return
    final = study.published(result.moved)
    del session.studies[study.name]  # only now: what ends before leaves no staging folder
    session.codes += [study.exit(), Exit.MOVED if result.moved["warnings"] else Exit.OK]
    for line in ending_lines(study.name, study.outcomes, result.moved, _shown(final.parent / "latest")):
        session.progress.say(line)
    for message in result.messages:
        session.progress.say(f"      {message}")
    session.made.append(final.parent / "latest")


def _last_words(session: _Session) -> None:
    """Write the front page over all studies, and name the page to open."""
    pages = [latest / "release" / "index.html" for latest in session.made]
    pages = [page for page in pages if page.is_file()]
    if any(not (page.parent / FILES[each]).is_file() for page in pages for each in ("pdf", "docx")):
        session.progress.say(f"PDF and Word are made when asked for: --formats {','.join(FILES)}")
    fronts = [write_front_page(outputs) for outputs in {latest.parents[1] for latest in session.made}]
    chosen = pages if len(pages) == 1 else [front for front in fronts if front]
    if pages and chosen:
        session.progress.say("Open " + " and ".join(_shown(page) for page in chosen))


def _abandon(session: _Session, name: str) -> None:
    study = session.studies.pop(name, None)
    if study is not None:
        study.abandoned()


def _shown(path: Path) -> str:
    """Return a path as short as it can be named from here."""
    with contextlib.suppress(ValueError):
        return path.relative_to(Path.cwd()).as_posix()
    return str(path)
