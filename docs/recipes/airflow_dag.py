"""Two ways to run the workbook from Airflow. Neither needs Stepdown in Airflow's own environment but the second.

``whole`` calls the command line: strict, whole or not at all, with an exit code. Prefer it.
``plain`` runs each notebook with Airflow's PapermillOperator: it works, with what plain papermill gives and no more
(a mistyped parameter name is only a warning, outputs are overwritten in place, pages are not made).
"""

from __future__ import annotations

from datetime import datetime

from airflow.providers.papermill.operators.papermill import PapermillOperator
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

PROJECT = "/srv/stepdown"
NOTEBOOKS = ("1_cohort_profile", "2_case_file_review", "3_statutory_outcomes", "4_cost_benefit")

with DAG("stepdown", schedule="15 6 2 * *", start_date=datetime(2026, 1, 1), catchup=False, max_active_runs=1):
    BashOperator(
        task_id="whole",
        bash_command=f"cd {PROJECT} && .venv/bin/stepdown run --formats html,xlsx,pdf,docx params/slough_ifp.yaml",
        skip_on_exit_code=None,
    )
    for name in NOTEBOOKS:
        PapermillOperator(
            task_id=f"plain_{name}",
            input_nb=f"{PROJECT}/notebooks/{name}.ipynb",
            output_nb=f"{PROJECT}/outputs/plain/{name}.ipynb",
            parameters={"study": f"{PROJECT}/params/slough_ifp.yaml", "output": f"{PROJECT}/outputs/plain"},
        )
