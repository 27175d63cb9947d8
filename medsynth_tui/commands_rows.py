"""Every action on tables, rules and populations: the structured half of a cohort; continues `commands`."""

from __future__ import annotations

from medsynth_engine.access.roles import Permission
from medsynth_tui.command import command

PopulationEdit = command("population.edit", "f3", "Margins", Permission.GENERATE, footer=True, palette=False)(
    "Set the margins by hand, and see the cells that come of them, which are too small, and what is assumed."
)
PopulationUse = command("population.use", "f6", "Use it", Permission.GENERATE, footer=True)(
    "Go back to the new cohort with these margins."
)
PopulationSlide = command("population.slide", "right,left", "Share", footer=True, palette=False)(
    "A point more or less for the value under the cursor, with shift (or H and L) five; 0 takes it back."
)
PopulationAsk = command("population.ask", "space", "Ask", footer=True, palette=False)(
    "Ask for the attribute under the cursor, or leave it as it is in the training data."
)
PopulationEven = command("population.even", "e", "Even", footer=True, palette=False)(
    "As many of each value of the attribute under the cursor."
)
PopulationSmall = command("population.small", "b", "Broaden", footer=True, palette=False)(
    "Small cells: refuse them, or draw each together with its nearest values until it is large enough."
)
PopulationOnly = command("population.only", "o", "Only", footer=True, palette=False)(
    "Draw only records with certain values, for instance finding=effusion."
)
PopulationOpen = command("population.open", "f2", "Open a file", palette=False)(
    "Begin with the margins of a population file."
)
PopulationSave = command("population.save", "s", "Save", footer=True, palette=False)(
    "Write these margins as a population file, which the command line takes too."
)
PopulationClear = command("population.clear", "t", "As in training", palette=False)(
    "Ask for nothing: everything as in the training data."
)
DatasetTableOpen = command("dataset.table", "b", "Table", Permission.READ_REPORTS, footer=True)(
    "Look at every column before training: what it holds, what is missing, what rows learn of it. Never a row."
)
DatasetRules = command("dataset.rules", "u", "Rules", Permission.READ_REPORTS, footer=True)(
    "Rules that every drawn row obeys: look for some, confirm them, drop them."
)
DatasetLearners = command("dataset.learners", "m", "Learners", Permission.GENERATE, footer=True)(
    "Compare the learners of rows on this very table: trees, differentially private ones, a GAN."
)
TableDescribe = command("table.describe", "n", "Count again", Permission.GENERATE)("Count the columns again.")
CohortTableOpen = command("cohort.table", "b", "Table", Permission.READ_REPORTS, footer=True)(
    "Look at its columns beside the real ones, and page through its rows."
)
TablePage = command("table.page", "right,l,left,h", "Other page", Permission.GENERATE, footer=True, palette=False)(
    "Show the other page: columns beside the real ones, or the synthetic rows."
)
RowsNext = command("rows.next", "n", "Next rows", Permission.GENERATE, footer=True, palette=False)(
    "Show the rows after these."
)
RowsBefore = command("rows.before", "p", "Rows before", Permission.GENERATE, palette=False)(
    "Show the rows before these."
)
RowsRight = command(
    "rows.right", "right_square_bracket", "More columns", Permission.GENERATE, footer=True, palette=False
)("Show the columns further right, and after the last ones the first again.")
RulesPropose = command("rules.propose", "n", "Look for rules", Permission.GENERATE, footer=True)(
    "Look for rules: known ones that fit the columns, and ones that the real rows never break."
)
RulesConfirm = command("rules.confirm", "c", "Confirm", Permission.GENERATE, footer=True)(
    "From now on every drawn row obeys the rule under the cursor."
)
RulesConfirmAll = command("rules.confirm_all", "C", "Confirm all", Permission.GENERATE)(
    "From now on every drawn row obeys all of these."
)
RulesDrop = command("rules.drop", "d", "Drop", Permission.GENERATE, footer=True)(
    "Rows need not obey the rule under the cursor, and it is no longer listed."
)
LearnersCompare = command("learners.compare", "f6", "Compare", Permission.GENERATE, footer=True)(
    "Teach each learner on two thirds of the training fold, and judge it on the rest. Takes a minute or more."
)
LearnersDraw = command("learners.draw", "c", "Draw with it", Permission.GENERATE, footer=True)(
    "Draw rows from this table with the learner under the cursor."
)
