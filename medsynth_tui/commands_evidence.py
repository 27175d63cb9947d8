"""Every action on evidence: its pages, what is behind a number, nearest pairs, cohorts side by side."""

from __future__ import annotations

from medsynth_engine.access.roles import Permission
from medsynth_tui.command import Command


class CohortEvidence(Command):
    """Look at what the evaluation found: fidelity, privacy, bias, utility, and what is behind each number."""

    id, keys, title, permission, footer = "cohort.evidence", "v", "Evidence", Permission.READ_REPORTS, True


class EvidenceExplain(Command):
    """Say what is behind the number under the cursor: its sentence, method, adversary, control and source."""

    id, keys, title, footer, palette = "evidence.explain", "enter", "Explain", True, False


class EvidenceNext(Command):
    """Show the next page: fidelity, privacy, bias, utility, prevalence, groups."""

    id, keys, title, footer, palette = "evidence.next", "right,l", "Next page", True, False


class EvidenceBack(Command):
    """Show the page before this one."""

    id, keys, title, palette = "evidence.back", "left,h", "Previous page", False


class EvidenceFidelity(Command):
    """Show how like real data it is."""

    id, keys, title = "evidence.fidelity", "1", "Fidelity"


class EvidencePrivacy(Command):
    """Show what it gives away; the gauge with its three attackers stands first."""

    id, keys, title = "evidence.privacy", "2", "Privacy"


class EvidenceBias(Command):
    """Show who is in it, and who is missing."""

    id, keys, title = "evidence.bias", "3", "Bias"


class EvidenceUtility(Command):
    """Show of what use it is."""

    id, keys, title = "evidence.utility", "4", "Utility"


class EvidencePrevalence(Command):
    """How common each finding is in each group, in the cohort and in the training data."""

    id, keys, title = "evidence.prevalence", "5", "Prevalence"


class EvidenceGroups(Command):
    """How large each group is before rebalancing (training), after it (cohort), and what was aimed for."""

    id, keys, title = "evidence.groups", "6", "Before and after"


class EvidenceTurn(Command):
    """Prevalence: show the cohort, the training data, or the difference of the two."""

    id, keys, title = "evidence.turn", "v", "Cohort, real, gap"


class EvidenceGroup(Command):
    """Prevalence: group the patients by the next attribute."""

    id, keys, title = "evidence.group", "o", "Group by another"


class EvidencePairs(Command):
    """Look at the synthetic pictures beside the training picture that each lies nearest to. That is written down."""

    id, keys, title, permission, footer = "evidence.pairs", "n", "Nearest pairs", Permission.SEE_IMAGES, True


class PairsMore(Command):
    """Show the pairs that come after these."""

    id, keys, title, footer = "pairs.more", "right,l,n", "Next pairs", True


class PairsLess(Command):
    """Show the pairs that came before these."""

    id, keys, title, footer = "pairs.less", "left,h,p", "Previous pairs", True


class CohortMark(Command):
    """Mark the cohort under the cursor, to compare two to four of them."""

    id, keys, title, footer, palette = "cohort.mark", "space", "Mark", True, False


class CohortCompare(Command):
    """Show the marked cohorts side by side; a difference is called only where intervals do not overlap."""

    id, keys, title, permission, footer = "cohort.compare", "c", "Compare", Permission.READ_REPORTS, True


class CompareExplain(Command):
    """Say what each cohort has here, and what may be concluded."""

    id, keys, title, footer, palette = "compare.explain", "enter", "Explain", True, False


class CompareTurn(Command):
    """Show the measures, only those that are told apart, or the groups before and after rebalancing."""

    id, keys, title, footer = "compare.turn", "right,l", "Next page", True


class CompareTurnBack(Command):
    """Show the page before this one."""

    id, keys, title, palette = "compare.turn_back", "left,h", "Previous page", False


class JobOpen(Command):
    """Say how far the work under the cursor is, or why it failed."""

    id, keys, title, footer, palette = "jobs.open", "enter", "Look", True, False
