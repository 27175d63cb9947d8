"""Documents in the engine's shapes (docs/operations.md), for tests of layout only: long names, many rows.

What MedSynth does is tested against the real engine (test_whole_way); this one fills every screen in milliseconds.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any, ClassVar

from fake_rows import LONG, NOW, FakeRows, document

from medsynth_engine.access.proof import wrong
from medsynth_engine.access.roles import Role, permissions_of
from medsynth_engine.governance.comparison import Judged, compare
from medsynth_engine.kernel.errors import BadInput, Denied, NotFound


def picture(size: int, channels: int = 1) -> dict[str, Any]:
    data = bytes((x * 9 + y * 5) % 256 for y in range(size) for x in range(size) for _ in range(channels))
    return {"width": size, "height": size, "channels": channels, "pixels": base64.b64encode(data).decode()}


class FakeEngine(FakeRows):
    """Answers at once. `broken` names methods that fail in a way that nobody foresaw."""

    machine: ClassVar[list[dict[str, Any]]] = []

    def __init__(self, role: str = "researcher", broken: tuple[str, ...] = (), empty: bool = False) -> None:
        self.role, self.broken, self.empty = Role(role), broken, empty
        self.session_over = False
        self.asked: list[dict[str, Any]] = []

    def __getattribute__(self, name: str) -> Any:
        value = object.__getattribute__(self, name)
        if name.startswith("_") or not callable(value) or name == "follow":
            return value
        if name in object.__getattribute__(self, "broken"):

            async def fail(*args: Any, **kwargs: Any) -> Any:
                patient = "DOE^JANE MRN-0012345"
                raise RuntimeError(f"planted for {patient}")

            return fail
        if self.session_over and name not in ("store_state", "login"):

            async def over(*args: Any, **kwargs: Any) -> Any:
                raise Denied("session_over", "Your login has ended: nobody was there for half an hour.")

            return over
        return value

    async def store_state(self) -> dict[str, Any]:
        return {"exists": True, "stamp": "development", "name": "home", "needs_activation": False}

    async def login(self, name: str, password: str) -> dict[str, Any]:
        if password == "wrong":
            raise wrong()
        return {"token": "t", "name": name, "role": str(self.role), "stamp": "development"}

    async def logout(self) -> dict[str, Any]:
        return {"name": "somebody"}

    async def whoami(self) -> dict[str, Any]:
        allowed = [str(each) for each in permissions_of(self.role)]
        stamp = "development"
        return {"name": "alexandra", "role": str(self.role), "stamp": stamp, "expires": NOW, "permissions": allowed}

    async def home(self) -> dict[str, Any]:
        if self.empty:
            return {"runs": [], "jobs": [], "cohorts": [], "assessments": [], "reviews": [], "arrivals": 0,
                    "warnings": []}  # fmt: skip
        return {
            "runs": [{"run": LONG, "state": "running"}, {"run": "second", "state": "failed"}],
            "jobs": [{"job": "j", "kind": "evaluate", "subject": f"cohort:{LONG}", "state": "running"}],
            "cohorts": [{"cohort": LONG, "n": 12345}],
            "assessments": [{"subject": LONG, "audience": "recipient", "state": "submitted", "author": "alice"}],
            "decided": [
                {"subject": LONG, "audience": "public", "state": "approved", "by": "admin", "note": "", "at": NOW},
            ],
            "done": [{"job": "k", "kind": "evaluate", "subject": f"cohort:{LONG}", "at": NOW}],
            "reviews": [
                {"dataset": LONG, "undecided": 17, "held": 20, "may_decide": True},
                {"dataset": f"{LONG}-2", "undecided": 1, "held": 1, "may_decide": False},
            ],
            "arrivals": 2,
            "warnings": ["Only 1.2 GB are free."],
        }

    async def browse(self, path: str | None = None) -> dict[str, Any]:
        entries = [{"name": f"folder-{index}", "kind": "folder", "size": None} for index in range(5)]
        entries += [{"name": f"{LONG}-{index}.png", "kind": "images", "size": 123_456 * index} for index in range(400)]
        return {"path": f"/srv/inbox/{LONG}", "parent": "/srv/inbox", "entries": entries}

    async def datasets_list(self) -> list[dict[str, Any]]:
        names = [] if self.empty else [LONG, *(f"set-{index}" for index in range(40))]
        numbers = {"records": 10_015, "patients": 7_470, "train": 6_000, "validation": 1_000, "holdout": 3_015}
        return [
            {"dataset": name, "version": 2, "owner": "alice", "images": True, "created": NOW, **numbers}
            for name in names
        ]

    async def datasets_show(self, name: str) -> dict[str, Any]:
        return {**document("dataset"), "dataset": name}

    async def datasets_gallery(self, name: str, count: int = 12, size: int = 32) -> dict[str, Any]:
        return {"images": [{"record": f"r{index}", **picture(size)} for index in range(count)]}

    async def datasets_remove(self, name: str) -> dict[str, Any]:
        return {
            "dataset": name,
            "removed_versions": 1,
            "remains": {"generators": ["first"], "cohorts": [], "exports": []},
        }

    async def arrivals(self) -> list[dict[str, Any]]:
        facts = {"kind": "folder", "size": 123_456_789, "files": 1_234, "arrived": NOW}
        names = () if self.empty else (f"night-{index}-{LONG}" for index in range(3))
        return [{"path": f"/srv/inbox/{name}", **facts} for name in names]

    async def review_counts(self, dataset: str) -> dict[str, Any]:
        facts = {"accepted": 3, "masked": 1, "rejected": 2, "self_reviewed": 2, "came_back": 1}
        return {"dataset": dataset, "held": 20, "decided": 3, **facts}

    async def review_list(self, dataset: str | None = None) -> list[dict[str, Any]]:
        return [] if self.empty else [self._held(index, dataset or LONG) for index in range(300)]

    async def review_show(self, id: str, size: int = 512) -> dict[str, Any]:
        dataset, _, record = id.rpartition("/")
        shown = {**self._held(int(record.removeprefix("rabcdef")), dataset), "picture": picture(64)}
        return {**shown, "read": ["DOE^JANE 1970-01-02 \x1b[31m[bold]" * 3] * 9}

    def _held(self, index: int, dataset: str) -> dict[str, Any]:
        sentence = "Pictures of this kind often carry burned-in text: a person must look."
        return {
            "id": f"rabcdef{index:010d}",
            "dataset": dataset,
            "version": 2,
            "reason": "needs_review",
            "sentence": sentence,
            "width": 640,
            "height": 640,
            "boxes": [[10, 20, 300, 60]],
            "waiting_days": 12,
            "decision": "mask" if index < 3 else None,
            "may_decide": True,
        }

    async def runs_list(self) -> list[dict[str, Any]]:
        states = ("running", "queued", "paused", "interrupted", "stopped", "finished", "failed")
        return [
            {
                "run": f"{LONG}-{state}",
                "dataset": LONG,
                "preset": "small64",
                "state": state,
                "kimg": 1234.5,
                "kimg_total": 2000.0,
                "started": NOW,
                "owner": "alice",
                "simulated": state == "finished",
                "generator": state == "stopped",
            }
            for state in (() if self.empty else states)
        ]

    async def runs_show(self, run: str) -> dict[str, Any]:
        facts = {"run": run, "dataset": LONG, "state": "running", "device": "cuda", "preset": "small64", "kimg": 100.0}
        return {**facts, "kimg_total": 200.0, "seconds": 4000, "simulated": False, "error": None, "best": None}

    async def runs_watch(self, run: str, offset: int = 0) -> dict[str, Any]:
        records: list[dict[str, Any]] = []
        for step in range(0 if offset else 400):
            kimg = step / 4
            losses = {"loss_generator": 1 / (1 + kimg), "loss_discriminator": 0.7, "images_per_second": 84.2}
            accuracies = {"accuracy_real": 0.6, "accuracy_fake": 0.4, "eta_seconds": 754.0}
            records.append({"kind": "tick", "kimg": kimg, "seconds": 10 * kimg, **losses, **accuracies})
        records.append({"kind": "evaluation", "kimg": 50, "fd_ratio_validation": 3.2, "nearest_neighbour_risk": 0.71})
        log = [f"2026-11-23T09:41:00Z something rather long happened at step {index}" for index in range(50)]
        best = {"kimg": 50.0, "fd_ratio_validation": 3.2}
        return {"records": records, "offset": 1, "state": "running", "log": log, "samples": [0.0, 50.0], "best": best}

    async def runs_sample(self, run: str, kimg: float | None = None, size: int | None = None) -> dict[str, Any]:
        return {"kimg": kimg or 50.0, **picture(64, 3)}

    async def runs_clusters(self) -> dict[str, Any]:
        return {"clusters": ["slurm", "night"]}

    async def weights_list(self) -> list[dict[str, Any]]:
        return [{"name": "generator_v1", "resolution": 64}]

    async def cohorts_list(self) -> list[dict[str, Any]]:
        shown = {**document("cohort"), "cohort": LONG, "dataset": LONG, "run": LONG}
        return [] if self.empty else [{**shown, "cohort": f"{LONG}-{index}"} for index in range(30)]

    async def cohorts_show(self, name: str) -> dict[str, Any]:
        return {**document("cohort"), "cohort": name}

    async def cohorts_gallery(self, name: str, count: int = 12, size: int = 32) -> dict[str, Any]:
        row = {"finding": "no tumour in slice", "sex": "F", "age": "40.0", "ethnicity": "White"}
        return {"images": [{"record": f"r{index}", "row": row, **picture(size)} for index in range(count)]}

    async def evaluation_show(self, cohort: str) -> dict[str, Any]:
        if self.empty:
            raise NotFound("not_evaluated", "This cohort has no evaluation.", "Make one.")
        return dict(document("evaluation"))

    async def cohorts_nearest(self, name: str, count: int = 6, size: int = 48) -> dict[str, Any]:
        facts = {"synthetic": picture(size), "training": picture(size)}
        pairs = [{"record": f"{LONG}-{at}", "alike": 0.99 - at / 100, "as_near": at / 50, **facts} for at in range(9)]
        return {"cohort": name, "of": 9, "pairs": pairs[:count]}

    async def cohorts_compare(self, names: list[str]) -> dict[str, Any]:
        found = document("evaluation")
        judged = [Judged(name, 300, "chest v1", NOW, found) for name in names]
        better = [
            {**each, "value": 1.02, "low": 0.9, "high": 1.1} if each["name"] == "fidelity.fd_ratio" else each
            for each in found["evidence"]
        ]
        judged[0] = replace(judged[0], document={**found, "evidence": better})
        return compare(judged)

    async def pia_list(self) -> list[dict[str, Any]]:
        shown = {"audience": "recipient", "version": 3, "author": "alexandra", "created": NOW, "expires": None}
        states = () if self.empty else ("draft", "submitted", "approved", "returned", "rejected")
        return [{"subject": f"generator:{LONG}-{state}", "state": state, **shown} for state in states]

    async def pia_show(self, subject: str) -> dict[str, Any]:
        if self.empty:
            raise NotFound("no_assessment", "There is no assessment of it.", "Draft one.")
        possible = {
            Role.RESEARCHER: ["edit", "submit", "withdraw"],
            Role.AUDITOR: ["concur", "dissent"],
            Role.ADMIN: ["approve", "return", "reject", "withdraw"],
        }
        return {**document("assessment"), "subject": subject, "possible": possible[self.role]}

    async def pia_diff(self, subject: str, against: str = "") -> dict[str, Any]:
        texts = [{"text": name, "digest": "f" * 64, "at": NOW} for name in ("1.1", "1.2")]
        change = {"field": "need.purpose", "question": "What for? " * 12, "before": "One. " * 60, "after": "Two. " * 60}
        return {"subject": subject, "before": texts[0], "after": texts[1], "texts": texts, "changes": [change] * 9}

    async def releases_list(self) -> list[dict[str, Any]]:
        facts = {
            "format": "folder",
            "file": f"{LONG}-recipient.zip",
            "at": NOW,
            "actor": "alexandra",
            "digest": "f" * 64,
        }
        signed = {**facts, "kind": "cohort", "audience": "recipient", "assessment": "e72f953b62d9", "overridden": False}
        forced = {"assessment": None, "overridden": True, "approved_by": ["ada", "bo"]}
        told = [
            {**signed, "subject": LONG, "approved_by": ["admin"], "marks": ["DEVELOPMENT", "SIMULATED"]},
            {**signed, "subject": "second", "kind": "generator", "approved_by": ["admin"], "marks": []},
            {**signed, **forced, "subject": "third", "there": False},
        ]
        return (
            []
            if self.empty
            else [{"marks": None, "there": True, "release": f"0123456789a{at}", **each} for at, each in enumerate(told)]
        )

    async def settings_list(self) -> list[dict[str, Any]]:
        return [{"key": f"a_setting_{index}", "value": LONG, "meaning": "What it means. " * 9} for index in range(30)]

    async def totp(self) -> dict[str, Any]:
        return {"on": False, "since": None, "needed": True, "recovery_codes_left": 0}

    async def gate_show(self, subject: str, audience: str = "internal") -> dict[str, Any]:
        reasons = [
            {
                "code": code,
                "why": f"A long sentence about {code} that says no. " * 2,
                "what_to_do": "Do this. " * 5,
            }
            for code in ("not_assessed", "gauge_grey", "not_evaluated")
        ]
        shown = {"subject": subject, "audience": audience, "marks": ["DEVELOPMENT"]}
        if subject.startswith("dataset:"):
            return {**shown, "open": True, "reasons": []}
        return {**shown, "open": False, "reasons": reasons}

    async def audit_list(self, **filters: Any) -> dict[str, Any]:
        if filters.get("since") == "nonsense":
            raise BadInput("bad_date", "That is not a date.", "For instance: --since 2026-11-01")
        facts = {"actor": "alexandra", "role": "researcher", "face": "studio", "session": "abc", "hash": "0" * 64}
        records = [
            {
                "seq": 1_000_000 - index,
                "at": NOW,
                "action": "cohorts.evaluate",
                "object": f"cohort:{LONG}",
                "outcome": "denied" if index % 7 == 0 else "done",
                "reason": "",
                "detail": {"digest": "f" * 64, "n": index},
                **facts,
            }
            for index in range(100)
        ]
        return {"records": records, "next": 999_900}

    async def audit_prove(self, seq: int) -> dict[str, Any]:
        return {"seq": seq, "holds": True, "path": ["ab" * 32] * 20, "checkpoint": "medsynth/x\n1000064\nroot\n"}

    async def audit_checkpoint(self) -> dict[str, Any]:
        return {"records": 1_000_000, "code": "1000000 K7QX-94MT-0WZ3-H2AB", "key": "medsynth/x+0a0a0a0a+" + "A" * 44}

    async def doctor(self) -> dict[str, Any]:
        names = ("disk", "audit signatures", "ledger file")
        checks = [
            {"name": name, "ok": name != "disk", "says": "A sentence. " * 12, "what_to_do": "Do this. " * 9}
            for name in names
        ]
        return {"ok": False, "checks": checks, "machine": self.machine}

    async def disk(self) -> dict[str, Any]:
        own, names = self.role is Role.RESEARCHER, self.role is not Role.AUDITOR and not self.empty
        removed_by = {
            "dataset": "its owner",
            "run": "its owner",
            "generator": "nobody: the store keeps its generators",
        }
        return {
            "free": 48_000_000_000,
            "total": 500_000_000_000,
            "used": 9_300_000_000,
            "kinds": [{"kind": kind, "bytes": 10**9 * n} for n, kind in enumerate(("dataset", "run", "generator"), 1)]
            + [{"kind": "ledger", "bytes": 3_000_000}, {"kind": "work", "bytes": 812}]
            + [{"kind": "unfinished", "bytes": 5_000}],
            "unfinished": [{"of": "dataset", "bytes": 4_000}, {"of": "run", "bytes": 1_000}],
            "owners": [{"owner": "alexandra", "bytes": 10**9}, {"owner": "", "bytes": 10**8}] if names else [],
            "things": [
                {
                    "kind": kind, "name": f"{LONG}-{index}", "owner": "alexandra", "own": own, "created": "2026-11-23",
                    "bytes": 10**8 // (index + 1), "removed_by": who,
                    "remove": f"{kind}s_remove" if own and kind != "generator" else "",
                }
                for kind, who in removed_by.items()
                for index in range(6 if names else 0)
            ],
        }  # fmt: skip

    async def audit_verify(self, anchor: str | None = None, code: str | None = None) -> dict[str, Any]:
        problems = ["record 7: its hash does not follow from record 6"]
        return {"ok": False, "records": 12, "head": "ab" * 32, "anchored": False, "problems": problems}

    async def users_list(self) -> list[dict[str, Any]]:
        return [
            {"name": f"user-{index}", "role": "researcher", "state": "invited", "created": NOW, "last_login": None}
            for index in range(30)
        ]

    async def users_add(self, name: str, role: str) -> dict[str, Any]:
        return {"name": name, "role": role, "code": "ABCD-EFGH-IJKL"}

    async def follow(self, job: str) -> AsyncIterator[dict[str, Any]]:
        yield {"job": job, "state": "running", "progress": {"done": 3, "total": 10, "unit": "files", "say": "decoding"}}
