"""Every action on tables, rules and populations: the structured half of a cohort; continues `commands`."""

from __future__ import annotations

from medsynth_engine.access.roles import Permission
from medsynth_tui.command import Command


class PopulationEdit(Command):
    """Set the margins by hand, and see the cells that come of them, which are too small, and what is assumed."""

    id, keys, title, permission, footer, palette = (
        "population.edit",
        "f3",
        "Set margins",
        Permission.GENERATE,
        True,
        False,
    )


class PopulationUse(Command):
    """Go back to the new cohort with these margins."""

    id, keys, title, permission, footer = "population.use", "f6", "Use it", Permission.GENERATE, True


class PopulationSlide(Command):
    """A point more or less for the value under the cursor: left and right, with shift five; 0 takes it back."""

    id, title, palette = "population.slide", "Move a share", False


class PopulationAsk(Command):
    """Ask for the attribute under the cursor, or leave it as it is in the training data."""

    id, keys, title, footer, palette = "population.ask", "space", "Ask", True, False


class PopulationEven(Command):
    """As many of each value of the attribute under the cursor."""

    id, keys, title, footer, palette = "population.even", "e", "Even", True, False


class PopulationSmall(Command):
    """Small cells: refuse them, or draw each together with its nearest values until it is large enough."""

    id, keys, title, footer, palette = "population.small", "b", "Broaden", True, False


class PopulationOnly(Command):
    """Draw only records with certain values, for instance finding=effusion."""

    id, keys, title, footer, palette = "population.only", "o", "Only", True, False


class PopulationOpen(Command):
    """Begin with the margins of a population file."""

    id, keys, title, palette = "population.open", "f2", "Open a file", False


class PopulationSave(Command):
    """Write these margins as a population file, which the command line takes too."""

    id, keys, title, footer, palette = "population.save", "s", "Save", True, False


class PopulationClear(Command):
    """Ask for nothing: everything as in the training data."""

    id, keys, title, palette = "population.clear", "t", "As in training", False
