"""Every action on evidence: its pages, what is behind a number, nearest pairs, cohorts side by side."""

from __future__ import annotations

from medsynth_engine.access.roles import Permission
from medsynth_tui.command import command

CohortEvidence = command("cohort.evidence", "v", "Evidence", Permission.READ_REPORTS, footer=True)(
    "Look at what the evaluation found: fidelity, privacy, bias, utility, and what is behind each number."
)
EvidenceExplain = command("evidence.explain", "enter", "Explain", footer=True, palette=False)(
    "Say what is behind the number under the cursor: its sentence, method, adversary, control and source."
)
EvidenceNext = command("evidence.next", "right,l", "Next page", footer=True, palette=False)(
    "Show the next page: fidelity, privacy, bias, utility, prevalence, groups."
)
EvidenceBack = command("evidence.back", "left,h", "Previous page", palette=False)("Show the page before this one.")
EvidenceFidelity = command("evidence.fidelity", "1", "Fidelity")("Show how like real data it is.")
EvidencePrivacy = command("evidence.privacy", "2", "Privacy")(
    "Show what it gives away; the gauge with its three attackers stands first."
)
EvidenceBias = command("evidence.bias", "3", "Bias")("Show who is in it, and who is missing.")
EvidenceUtility = command("evidence.utility", "4", "Utility")("Show of what use it is.")
EvidencePrevalence = command("evidence.prevalence", "5", "Prevalence")(
    "How common each finding is in each group, in the cohort and in the training data."
)
EvidenceGroups = command("evidence.groups", "6", "Before and after")(
    "How large each group is before rebalancing (training), after it (cohort), and what was aimed for."
)
EvidenceTurn = command("evidence.turn", "v", "Cohort, real, gap")(
    "Prevalence: show the cohort, the training data, or the difference of the two."
)
EvidenceGroup = command("evidence.group", "o", "Group by another")(
    "Prevalence: group the patients by the next attribute."
)
EvidencePairs = command("evidence.pairs", "n", "Nearest pairs", Permission.SEE_IMAGES, footer=True)(
    "Look at the synthetic pictures beside the training picture that each lies nearest to. That is written down."
)
PairsMore = command("pairs.more", "right,l,n", "Next pairs", footer=True)("Show the pairs that come after these.")
PairsLess = command("pairs.less", "left,h,p", "Previous pairs", footer=True)("Show the pairs that came before these.")
CohortMark = command("cohort.mark", "space", "Mark", footer=True, palette=False)(
    "Mark the cohort under the cursor, to compare two to four of them."
)
CohortCompare = command("cohort.compare", "c", "Compare", Permission.READ_REPORTS, footer=True)(
    "Show the marked cohorts side by side; a difference is called only where intervals do not overlap."
)
CompareExplain = command("compare.explain", "enter", "Explain", footer=True, palette=False)(
    "Say what each cohort has here, and what may be concluded."
)
CompareTurn = command("compare.turn", "right,l", "Next page", footer=True)(
    "Show the measures, only those that are told apart, or the groups before and after rebalancing."
)
CompareTurnBack = command("compare.turn_back", "left,h", "Previous page", palette=False)(
    "Show the page before this one."
)
JobOpen = command("jobs.open", "enter", "Look", footer=True, palette=False)(
    "Say how far the work under the cursor is, or why it failed."
)
