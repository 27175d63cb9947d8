"""Every action of the studio. Screens list those they answer to; see `command.Command` for the fields."""

from __future__ import annotations

from medsynth_engine.access.roles import Permission
from medsynth_tui.command import command

Help = command("help", "f1,question_mark", "Help", footer=True, palette=False)(
    "Explain this screen: every key that works here, and what it does."
)
Palette = command("palette", "ctrl+p,colon", "Find", footer=True, palette=False)(
    "Find anything by typing a part of its name."
)
Quit = command("quit", "ctrl+q", "Quit")("Leave the studio. Jobs and trainings go on without it.")
Redraw = command("redraw", "ctrl+l", "Redraw")(
    "Paint the whole screen again, for instance after another program wrote over it."
)
Jump = command("jump", "ctrl+o", "Jump")(
    "Put a letter at every field, list and button of this screen; the letter goes there."
)
Theme = command("theme", "", "Colours")(
    "Choose the colours: dark, light, high contrast, or safe for the colour-blind. Kept with your account."
)
LockScreen = command("lock", "", "Lock")(
    "Hide the screen until your password is given again. Jobs and trainings go on."
)
LogOut = command("logout", "", "Log out")("End this login and go back to the first screen.")
Leave = command("leave", "q", "Quit", footer=True, palette=False)(
    "Leave the studio. Jobs and trainings go on without it."
)
Back = command("back", "escape,q", "Back", footer=True, palette=False)("Go back to where you came from.")
Refresh = command("refresh", "r,f5", "Refresh")("Ask for everything on this screen again.")
CancelJob = command("job.cancel", "f8,X", "Cancel job", footer=True)(
    "Cancel the work whose progress is shown. What it has begun is cleared away; nothing half done stays."
)
GoHome = command("home", "", "Home")("What happened, what waits for you, and the menu.")
GoDatasets = command("datasets", "", "Datasets", Permission.READ_REPORTS)(
    "Real, de-identified images and their tables."
)
GoRuns = command("runs", "", "Runs", Permission.TRAIN)("Trainings: running, waiting and done.")
GoCohorts = command("cohorts", "", "Cohorts", Permission.READ_REPORTS)("Synthetic records, each an image and its row.")
GoAssessments = command("assessments", "", "Assessments", Permission.READ_REPORTS)(
    "Privacy impact assessments and who has signed them."
)
GoReview = command("review", "", "Review", Permission.REVIEW)(
    "Quarantined pictures: they wait until a person has looked at them."
)
GoJobs = command("jobs", "", "Work")("Long work that was asked for: how far it is, and the way to cancel it.")
GoAudit = command("audit", "", "Audit log", Permission.READ_AUDIT)(
    "Who did what and when, in a chain that shows tampering."
)
GoReleases = command("releases", "", "Releases", Permission.READ_REPORTS)(
    "What has left: when, for whom, under which assessment, and who let it."
)
GoUsers = command("users", "", "Users", Permission.MANAGE_USERS)("Accounts and their roles.")
GoDisk = command("disk", "", "Disk use", Permission.READ_REPORTS)(
    "What uses the disk, kind by kind, and by name where you may see names; datasets, runs and cohorts of your own "
    "can be removed there."
)
GoStore = command("store", "", "Store", Permission.MAINTAIN)(
    "Whether the store is well: its disk, its files, its log's signatures, its last backup; and what to do."
)
GoPassword = command("password", "", "Change password")("Choose a new password for your own account.")
GoSecondFactor = command("totp", "", "Second factor")(
    "A second factor for your account: codes of your phone beside the password."
)
GoSettings = command("settings", "", "Settings", Permission.MANAGE_SETTINGS)(
    "Limits and defaults of the store: who needs a second factor, when the screen locks, and more."
)
DatasetAdd = command("dataset.add", "n", "Bring in", Permission.BRING_IN, footer=True)(
    "Bring in a folder, an archive or a table: see what would be taken, scrubbed and refused before anything is."
)
DatasetOpen = command("dataset.open", "enter", "Open", footer=True, palette=False)(
    "Open the dataset under the cursor: its intake report, composition and pictures."
)
DatasetPictures = command("dataset.pictures", "p", "Pictures", Permission.SEE_IMAGES, footer=True)(
    "Look at a few of its de-identified images. That somebody looked is written to the audit log."
)
DatasetTrain = command("dataset.train", "t", "Train", Permission.TRAIN, footer=True)(
    "Train a generator on this dataset."
)
DatasetRows = command("dataset.rows", "c", "Cohort", Permission.GENERATE, footer=True)(
    "Draw synthetic rows from this table, without images."
)
DatasetShare = command("dataset.share", "s", "Share", Permission.BRING_IN, footer=True)(
    "Let another researcher see and use this dataset."
)
DatasetReview = command("dataset.review", "v", "Review", Permission.REVIEW, footer=True)(
    "Look at the quarantined pictures of this dataset, and decide about each."
)
DatasetCheck = command("dataset.check", "e", "Check text", Permission.BRING_IN)(
    "Read the pictures for burned-in text where no check has read them; what carries text is quarantined for a person."
)
DatasetRemove = command("dataset.remove", "D", "Remove", Permission.BRING_IN)(
    "Remove this dataset with its runs' folds and its quarantine; you type its name to confirm."
)
UploadPick = command("upload.pick", "f2", "Pick a file", Permission.BRING_IN, footer=True, palette=False)(
    "Pick a file or folder on the machine where MedSynth runs."
)
UploadScan = command("upload.scan", "f3", "Scan", Permission.BRING_IN, footer=True)(
    "Look at the files and say what would be taken; nothing is stored."
)
UploadColumns = command("upload.columns", "f4", "Columns", Permission.BRING_IN, footer=True)(
    "Say what each column of the table means."
)
UploadAdd = command("upload.add", "f6", "Bring in", Permission.BRING_IN, footer=True)(
    "Take the files in: decode, remove what identifies, split by patient, store."
)
RunNew = command("run.new", "n", "New run", Permission.TRAIN, footer=True)("Train a generator.")
RunOpen = command("run.open", "enter", "Open", footer=True, palette=False)(
    "Watch this run: its curves, sample pictures and log."
)
RunPause = command("run.pause", "p", "Pause", Permission.TRAIN, footer=True)(
    "Pause the training at its next step, or go on from there."
)
RunStop = command("run.stop", "s", "Stop", Permission.TRAIN, footer=True)(
    "End the training for good and keep the best generator so far."
)
RunChart = command("run.chart", "v", "Chart", footer=True)(
    "Show the next chart: loss, discriminator accuracy, Fréchet ratio."
)
RunLog = command("run.log", "l", "Log", footer=True)(
    "Show the log in the place of the sample picture, or the picture again."
)
RunEarlier = command("run.earlier", "left_square_bracket", "Earlier sample")(
    "Show the sample picture drawn before this one."
)
RunLater = command("run.later", "right_square_bracket", "Later sample")("Show the sample picture drawn after this one.")
RunCohort = command("run.cohort", "c", "Cohort", Permission.GENERATE, footer=True)(
    "Draw a synthetic cohort with this run's generator."
)
RunRemove = command("run.remove", "D", "Remove", Permission.TRAIN)(
    "Remove this run and its generator; you type its name to confirm."
)


TourNext = command("tour.next", "ctrl+n", "Next step")("Go on to the tour's next step without doing this one.")
TourBefore = command("tour.before", "", "Step before")("Go back to the tour's step before this one.")


TOUR = (TourNext, TourBefore)
"""Only while somebody is on the tour."""
EVERYWHERE = (Help, Palette, Jump, Quit, Redraw, Theme, LockScreen, LogOut, *TOUR)
PLACES = (
    *(GoHome, GoDatasets, GoRuns, GoCohorts, GoAssessments, GoReview, GoJobs, GoAudit, GoUsers),
    *(GoStore, GoReleases, GoDisk, GoPassword, GoSecondFactor, GoSettings),
)
"""What the palette can go to; each opens the screen of its id."""
