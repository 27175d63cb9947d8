"""Tables, rules and populations in the engine's shapes, as the real engine once wrote them (a clinic of 900)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from medsynth_engine.kernel.errors import NotFound

NOW = "2026-11-23T09:41:00+00:00"
LONG = "a-rather-long-name-for-something-in-a-hospital"
HERE = Path(__file__).parent / "documents"


def document(name: str) -> Any:
    """A document as the real engine once wrote it."""
    return json.loads((HERE / f"{name}.json").read_text())


class FakeRows:
    """What `FakeEngine` answers of the structured half."""

    empty: bool
    asked: list[dict[str, Any]]

    async def cohorts_plan(self, n: int, **asked: Any) -> dict[str, Any]:
        self.asked.append(asked)
        whole = {**document("plan"), "n": n}
        return (
            whole
            if asked.get("population") or asked.get("balance")
            else {**whole, "cells": [], "small": 0, "refused": None, "assumed": []}
        )

    async def population_offered(self, **source: Any) -> dict[str, Any]:
        return dict(document("offered"))

    async def rows_learners(self, dataset: str) -> dict[str, Any]:
        return {**document("learners"), "dataset": dataset}

    async def datasets_table(self, name: str) -> dict[str, Any]:
        if self.empty:
            raise NotFound("not_described", "Nobody has had this table described yet.", "Have it.")
        return {**document("table"), "dataset": name}

    async def cohorts_table(self, name: str) -> dict[str, Any]:
        return {**document("cohort_table"), "cohort": name}

    async def cohorts_rows(self, name: str, start: int = 0, count: int = 50) -> dict[str, Any]:
        whole = document("cohort_rows")
        return {**whole, "start": start, "rows": whole["rows"][start : start + count]}

    async def rules_list(self, dataset: str) -> dict[str, Any]:
        return {**document("rules"), "dataset": dataset, **({"rules": []} if self.empty else {})}

    async def jobs_list(self) -> list[dict[str, Any]]:
        facts = {"kind": "compare_rows", "state": "finished", "created": NOW}
        return [] if self.empty else [{"job": "j", "subject": f"dataset:{LONG}", **facts}]

    async def jobs_show(self, job: str) -> dict[str, Any]:
        facts = {"kind": "compare_rows", "subject": f"dataset:{LONG}", "state": "finished"}
        return {"job": job, **facts, "result": document("learners_compared")}
