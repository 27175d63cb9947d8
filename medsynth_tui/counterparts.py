"""The studio and the command line, side by side: everything that one of them does the other does too, or says why not.

Whoever hears the screen instead of seeing it works on the command line, with `--plain`.
"""

from __future__ import annotations

LINE: dict[str, str] = {
    "logout": "logout",
    "job.cancel": "jobs cancel",
    "jobs": "jobs list",
    "jobs.open": "jobs show",
    "datasets": "datasets list",
    "dataset.open": "datasets show",
    "dataset.add": "datasets add",
    "dataset.train": "train",
    "dataset.rows": "generate",
    "dataset.share": "datasets share",
    "dataset.review": "review list",
    "dataset.check": "datasets check",
    "dataset.remove": "datasets remove",
    "dataset.assess": "pia draft",
    "dataset.table": "rows table",
    "dataset.rules": "rules list",
    "dataset.learners": "rows compare",
    "dataset.bundle": "bundle",
    "bundle.make": "bundle",
    "bundle.mend": "pia draft",
    "run.import": "runs import",
    "import.pick": "runs import",
    "import.take": "runs import",
    "upload.scan": "datasets scan",
    "upload.columns": "datasets scan --columns",
    "upload.add": "datasets add",
    "upload.pick": "datasets arrivals",
    "table.describe": "rows table",
    "rules.propose": "rules propose",
    "rules.confirm": "rules confirm",
    "rules.confirm_all": "rules confirm",
    "rules.drop": "rules drop",
    "learners.compare": "rows compare",
    "learners.draw": "generate",
    "review": "review list",
    "review.accept": "review accept",
    "review.mask": "review mask",
    "review.boxes": "review mask --box",
    "review.reject": "review reject",
    "review.undo": "review undo",
    "review.apply": "review apply",
    "review.larger": "review show",
    "runs": "runs list",
    "run.new": "train",
    "run.open": "runs show",
    "run.pause": "runs pause",
    "run.stop": "runs stop",
    "run.log": "runs watch",
    "run.cohort": "generate",
    "run.remove": "runs remove",
    "run.events": "runs watch",
    "cohorts": "cohorts list",
    "cohort.new": "generate",
    "cohort.open": "cohorts show",
    "cohort.evaluate": "evaluate",
    "cohort.evidence": "evaluate",
    "cohort.compare": "cohorts compare",
    "cohort.assess": "pia show",
    "cohort.export": "gate show",
    "cohort.report": "report",
    "cohort.remove": "cohorts remove",
    "cohort.table": "rows beside",
    "population.edit": "rows margins",
    "population.use": "generate --population",
    "population.only": "generate --given",
    "population.small": "generate --small-cells",
    "population.open": "generate --population",
    "population.save": "rows margins",
    "cohort.population": "generate --population",
    "assessments": "pia list",
    "assessment.open": "pia show",
    "assessment.new": "pia draft",
    "assessment.draft": "pia draft",
    "assessment.edit": "pia update",
    "assessment.submit": "pia submit",
    "assessment.withdraw": "pia withdraw",
    "assessment.opinion": "pia opinion",
    "assessment.approve": "pia approve",
    "assessment.return": "pia return",
    "assessment.reject": "pia reject",
    "assessment.diff": "pia show --diff",
    "export.go": "export",
    "export.mend": "gate show",
    "audit": "audit list",
    "audit.filter": "audit list",
    "audit.open": "audit prove",
    "audit.older": "audit list",
    "audit.newer": "audit list",
    "audit.verify": "audit verify",
    "audit.sign": "audit checkpoint",
    "users": "users list",
    "user.add": "users add",
    "user.role": "users role",
    "user.disable": "users disable",
    "user.reset": "users reset",
    "user.factor": "users reset --second-factor",
    "settings": "settings list",
    "setting.change": "settings set",
    "store": "doctor",
    "store.open": "doctor",
    "store.backups": "audit list",
    "backup.open": "audit list",
    "backup.new": "backup",
    "backup.write": "backup",
    "backup.read": "restore --check",
    "backup.check": "restore --check",
    "backup.restore": "restore --replace",
    "disk": "disk",
    "disk.open": "disk",
    "disk.remove": "datasets remove",
    "password": "passwd",
    "totp": "totp",
    "login.activate": "activate",
    "login.setup": "init",
}
"""The command line's words for a command of the studio, by its id."""

PAPER = "the report and the tables of the command line hold all of it at once"
LOOKS = "how curves are looked at; `runs watch` and `runs show` say the numbers"
SEEN = "pictures are seen; what is known of them in words, `datasets show` and `review show` say"
TABLE = "`--json` writes every list for another program, and `audit export --format csv` the log"
SCREEN = "of the screen itself"
ONLY_HERE: dict[str, str] = {
    **dict.fromkeys(("help", "palette", "quit", "redraw", "jump", "theme", "lock", "leave", "back", "refresh"), SCREEN),
    "tour.*": "of the tour",
    **dict.fromkeys(("list.write", "list.filter", "list.sort", "list.copy"), TABLE),
    **dict.fromkeys(("home", "review.again", "rows.next", "rows.before", "rows.right", "table.page"), SCREEN),
    **dict.fromkeys(("population.slide", "population.ask", "population.even", "population.clear"), "of the editor"),
    **dict.fromkeys(("run.chart", "run.mark", "runs.compare", "runs.measure", "runs.measure_back", "chart.*"), LOOKS),
    **dict.fromkeys(
        ("dataset.pictures", "pictures.draw", "run.earlier", "run.later", "evidence.pairs", "pairs.*"), SEEN
    ),
    **dict.fromkeys(("cohort.page", "cohort.page_back", "cohort.mark", "evidence.*", "compare.*"), PAPER),
}
"""Commands of the studio that the command line needs not, and why; `noun.*` is what else a noun has."""

ONLY_THERE: dict[str, str] = {
    "demo": "tells the whole way by itself",
    "runs resume": "the key that pauses a run lets it go on",
    "tour": "opens the studio on a store of its own",
    "login": "the studio asks for name and password by itself",
    "whoami": "the top line says it",
    "benchmark": "measures the machine before anybody works on it",
    "selftest": "tries the program itself, before anybody works with it",
    "about deid": "prints a standard's table",
    "completion": "of the shell's Tab key",
    "store copy": "moves a store from database to database while nobody works",
    "audit seal": "closes a part of the log, before it is kept elsewhere",
    "audit export": "writes the log with its proof; the studio, as a table (list.write)",
    "cohorts import": "takes what another tool made",
    "weights list": "generators stand among the runs and in the form of a new cohort",
    "weights show": "generators stand among the runs and in the form of a new cohort",
    "weights import": "the form that brings a run back takes a generator alone as well",
    "weights export": "writes a file for another machine, through the gate",
    "gate override": "two admins, each from their own account and with their reason: never a key's work",
    "releases": "what left stands in the audit log",
    "datasets report": "writes a file for the data protection officer; the dataset's screen shows the same",
    "rows plan": "the population editor shows the plan as it changes",
}
"""Words of the command line that the studio has not, and why."""


def on_the_line(identifier: str) -> str:
    """What does the same on the command line, or nothing."""
    return LINE.get(identifier, "")


def why_only_here(identifier: str) -> str:
    """Why the command line has it not, or nothing where nobody said."""
    return ONLY_HERE.get(identifier) or ONLY_HERE.get(f"{identifier.partition('.')[0]}.*", "")
