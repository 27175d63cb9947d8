"""Every action on cohorts, assessments, exports, the audit log and accounts; continues `commands`."""

from __future__ import annotations

from medsynth_engine.access.roles import Permission
from medsynth_tui.command import Command


class CohortNew(Command):
    """Draw synthetic records: how many, balanced how, for which population."""

    id, keys, title, permission, footer = "cohort.new", "n", "New cohort", Permission.GENERATE, True


class CohortOpen(Command):
    """Open the cohort under the cursor."""

    id, keys, title, footer, palette = "cohort.open", "enter", "Open", True, False


class CohortPage(Command):
    """Show the next page: composition, pictures."""

    id, keys, title, footer, palette = "cohort.page", "right,l", "Next page", True, False


class CohortPageBack(Command):
    """Show the page before this one."""

    id, keys, title, palette = "cohort.page_back", "left,h", "Previous page", False


class CohortEvaluate(Command):
    """Measure how faithful, how private, how fair and how useful this cohort is."""

    id, keys, title, permission, footer = "cohort.evaluate", "e", "Evaluate", Permission.EVALUATE, True


class CohortAssess(Command):
    """Open its privacy impact assessment, or draft one."""

    id, keys, title, permission, footer = "cohort.assess", "a", "Assess", Permission.READ_REPORTS, True


class CohortExport(Command):
    """Export it through the release gate."""

    id, keys, title, permission, footer = "cohort.export", "x", "Export", Permission.READ_REPORTS, True


class CohortReport(Command):
    """Write one self-contained HTML file with all the evidence."""

    id, keys, title, permission = "cohort.report", "w", "Write report", Permission.READ_REPORTS


class CohortRemove(Command):
    """Remove this cohort; you type its name to confirm."""

    id, keys, title, permission = "cohort.remove", "D", "Remove", Permission.GENERATE


class AssessmentOpen(Command):
    """Open the assessment under the cursor."""

    id, keys, title, footer, palette = "assessment.open", "enter", "Open", True, False


class AssessmentNew(Command):
    """Assess a cohort, a dataset (before its bundle leaves) or a generator (before its weights leave)."""

    id, keys, title, permission, footer = "assessment.new", "n", "Assess", Permission.DRAFT_PIA, True


class DatasetAssess(Command):
    """Open the privacy impact assessment of this dataset, or draft one, before a bundle of it leaves."""

    id, keys, title, permission = "dataset.assess", "a", "Assess", Permission.READ_REPORTS


class AssessmentDraft(Command):
    """Write a complete draft from the evidence; you then fill in what only a person knows."""

    id, keys, title, permission, footer = "assessment.draft", "n", "Draft", Permission.DRAFT_PIA, True


class AssessmentEdit(Command):
    """Change the answer under the cursor."""

    id, keys, title, permission, footer = "assessment.edit", "e", "Edit answer", Permission.DRAFT_PIA, True


class AssessmentSubmit(Command):
    """Hand the draft over for an opinion and a decision."""

    id, keys, title, permission, footer = "assessment.submit", "s", "Submit", Permission.DRAFT_PIA, True


class AssessmentWithdraw(Command):
    """Take a submitted assessment back."""

    id, keys, title, permission = "assessment.withdraw", "w", "Withdraw", Permission.DRAFT_PIA


class AssessmentOpinion(Command):
    """Give the auditor's opinion: concur or dissent, with a note."""

    id, keys, title, permission, footer = "assessment.opinion", "o", "Opinion", Permission.GIVE_OPINION, True


class AssessmentApprove(Command):
    """Approve it. Never one's own."""

    id, keys, title, permission, footer = "assessment.approve", "a", "Approve", Permission.DECIDE_PIA, True


class AssessmentReturn(Command):
    """Send it back to its author with a note on what is missing."""

    id, keys, title, permission, footer = "assessment.return", "b", "Send back", Permission.DECIDE_PIA, True


class AssessmentReject(Command):
    """Reject it, with the reason."""

    id, keys, title, permission = "assessment.reject", "R", "Reject", Permission.DECIDE_PIA


class AssessmentDiff(Command):
    """Show what changed since the text that was submitted before."""

    id, keys, title, permission, footer = "assessment.diff", "d", "Changes", Permission.READ_REPORTS, True


class ExportGo(Command):
    """Write the export, if the gate lets it through."""

    id, keys, title, permission, footer = "export.go", "f6", "Export", Permission.EXPORT, True


class ExportMend(Command):
    """Go where the first reason of the gate can be mended."""

    id, keys, title, permission, footer = "export.mend", "f7", "Mend it", Permission.READ_REPORTS, True


class AuditFilter(Command):
    """Show only records of one actor, action, object or outcome, or of some days."""

    id, keys, title, footer = "audit.filter", "slash", "Filter", True


class AuditOpen(Command):
    """Show the whole record."""

    id, keys, title, footer, palette = "audit.open", "enter", "Detail", True, False


class AuditOlder(Command):
    """Show the hundred records before these."""

    id, keys, title, footer = "audit.older", "n", "Older", True


class AuditNewer(Command):
    """Show the hundred records after these."""

    id, keys, title = "audit.newer", "p", "Newer"


class AuditVerify(Command):
    """Recompute the whole chain and say whether anything was changed."""

    id, keys, title, footer = "audit.verify", "v", "Verify", True


class AuditSign(Command):
    """Sign everything up to now, and show the code to write down."""

    id, keys, title, permission, footer = "audit.sign", "s", "Sign", Permission.READ_AUDIT, True


class StoreOpen(Command):
    """Show what the check found and what to do about it."""

    id, keys, title, footer, palette = "store.open", "enter", "Detail", True, False


class UserAdd(Command):
    """Add an account; its activation code is shown once."""

    id, keys, title, permission, footer = "user.add", "n", "Add", Permission.MANAGE_USERS, True


class UserRole(Command):
    """Give the account under the cursor another role."""

    id, keys, title, permission, footer = "user.role", "c", "Change role", Permission.MANAGE_USERS, True


class UserDisable(Command):
    """Disable the account; its sessions and its jobs' grants end. You type its name to confirm."""

    id, keys, title, permission, footer = "user.disable", "D", "Disable", Permission.MANAGE_USERS, True


class UserReset(Command):
    """Give a new activation code, shown once; the old password ends."""

    id, keys, title, permission, footer = "user.reset", "R", "Reset", Permission.MANAGE_USERS, True


class UserFactor(Command):
    """Take a lost second factor away. For 30 days you may then not judge this person's assessments."""

    id, keys, title, permission = "user.factor", "F", "Take factor away", Permission.MANAGE_USERS


class SettingChange(Command):
    """Change the setting under the cursor."""

    id, keys, title, permission, footer = "setting.change", "e", "Change", Permission.MANAGE_SETTINGS, True
