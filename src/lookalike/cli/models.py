"""``lookalike models``: the cards → a table."""

from __future__ import annotations

from dataclasses import asdict

import click

from lookalike.cli.options import json_option, print_json


@click.command("models", short_help="List the models.")
@json_option
def models_command(as_json: bool) -> None:
    """List the models: what each is, its licence, and whether it is on this machine.

    Those that explain tell which regions of two pictures make them alike (`lookalike explain`).

    A model that is not here is fetched when a library is made with it
    (`lookalike index FOLDER --model NAME`). An .onnx file of your own, with a card (.toml)
    beside it, is a model, too: give its path as NAME.
    """
    from lookalike.library import model_rows

    rows = model_rows()
    if as_json:
        print_json([asdict(row) for row in rows])
        return
    layout = "{:24}{:>5}  {:>6}  {:5}{}"
    click.echo(layout.format("model", "dim", "MB", "here", "finds by"))
    for row in rows:
        here = "yes" if row.here else "no"
        able = ", ".join(row.abilities) + ("; explains" if row.explains else "")
        click.echo(layout.format(row.name, row.dim, f"{row.size / 1e6:,.0f}", here, able))
        click.echo(f"    {row.summary}")
        click.echo(f"    licence: {row.licence}")
