"""This machine, a model, a store and its folders → what is right, what is wrong, what to do."""

from lookalike.checkup.disk import of_folder, of_root
from lookalike.checkup.finding import Finding, Standing
from lookalike.checkup.kept import of_store
from lookalike.checkup.machine import of_machine
from lookalike.checkup.model import of_model

__all__ = ["Finding", "Standing", "of_folder", "of_machine", "of_model", "of_root", "of_store"]
