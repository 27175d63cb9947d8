"""The table of DESIGN section 4 as data. It is the whole truth: the engine asks it before every operation."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Role(StrEnum):
    RESEARCHER = "researcher"
    ADMIN = "admin"
    AUDITOR = "auditor"


class Scope(StrEnum):
    """On whose things a permission may be used. `own` includes what its owner shared."""

    NONE = "none"
    OWN = "own"
    ALL = "all"


class Permission(StrEnum):
    BRING_IN = "bring_in"
    TRAIN = "train"
    GENERATE = "generate"
    EVALUATE = "evaluate"
    BUNDLE = "bundle"
    DRAFT_PIA = "draft_pia"
    EXPORT = "export"
    SEE_IMAGES = "see_images"
    REVIEW = "review"
    MANAGE_USERS = "manage_users"
    MANAGE_SETTINGS = "manage_settings"
    MAINTAIN = "maintain"
    DECIDE_PIA = "decide_pia"
    OVERRIDE_GATE = "override_gate"
    GIVE_OPINION = "give_opinion"
    READ_AUDIT = "read_audit"
    EXPORT_AUDIT = "export_audit"
    READ_REPORTS = "read_reports"
    OWN_ACCOUNT = "own_account"
    ANYONE = "anyone"


def _only(role: Role, scope: Scope) -> dict[Role, Scope]:
    return {each: scope if each is role else Scope.NONE for each in Role}


_WORK = _only(Role.RESEARCHER, Scope.OWN)
_ADMIN = _only(Role.ADMIN, Scope.ALL)
_OVERSIGHT = {Role.RESEARCHER: Scope.OWN, Role.ADMIN: Scope.ALL, Role.AUDITOR: Scope.ALL}

MATRIX: Mapping[Permission, Mapping[Role, Scope]] = MappingProxyType(
    {
        Permission.BRING_IN: _WORK,
        Permission.TRAIN: _WORK,
        Permission.GENERATE: _WORK,
        Permission.EVALUATE: _WORK,
        Permission.BUNDLE: _WORK,
        Permission.DRAFT_PIA: _WORK,
        Permission.EXPORT: _WORK,
        Permission.SEE_IMAGES: _WORK,
        Permission.REVIEW: _WORK,
        Permission.MANAGE_USERS: _ADMIN,
        Permission.MANAGE_SETTINGS: _ADMIN,
        Permission.MAINTAIN: _ADMIN,
        Permission.DECIDE_PIA: _ADMIN,
        Permission.OVERRIDE_GATE: _ADMIN,
        Permission.GIVE_OPINION: _only(Role.AUDITOR, Scope.ALL),
        Permission.READ_AUDIT: _OVERSIGHT,
        Permission.EXPORT_AUDIT: _OVERSIGHT,
        Permission.READ_REPORTS: _OVERSIGHT,
        Permission.OWN_ACCOUNT: dict.fromkeys(Role, Scope.OWN),
        Permission.ANYONE: dict.fromkeys(Role, Scope.ALL),
    }
)


def scope_of(role: Role | str, permission: Permission) -> Scope:
    """On whose things somebody of this role may use the permission. A role that does not exist may do nothing."""
    try:
        return MATRIX[permission][Role(role)]
    except (ValueError, KeyError):
        return Scope.NONE


def permitted(role: Role | str, permission: Permission) -> bool:
    return scope_of(role, permission) is not Scope.NONE


def permissions_of(role: Role | str) -> list[Permission]:
    """What somebody of this role may do, for menus and `whoami`."""
    return [permission for permission in Permission if permitted(role, permission)]
