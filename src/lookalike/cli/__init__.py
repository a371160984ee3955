"""Arguments → `Library` → text or JSON: the command ``lookalike``, a module for each topic."""

from lookalike.cli.front import lookalike, main

__all__ = ["lookalike", "main"]
