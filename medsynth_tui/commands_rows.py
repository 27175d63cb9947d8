"""Every action on tables, rules and populations: the structured half of a cohort; continues `commands`."""

from __future__ import annotations

from medsynth_engine.access.roles import Permission
from medsynth_tui.command import Command


class PopulationEdit(Command):
    """Set the margins by hand, and see the cells that come of them, which are too small, and what is assumed."""

    id, keys, title, permission, footer, palette = (
        "population.edit",
        "f3",
        "Margins",
        Permission.GENERATE,
        True,
        False,
    )


class PopulationUse(Command):
    """Go back to the new cohort with these margins."""

    id, keys, title, permission, footer = "population.use", "f6", "Use it", Permission.GENERATE, True


class PopulationSlide(Command):
    """A point more or less for the value under the cursor, with shift (or H and L) five; 0 takes it back."""

    id, keys, title, footer, palette = "population.slide", "right,left", "Share", True, False


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


class DatasetTableOpen(Command):
    """Look at every column before training: what it holds, what is missing, what rows learn of it. Never a row."""

    id, keys, title, permission, footer = "dataset.table", "b", "Table", Permission.READ_REPORTS, True


class DatasetRules(Command):
    """Rules that every drawn row obeys: look for some, confirm them, drop them."""

    id, keys, title, permission, footer = "dataset.rules", "u", "Rules", Permission.READ_REPORTS, True


class DatasetLearners(Command):
    """Compare the learners of rows on this very table: trees, differentially private ones, a GAN."""

    id, keys, title, permission, footer = "dataset.learners", "m", "Learners", Permission.GENERATE, True


class TableDescribe(Command):
    """Count the columns again."""

    id, keys, title, permission = "table.describe", "n", "Count again", Permission.GENERATE


class CohortTableOpen(Command):
    """Look at its columns beside the real ones, and page through its rows."""

    id, keys, title, permission, footer = "cohort.table", "b", "Table", Permission.READ_REPORTS, True


class TablePage(Command):
    """Show the other page: columns beside the real ones, or the synthetic rows."""

    id, keys, title, footer, palette = "table.page", "right,l,left,h", "Other page", True, False


class RowsNext(Command):
    """Show the rows after these."""

    id, keys, title, footer, palette = "rows.next", "n", "Next rows", True, False


class RowsBefore(Command):
    """Show the rows before these."""

    id, keys, title, palette = "rows.before", "p", "Rows before", False


class RowsRight(Command):
    """Show the columns further right, and after the last ones the first again."""

    id, keys, title, footer, palette = "rows.right", "right_square_bracket", "More columns", True, False


class RulesPropose(Command):
    """Look for rules: known ones that fit the columns, and ones that the real rows never break."""

    id, keys, title, permission, footer = "rules.propose", "n", "Look for rules", Permission.GENERATE, True


class RulesConfirm(Command):
    """From now on every drawn row obeys the rule under the cursor."""

    id, keys, title, permission, footer = "rules.confirm", "c", "Confirm", Permission.GENERATE, True


class RulesConfirmAll(Command):
    """From now on every drawn row obeys all of these."""

    id, keys, title, permission = "rules.confirm_all", "C", "Confirm all", Permission.GENERATE


class RulesDrop(Command):
    """Rows need not obey the rule under the cursor, and it is no longer listed."""

    id, keys, title, permission, footer = "rules.drop", "d", "Drop", Permission.GENERATE, True


class LearnersCompare(Command):
    """Teach each learner on two thirds of the training fold, and judge it on the rest. Takes a minute or more."""

    id, keys, title, permission, footer = "learners.compare", "f6", "Compare", Permission.GENERATE, True


class LearnersDraw(Command):
    """Draw rows from this table with the learner under the cursor."""

    id, keys, title, permission, footer = "learners.draw", "c", "Draw with it", Permission.GENERATE, True
