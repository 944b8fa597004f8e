"""``python -m stepdown.outcomes``: the windows of a study from Parquet tables of any size."""

from stepdown.outcomes.whole_population import windows_command

windows_command(prog_name="python -m stepdown.outcomes")
