"""Judges the standardised differences by tableone (development dependency). Run from the project root."""

import json
import warnings
from importlib.metadata import version
from pathlib import Path

import pandas as pd
from tableone import TableOne

HERE = Path(__file__).parent

if __name__ == "__main__":
    warnings.simplefilter("ignore")
    children = pd.read_csv(HERE / "effects_children.csv")
    found = {"version": version("tableone")}
    for name, categorical in (("days_before", False), ("band", True), ("highest_before", True)):
        data = children[[name, "in_programme"]].copy()
        if categorical:
            data[name] = data[name].astype(str)
        table = TableOne(
            data, columns=[name], categorical=[name] if categorical else [], groupby="in_programme", smd=True
        )
        found[name] = float(list(table.smd_table.iloc[:, 0].dropna())[0])
    HERE.joinpath("effects_tableone.json").write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
