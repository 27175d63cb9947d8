"""The permission table says what DESIGN section 4 says, cell by cell."""

from __future__ import annotations

import pytest

from medsynth_engine.access.roles import MATRIX, Permission, Role, Scope, permissions_of, permitted, scope_of

RESEARCHER_ONLY = {"bring_in", "train", "generate", "evaluate", "bundle", "draft_pia", "export", "see_images", "review"}
ADMIN_ONLY = {"manage_users", "manage_settings", "maintain", "decide_pia", "override_gate"}
OVERSIGHT = {"read_audit", "export_audit", "read_reports"}


def expected(permission: str, role: str) -> str:
    if permission in RESEARCHER_ONLY:
        return "own" if role == "researcher" else "none"
    if permission in ADMIN_ONLY:
        return "all" if role == "admin" else "none"
    if permission == "give_opinion":
        return "all" if role == "auditor" else "none"
    if permission in OVERSIGHT:
        return "own" if role == "researcher" else "all"
    return {"own_account": "own", "anyone": "all"}[permission]


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("permission", list(Permission))
def test_every_cell(permission: Permission, role: Role) -> None:
    assert scope_of(role, permission) == expected(permission, role)
    assert permitted(role, permission) is (expected(permission, role) != "none")
    assert (permission in permissions_of(role)) is permitted(role, permission)


def test_the_table_has_a_cell_for_every_permission_and_role() -> None:
    assert set(MATRIX) == set(Permission)
    assert all(set(row) == set(Role) for row in MATRIX.values())


def test_nobody_decides_and_gives_an_opinion() -> None:
    for role in Role:
        assert not (permitted(role, Permission.DECIDE_PIA) and permitted(role, Permission.GIVE_OPINION))
        assert not (permitted(role, Permission.DECIDE_PIA) and permitted(role, Permission.DRAFT_PIA))


def test_a_role_that_does_not_exist_may_do_nothing() -> None:
    assert scope_of("root", Permission.ANYONE) is Scope.NONE
    assert permissions_of("root") == []


def test_the_table_cannot_be_changed_from_outside() -> None:
    with pytest.raises(TypeError):
        MATRIX[Permission.TRAIN] = {}  # type: ignore[index]
