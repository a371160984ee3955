"""The commands as click knows them → docs/cli.md; with --check, whether that file is current."""

from __future__ import annotations

import argparse
import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from lookalike.cli import lookalike

TARGET = Path(__file__).resolve().parent.parent / "docs" / "cli.md"

HEAD = """\
# Command reference

<!-- Written by scripts/write_cli_docs.py from the commands: change those, not this. -->

`lookalike COMMAND --help` prints the same in the terminal. `python -m lookalike` does what
`lookalike` does.

| status | means |
| --- | --- |
| 0 | Done. `index` ends so even if some files could not be read, and lists them. |
| 1 | Not done: one sentence on standard error says what happened and what to do. |
| 2 | Wrong usage. |
| 130 | Ended by Ctrl-C; what `index` has done so far is kept. `serve` ends with 0. |
"""


def main() -> int:
    """Write the reference, or say whether it is current."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, exit 1 if it is old")
    text = render()
    if not parser.parse_args().check:
        TARGET.write_text(text, encoding="utf-8", newline="\n")
        return 0
    if TARGET.is_file() and TARGET.read_text(encoding="utf-8") == text:
        return 0
    print("docs/cli.md is old: run `python scripts/write_cli_docs.py`.", file=sys.stderr)
    return 1


def render() -> str:
    """The whole reference as Markdown."""
    context = click.Context(lookalike, info_name="lookalike")
    commands = [(name, _command(context, name)) for name in lookalike.list_commands(context)]
    rows = ((f"[`{name}`](#{name})", command.short_help or "") for name, command in commands)
    blocks = [HEAD, _table(("command", ""), rows), "Before the command stand:", _options(lookalike)]
    for name, command in commands:
        blocks += _section(context, name, command)
    return "\n\n".join(block.strip() for block in blocks if block) + "\n"


def _command(context: click.Context, name: str) -> click.Command:
    command = lookalike.get_command(context, name)
    if command is None:
        raise KeyError(name)
    return command


def _section(parent: click.Context, name: str, command: click.Command) -> Iterator[str]:
    """One command; those of a group follow as sections below its own."""
    context = click.Context(command, info_name=name, parent=parent)
    pieces = " ".join(command.collect_usage_pieces(context))
    path = context.command_path
    yield f"{'#' * len(path.split())} {path.removeprefix('lookalike ')}"
    yield f"```\n{path} {pieces}\n```"
    yield _prose(command)
    if isinstance(command, click.Group):
        for inner in command.list_commands(context):
            yield from _section(context, inner, command.commands[inner])
    else:
        yield _options(command)


def _prose(command: click.Command) -> str:
    """Help as Markdown: options and the names of arguments stand as code."""
    arguments = (one for one in command.params if isinstance(one, click.Argument))
    names = [re.escape((one.metavar or "").strip("[.]")) for one in arguments]
    code = re.compile(rf"(?<![`\w])({'|'.join(['--[a-z-]+', *names])})(?![`\w])")
    text = code.sub(r"`\1`", inspect.cleandoc(command.help or ""))
    return re.sub(r"\x08\n(.*?)\n\n", r"```\n\1\n```\n\n", text, flags=re.DOTALL)


def _options(command: click.Command) -> str:
    rows = [_row(option) for option in command.params if isinstance(option, click.Option)]
    return _table(("option", "", "default"), rows)


def _row(option: click.Option) -> tuple[str, str, str]:
    names = " / ".join([", ".join(option.opts), *option.secondary_opts])
    metavar = "" if option.is_flag else f" {option.metavar or option.type.name.upper()}"
    text, _, said = re.sub(r"( |  \[)[Dd]efault: ", "\0", option.help or "").partition("\0")
    return f"`{names}{metavar}`", text.replace("*", r"\*"), said.rstrip("].") or _default(option)


def _default(option: click.Option) -> str:
    shown = option.show_default and not option.is_flag
    default = f"`{option.default}`" if shown else ""
    variable = f"`{option.envvar}`" if option.envvar else ""
    return ", else ".join(part for part in (variable, default) if part)


def _table(
    head: tuple[str, ...], rows: Iterator[tuple[str, ...]] | list[tuple[str, str, str]]
) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines
    )


if __name__ == "__main__":
    sys.exit(main())
