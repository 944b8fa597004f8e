"""Monitoring: did a series change, is its target met, and would anyone know by chance.

    from stepdown import series
    study = series.begin(file)
    points = book.clear(series.points_table(study))
    found = series.analysed(study, points.frame)

Points are cleared for release first; limits, special points and targets are worked out from what may be shown.
"""

from stepdown.measures import slug
from stepdown.series.analysis import Analysed, MonitoringStudy, analysed, begin, target_status
from stepdown.series.tables import (
    SUMMARY_COLUMNS,
    TARGET_COLUMNS,
    drawn_table,
    points_table,
    summary_table,
    targets_table,
)

__all__ = [
    "SUMMARY_COLUMNS",
    "TARGET_COLUMNS",
    "Analysed",
    "MonitoringStudy",
    "analysed",
    "begin",
    "drawn_table",
    "points_table",
    "slug",
    "summary_table",
    "target_status",
    "targets_table",
]
