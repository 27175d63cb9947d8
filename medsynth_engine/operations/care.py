"""Looking after a store: its settings, what the home screen shows, backups, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlmodel import col, select

from medsynth_engine.access.roles import Permission, Role
from medsynth_engine.access.second_factor import checked_roles
from medsynth_engine.jobs.cap import SETTING as JOB_MEMORY
from medsynth_engine.jobs.cap import checked_cap
from medsynth_engine.jobs.watch import look_at_all
from medsynth_engine.kernel.errors import BadInput
from medsynth_engine.kernel.escape import plain
from medsynth_engine.kernel.folders import RunFolder
from medsynth_engine.operations.arrivals import checked_drop_box, count_arriving, found_for
from medsynth_engine.operations.declare import Call, operation
from medsynth_engine.operations.doctor import quick, thorough
from medsynth_engine.operations.inception import checked_inception
from medsynth_engine.operations.keeping import checked_anchor, checked_recipient, checked_switch
from medsynth_engine.operations.machine import looked
from medsynth_engine.operations.news import judged_by, may_judge, news
from medsynth_engine.operations.removal import sweep
from medsynth_engine.operations.review import reviews_waiting
from medsynth_engine.operations.runs import run_state
from medsynth_engine.operations.settings import LARGEST, SETTINGS, setting
from medsynth_engine.operations.subjects import label_of


class Care:
    """What keeps a store alive."""

    @operation("settings.list", Permission.MANAGE_SETTINGS)
    def settings_list(self, call: Call) -> list[dict[str, Any]]:
        with call.read() as session:
            return [
                {"key": name, "value": setting(session, name), "meaning": meaning}
                for name, (_, meaning) in SETTINGS.items()
            ]

    @operation("settings.set", Permission.MANAGE_SETTINGS, fresh=True, about="key")
    def settings_set(self, call: Call, key: str, value: str) -> dict[str, Any]:
        from db.facts import keep_setting

        if key not in SETTINGS:
            raise BadInput("no_such_setting", f"There is no setting {plain(key)!r}.", "See: medsynth settings list")
        checks: dict[str, Callable[[str], Any]] = {
            "drop_box": lambda given: checked_drop_box(call, given),
            "inception_file": lambda given: checked_inception(call, given),
            "second_factor_roles": checked_roles,
            "anchor_file": lambda given: checked_anchor(call, given),
            "anchor_syslog": checked_switch,
            "backup_recipient": checked_recipient,
            JOB_MEMORY: checked_cap,
        }
        checked: Any = checks[key](value) if key in checks else _whole_number(key, value)
        # A path may name a person or a place: the record says that it was set, not to what.
        shown = bool(checked) if key in ("drop_box", "anchor_file", "inception_file") else checked
        with call.change(f"setting:{key}", value=shown) as change:
            keep_setting(change.session, key, checked)
        if key.startswith("anchor_") and checked:
            call.ledger.checkpoint(call.actor, call.face)  # so that it is seen at once whether the anchor is reached
        return {"key": key, "value": checked, "meaning": SETTINGS[key][1]}

    @operation("home.show", Permission.OWN_ACCOUNT)
    def home(self, call: Call) -> dict[str, Any]:
        from db.tables import Assessment, Cohort, Job, Run, User
        from medsynth_engine.operations.checks import sweep_checks
        from medsynth_engine.operations.found_weights import newly_placed, take_in_placed
        from medsynth_engine.operations.half_out import sweep_half_out
        from medsynth_engine.operations.overdue import sweep_reviews

        look_at_all(call.ledger, call.home)
        sweep(call)
        sweep_half_out(call)
        with call.read() as session:
            days = setting(session, "quarantine_days")
        sweep_reviews(call, days)
        mine = call.actor.role == Role.RESEARCHER
        if mine:
            sweep_checks(call)
            take_in_placed(call)
        with call.read() as session:
            people = {user.id: user.name for user in session.exec(select(User))}
            runs = session.exec(select(Run).where(Run.state != "removed").order_by(col(Run.created_at).desc())).all()
            cohorts = session.exec(
                select(Cohort).where(Cohort.state == "present").order_by(col(Cohort.created_at).desc())
            ).all()
            jobs = session.exec(select(Job).order_by(col(Job.created_at).desc()).limit(50)).all()
            happened = news(session, call)
            waiting = session.exec(select(Assessment).where(Assessment.state.in_(("submitted", "returned")))).all()  # type: ignore[attr-defined]
            judged = judged_by(session, call.actor.user_id)
            barred = {a.id for a in waiting if a.state == "submitted" and not mine and not may_judge(session, call, a)}
        own = call.actor.user_id
        newest: dict[str, Any] = {}  # what failed and was done again is no news
        for job in jobs:
            if job.actor_id == own:
                newest.setdefault(job.subject, job)
        return {
            "runs": [
                {"run": r.name, "state": run_state(call, r, RunFolder(call.home.runs / r.folder))}
                for r in runs
                if mine and r.owner_id == own
            ][:5],
            "cohorts": [{"cohort": c.name, "n": c.n} for c in cohorts if mine and c.owner_id == own][:5],
            "jobs": [
                {"job": j.id, "kind": j.kind, "subject": j.subject, "state": j.state}
                for j in newest.values()
                if j.state in ("queued", "running", "failed", "interrupted") and not _is_no_news(j)
            ][:5],
            "assessments": [
                {
                    "subject": label_of(a.subject_kind, a.subject_name),
                    "audience": a.audience,
                    "state": a.state,
                    "author": people.get(a.author_id, ""),
                    "barred": a.id in barred,
                }
                for a in waiting
                if (a.state == "returned" and a.author_id == own)
                or (a.state == "submitted" and not mine and a.id not in judged)
            ],
            **happened,
            "reviews": reviews_waiting(call) if mine else [],
            "generators": newly_placed(call) if mine else [],
            "arrivals": len(found_for(call)) if mine else 0,
            "arriving": count_arriving(call) if mine else 0,
            "warnings": [check["says"] for check in quick(call) if not check["ok"]],
        }

    @operation("store.doctor", Permission.ANYONE, needs_store=False)
    def doctor(self, call: Call) -> dict[str, Any]:
        """What is well with the store, and what to do about the rest; reads the whole ledger. `ok` is of the store
        alone: how warm or busy the machine is, is another matter."""
        checks = thorough(call)
        return {"ok": all(check["ok"] for check in checks), "checks": checks, "machine": looked()}


def _is_no_news(job: Any) -> bool:
    """An append of what is there already ends without a version, and nothing is left to do about it."""
    return job.state == "failed" and (job.error or {}).get("code") == "nothing_new"


def _whole_number(key: str, value: str) -> int:
    try:
        number = int(value)
    except ValueError as error:
        raise BadInput("bad_value", "This setting is a whole number.", f"Now: {SETTINGS[key][0]}") from error
    largest = LARGEST.get(key, 10_000)
    if not 1 <= number <= largest:
        raise BadInput("bad_value", "That number is out of range.", f"1 to {largest}.")
    return number
