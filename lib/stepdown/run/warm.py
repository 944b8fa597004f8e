"""What the fork server imports once, so that each worker has it at once; importing this module is its work.

Multiprocessing's fork server imports it (``stepdown.run.workers``), and what measures or tests as a worker would. It
starts no thread, so that a fork is safe. matplotlib's inline backend is named there and not imported: it has to find
the shell of its notebook.
"""

import contextlib
import gc
import importlib

WARM = (
    "numpy",
    "pandas",
    "matplotlib.pyplot",
    "seaborn",
    "scipy.stats",
    "statsmodels.api",
    "statsmodels.formula.api",
    "pydantic",
    "yaml",
    "jinja2",
    "papermill",
    "xlsxwriter",
    "IPython.core.completer",
    "matplotlib.backends.backend_svg",
    "stepdown.workbook",
    "stepdown.describe",
    "stepdown.sections",
    "stepdown.release.building",
    "stepdown.run.finishing",
    "stepdown.run.shells",
    "stepdown.run.workers",
)
"""What notebooks and pages use; one that is not installed is passed over."""

gc.disable()  # what is imported stays: looking for cycles in it is a tenth of the time
for name in WARM:
    with contextlib.suppress(ImportError):
        importlib.import_module(name)
with contextlib.suppress(ImportError):
    importlib.import_module("nbformat.validator").get_validator(4, 5)  # compiled once, not once a notebook
with contextlib.suppress(ImportError):
    importlib.import_module("soupsieve").compile("a:first-child b:not(.c)")  # its large grammar
gc.collect()
gc.freeze()
gc.enable()
gc.set_threshold(100_000, 20, 100)  # looking for cycles is a tenth of a chart, and a worker does not live long
