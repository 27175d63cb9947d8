"""Every action on cohorts, assessments, exports, the audit log and accounts; continues `commands`."""

from __future__ import annotations

from medsynth_engine.access.roles import Permission
from medsynth_tui.command import command

CohortNew = command("cohort.new", "n", "New cohort", Permission.GENERATE, footer=True)(
    "Draw synthetic records: how many, balanced how, for which population."
)
CohortOpen = command("cohort.open", "enter", "Open", footer=True, palette=False)("Open the cohort under the cursor.")
CohortPage = command("cohort.page", "right,l", "Next page", Permission.GENERATE, footer=True, palette=False)(
    "Show the next page: composition, pictures."
)
CohortPageBack = command("cohort.page_back", "left,h", "Previous page", Permission.GENERATE, palette=False)(
    "Show the page before this one."
)
CohortEvaluate = command("cohort.evaluate", "e", "Evaluate", Permission.EVALUATE, footer=True)(
    "Measure how faithful, how private, how fair and how useful this cohort is."
)
CohortAssess = command("cohort.assess", "a", "Assess", Permission.READ_REPORTS, footer=True)(
    "Open its privacy impact assessment; who drew it can draft one there."
)
CohortExport = command("cohort.export", "x", "Export", Permission.READ_REPORTS, footer=True)(
    "Ask the release gate whether it may leave, and for whom; who drew it exports it there."
)
CohortReport = command("cohort.report", "w", "Write report", Permission.READ_REPORTS)(
    "Write one self-contained HTML file with all the evidence."
)
CohortRemove = command("cohort.remove", "D", "Remove", Permission.GENERATE)(
    "Remove this cohort; you type its name to confirm."
)
AssessmentOpen = command("assessment.open", "enter", "Open", footer=True, palette=False)(
    "Open the assessment under the cursor."
)
AssessmentNew = command("assessment.new", "n", "Assess", Permission.DRAFT_PIA, footer=True)(
    "Assess a cohort, a dataset (before its bundle leaves) or a generator (before its weights leave)."
)
DatasetAssess = command("dataset.assess", "a", "Assess", Permission.READ_REPORTS)(
    "Open the privacy impact assessment of this dataset, without which no bundle of it leaves."
)
AssessmentDraft = command("assessment.draft", "n", "Draft", Permission.DRAFT_PIA, footer=True)(
    "Write a complete draft from the evidence; you then fill in what only a person knows."
)
AssessmentEdit = command("assessment.edit", "e", "Edit answer", Permission.DRAFT_PIA, footer=True)(
    "Change the answer under the cursor."
)
AssessmentSubmit = command("assessment.submit", "s", "Submit", Permission.DRAFT_PIA, footer=True)(
    "Hand the draft over for an opinion and a decision."
)
AssessmentWithdraw = command("assessment.withdraw", "w", "Withdraw", Permission.DRAFT_PIA)(
    "Take a submitted assessment back."
)
AssessmentOpinion = command("assessment.opinion", "o", "Opinion", Permission.GIVE_OPINION, footer=True)(
    "Give the auditor's opinion: concur or dissent, with a note."
)
AssessmentApprove = command("assessment.approve", "a", "Approve", Permission.DECIDE_PIA, footer=True)(
    "Approve it. Never one's own."
)
AssessmentReturn = command("assessment.return", "b", "Send back", Permission.DECIDE_PIA, footer=True)(
    "Send it back to its author with a note on what is missing."
)
AssessmentReject = command("assessment.reject", "R", "Reject", Permission.DECIDE_PIA)("Reject it, with the reason.")
AssessmentDiff = command("assessment.diff", "d", "Changes", Permission.READ_REPORTS, footer=True)(
    "Show what changed since the text that was submitted before."
)
ExportGo = command("export.go", "f6", "Export", Permission.EXPORT, footer=True)(
    "Write the export, if the gate lets it through."
)
ExportMend = command("export.mend", "f7", "Mend it", Permission.READ_REPORTS, footer=True)(
    "Go to what the first reason is about for which there is a page: the assessment, or the evidence, which says why."
)
ReleaseOpen = command("release.open", "enter", "Detail", footer=True, palette=False)(
    "Show all of the release under the cursor: its marks, its digest, its assessment and who let it."
)
ReleaseSubject = command("release.subject", "o", "What left", footer=True, palette=False)(
    "Open the cohort or the dataset that left, where it is there as it left."
)
ReleaseAssess = command("release.assess", "a", "Assessment", Permission.READ_REPORTS, footer=True, palette=False)(
    "Open the privacy impact assessment of what left; a later one says that it is not the release's."
)
AuditFilter = command("audit.filter", "slash", "Filter", footer=True)(
    "Show only records of one actor, action, object or outcome, or of some days."
)
AuditOpen = command("audit.open", "enter", "Detail", footer=True, palette=False)("Show the whole record.")
AuditOlder = command("audit.older", "n", "Older", footer=True)("Show the hundred records before these.")
AuditNewer = command("audit.newer", "p", "Newer")("Show the hundred records after these.")
AuditVerify = command("audit.verify", "v", "Verify", footer=True)(
    "Recompute the whole chain and say whether anything was changed."
)
AuditAgainst = command("audit.against", "V", "Verify against")(
    "Recompute the chain, and compare it with what was kept elsewhere: a code, a file of checkpoints, a key."
)
AuditSign = command("audit.sign", "S", "Sign", Permission.READ_AUDIT, footer=True)(
    "Sign everything up to now, and show the code to write down."
)
StoreOpen = command("store.open", "enter", "Detail", footer=True, palette=False)(
    "Show what the check found and what to do about it."
)
UserAdd = command("user.add", "n", "Add", Permission.MANAGE_USERS, footer=True)(
    "Add an account; its activation code is shown once."
)
UserRole = command("user.role", "c", "Change role", Permission.MANAGE_USERS, footer=True)(
    "Give the account under the cursor another role."
)
UserDisable = command("user.disable", "D", "Disable", Permission.MANAGE_USERS, footer=True)(
    "Disable the account; its sessions and its jobs' grants end. You type its name to confirm."
)
UserReset = command("user.reset", "R", "Reset", Permission.MANAGE_USERS, footer=True)(
    "Give a new activation code, shown once; the old password ends."
)
UserFactor = command("user.factor", "F", "Take factor away", Permission.MANAGE_USERS)(
    "Take a lost second factor away. For 30 days you may then not judge this person's assessments."
)
SettingChange = command("setting.change", "e", "Change", Permission.MANAGE_SETTINGS, footer=True)(
    "Change the setting under the cursor."
)
