"""``stepdown plan FILE``: how small a difference an evaluation could find, before there is data."""

from __future__ import annotations

import click

MORE = {0.5: "half", 2.0: "twice", 4.0: "four times"}
"""How many times the families of the plan are tried."""


@click.command(name="plan")
@click.argument("file", type=click.Path())
def plan_command(file: str) -> None:
    """Say how small a difference the evaluation planned in FILE could find (docs/months.md).

    FILE: families a group, children a family, share with a status, likeness in a family and before to after; begin
    from params/plan.yaml. A simulation with the workbook's own estimators checks the formula.
    """
    from stepdown.effects.planning import load_plan, planned, smallest_difference
    from stepdown.numbers import digits

    plan = load_plan(file)
    families, percent = plan.families, f"{digits(100 * plan.power)}%"
    click.echo(plan.title)
    click.echo(
        f"{families.programme} families with the programme and {families.comparison} without, "
        f"{digits(plan.children_per_family, 1)} children each; without the programme "
        f"{digits(100 * plan.share_with_status)}% of children have the status"
    )
    for item in planned(plan):
        if item.difference != item.difference:  # NaN
            click.echo(f"\n{item.estimator}: not even a programme that prevented it for every child would be found")
            continue
        left = 100 * (plan.share_with_status - item.difference)
        error = 100 * (item.found * (1 - item.found) / plan.simulated_studies) ** 0.5
        click.echo(
            f"\n{item.estimator}: the smallest reduction found in {percent} of studies is "
            f"{digits(100 * item.difference, 1)} points (to {digits(left, 1)}% of children)\n"
            f"   simulation: found in {digits(100 * item.found, 1)}% of {plan.simulated_studies} studies "
            f"(give or take {digits(1.96 * error, 1)})"
        )
        others = {name: smallest_difference(plan, item.estimator, times=times) for times, name in MORE.items()}
        words = [f"{name} {digits(100 * least, 1) if least == least else 'none'}" for name, least in others.items()]
        click.echo(f"   in points, with other numbers of families: {', '.join(words)}")
    click.echo("\nWhich is right depends on how the groups are formed (docs/methods.md); plan for the larger one.")
