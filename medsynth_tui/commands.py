"""Every action of the studio. Screens list those they answer to; see `command.Command` for the fields."""

from __future__ import annotations

from medsynth_engine.access.roles import Permission
from medsynth_tui.command import Command


class Help(Command):
    """Explain this screen: every key that works here, and what it does."""

    id, keys, title, footer, palette = "help", "f1,question_mark", "Help", True, False


class Palette(Command):
    """Find anything by typing a part of its name."""

    id, keys, title, footer, palette = "palette", "ctrl+p,colon", "Find", True, False


class Quit(Command):
    """Leave the studio. Jobs and trainings go on without it."""

    id, keys, title = "quit", "ctrl+q", "Quit"


class Redraw(Command):
    """Paint the whole screen again, for instance after another program wrote over it."""

    id, keys, title = "redraw", "ctrl+l", "Redraw"


class Theme(Command):
    """Change between the dark and the light palette."""

    id, title = "theme", "Dark or light"


class LockScreen(Command):
    """Hide the screen until your password is given again. Jobs and trainings go on."""

    id, title = "lock", "Lock"


class LogOut(Command):
    """End this login and go back to the first screen."""

    id, title = "logout", "Log out"


class Leave(Command):
    """Leave the studio. Jobs and trainings go on without it."""

    id, keys, title, footer, palette = "leave", "q", "Quit", True, False


class Back(Command):
    """Go back to where you came from."""

    id, keys, title, footer, palette = "back", "escape,q", "Back", True, False


class Refresh(Command):
    """Ask for everything on this screen again."""

    id, keys, title = "refresh", "r,f5", "Refresh"


class CancelJob(Command):
    """Cancel the work whose progress is shown. What it has begun is cleared away; nothing half done stays."""

    id, keys, title, footer = "job.cancel", "f8,X", "Cancel job", True


class GoHome(Command):
    """What happened, what waits for you, and the menu."""

    id, title = "home", "Home"


class GoDatasets(Command):
    """Real, de-identified images and their tables."""

    id, title, permission = "datasets", "Datasets", Permission.READ_REPORTS


class GoRuns(Command):
    """Trainings: running, waiting and done."""

    id, title, permission = "runs", "Runs", Permission.TRAIN


class GoCohorts(Command):
    """Synthetic records, each an image and its row."""

    id, title, permission = "cohorts", "Cohorts", Permission.READ_REPORTS


class GoAssessments(Command):
    """Privacy impact assessments and who has signed them."""

    id, title, permission = "assessments", "Assessments", Permission.READ_REPORTS


class GoReview(Command):
    """Quarantined pictures: they wait until a person has looked at them."""

    id, title, permission = "review", "Review", Permission.REVIEW


class GoJobs(Command):
    """Long work that was asked for: how far it is, and the way to cancel it."""

    id, title = "jobs", "Work"


class GoAudit(Command):
    """Who did what and when, in a chain that shows tampering."""

    id, title, permission = "audit", "Audit log", Permission.READ_AUDIT


class GoUsers(Command):
    """Accounts and their roles."""

    id, title, permission = "users", "Users", Permission.MANAGE_USERS


class GoStore(Command):
    """Whether the store is well: its disk, its files, its log's signatures, its last backup; and what to do."""

    id, title, permission = "store", "Store", Permission.MAINTAIN


class GoPassword(Command):
    """Choose a new password for your own account."""

    id, title = "password", "Change password"


class GoSecondFactor(Command):
    """A second factor for your account: codes of your phone beside the password."""

    id, title = "totp", "Second factor"


class GoSettings(Command):
    """Limits and defaults of the store: who needs a second factor, when the screen locks, and more."""

    id, title, permission = "settings", "Settings", Permission.MANAGE_SETTINGS


class DatasetAdd(Command):
    """Bring in a folder, an archive or a table: see what would be taken, scrubbed and refused before anything is."""

    id, keys, title, permission, footer = "dataset.add", "n", "Bring in", Permission.BRING_IN, True


class DatasetOpen(Command):
    """Open the dataset under the cursor: its intake report, composition and pictures."""

    id, keys, title, footer, palette = "dataset.open", "enter", "Open", True, False


class DatasetPictures(Command):
    """Look at a few of its de-identified images. That somebody looked is written to the audit log."""

    id, keys, title, permission, footer = "dataset.pictures", "p", "Pictures", Permission.SEE_IMAGES, True


class DatasetTrain(Command):
    """Train a generator on this dataset."""

    id, keys, title, permission, footer = "dataset.train", "t", "Train", Permission.TRAIN, True


class DatasetRows(Command):
    """Draw synthetic rows from this table, without images."""

    id, keys, title, permission, footer = "dataset.rows", "c", "Cohort", Permission.GENERATE, True


class DatasetShare(Command):
    """Let another researcher see and use this dataset."""

    id, keys, title, permission, footer = "dataset.share", "s", "Share", Permission.BRING_IN, True


class DatasetReview(Command):
    """Look at the quarantined pictures of this dataset, and decide about each."""

    id, keys, title, permission, footer = "dataset.review", "v", "Review", Permission.REVIEW, True


class DatasetRemove(Command):
    """Remove this dataset with its runs' folds and its quarantine; you type its name to confirm."""

    id, keys, title, permission = "dataset.remove", "D", "Remove", Permission.BRING_IN


class UploadPick(Command):
    """Pick a file or folder on the machine where MedSynth runs."""

    id, keys, title, permission, footer, palette = "upload.pick", "f2", "Pick a file", Permission.BRING_IN, True, False


class UploadScan(Command):
    """Look at the files and say what would be taken; nothing is stored."""

    id, keys, title, permission, footer = "upload.scan", "f3", "Scan", Permission.BRING_IN, True


class UploadColumns(Command):
    """Say what each column of the table means."""

    id, keys, title, permission, footer = "upload.columns", "f4", "Columns", Permission.BRING_IN, True


class UploadAdd(Command):
    """Take the files in: decode, remove what identifies, split by patient, store."""

    id, keys, title, permission, footer = "upload.add", "f6", "Bring in", Permission.BRING_IN, True


class RunNew(Command):
    """Train a generator."""

    id, keys, title, permission, footer = "run.new", "n", "New run", Permission.TRAIN, True


class RunOpen(Command):
    """Watch this run: its curves, sample pictures and log."""

    id, keys, title, footer, palette = "run.open", "enter", "Open", True, False


class RunPause(Command):
    """Pause the training at its next step, or go on from there."""

    id, keys, title, permission, footer = "run.pause", "p", "Pause", Permission.TRAIN, True


class RunStop(Command):
    """End the training for good and keep the best generator so far."""

    id, keys, title, permission, footer = "run.stop", "s", "Stop", Permission.TRAIN, True


class RunChart(Command):
    """Show the next chart: loss, discriminator accuracy, Fréchet ratio."""

    id, keys, title, footer = "run.chart", "v", "Chart", True


class RunLog(Command):
    """Show the log in the place of the sample picture, or the picture again."""

    id, keys, title, footer = "run.log", "l", "Log", True


class RunEarlier(Command):
    """Show the sample picture drawn before this one."""

    id, keys, title = "run.earlier", "left_square_bracket", "Earlier sample"


class RunLater(Command):
    """Show the sample picture drawn after this one."""

    id, keys, title = "run.later", "right_square_bracket", "Later sample"


class RunCohort(Command):
    """Draw a synthetic cohort with this run's generator."""

    id, keys, title, permission, footer = "run.cohort", "c", "Cohort", Permission.GENERATE, True


class RunRemove(Command):
    """Remove this run and its generator; you type its name to confirm."""

    id, keys, title, permission = "run.remove", "D", "Remove", Permission.TRAIN


EVERYWHERE = (Help, Palette, Quit, Redraw, Theme, LockScreen, LogOut)
PLACES = (
    *(GoHome, GoDatasets, GoRuns, GoCohorts, GoAssessments, GoReview, GoJobs, GoAudit, GoUsers),
    *(GoStore, GoPassword, GoSecondFactor, GoSettings),
)
"""What the palette can go to; each opens the screen of its id."""
