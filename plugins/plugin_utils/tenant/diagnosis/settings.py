# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What explains a failure without a log: the settings of the tenant, as a readiness check reads them, for the users of
the devices that are not well.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t
from collections.abc import Iterable

from ...findings import FAIL, PASS, UNKNOWN
from ...task import Task
from ..graph.failures import RequestFailure
from ..readiness import verdict
from .clues import IS_WARNING, OF_A_SETTING, TenantClue, evidence
from .event_clues import ENROLLMENT_CODES
from .logs import PACKAGE_PREFIX
from .sign_ins import TO_ENROLL, TO_JOIN

#: The name of a device's finding: its tenant gave it no address of an MDM.
NOT_OFFERED = "mdm_not_offered"
FindingDict = dict[str, t.Any]
#: Users that are asked about in one run.
MOST_USERS = 500
_MFA = frozenset({"0xcaa2000c", "0x801c0002", "aadsts50072", "aadsts50074", "aadsts50076", "aadsts50079"})
#: Of each setting: what it can keep from happening, and the codes that the device then shows.
OF_EACH_SETTING: dict[str, tuple[str, frozenset[str]]] = {
    "registration_policy": (TO_JOIN, frozenset()),
    "join_scope": (TO_JOIN, frozenset({"0x801c0003"})),
    "device_quota": (TO_JOIN, frozenset({"0x801c000e", "0x801c0003"})),
    "mfa_at_join": (TO_JOIN, _MFA),
    "user": (TO_JOIN, frozenset({"0x801c0024", "0xcaa20003", "aadsts50034", "aadsts50057"})),
    "security_defaults": (TO_JOIN, _MFA),
    "service_principal": (TO_JOIN, frozenset({"aadsts700016", "aadsts500011", "aadsts7000112"})),
    "conditional_access": (TO_JOIN, _MFA | {"aadsts53003", "aadsts53000", "aadsts53001", "aadsts50097"}),
    "licence": (TO_ENROLL, frozenset({ENROLLMENT_CODES["licence"], NOT_OFFERED})),
    "mdm_scope": (TO_ENROLL, frozenset({ENROLLMENT_CODES["mdm_scope"], "0x8018002b", NOT_OFFERED})),
    "enrollment_limit": (TO_ENROLL, frozenset({ENROLLMENT_CODES["enrollment_limit"]})),
    "enrollment_restriction": (TO_ENROLL, frozenset({ENROLLMENT_CODES["enrollment_restriction"]})),
}


class _Options(dict[str, t.Any]):
    """Options of readiness_info: those that are not here are not given."""

    def __missing__(self, name: str) -> None:
        return None


def ask(task: Task, users: Iterable[str | None]) -> tuple[list[FindingDict], list[str]]:
    """The findings of a readiness check for these users (None: all package users), and notes about what was left out.

    Asked of the settings themselves; the service's own What If, which answers once a second, is not asked.
    """
    wanted = list(dict.fromkeys(users))
    named = [user for user in wanted if user is not None]
    notes = []
    if len(named) > MOST_USERS:
        notes.append(f"the settings were looked at for {MOST_USERS} of {len(named)} users")
        named = named[:MOST_USERS]
    options = _Options(
        users=named or None,
        user_prefixes=[PACKAGE_PREFIX] if None in wanted else None,
        expect_mdm=True,
        devices_per_user=1,
        device_preparation=False,
        what_if=False,
        fail_on=[],
    )
    inner = Task(options, task.check_mode, client=task.client, show=task.show)
    try:
        verdict.judge(inner)
    except RequestFailure as failed:
        return [], [*notes, f"the settings of the tenant were not read: {failed.error['cause']}"]
    return list(inner.learned["findings"]), notes


class Settings:
    """The findings of a readiness check, by whom they are about."""

    def __init__(self, findings: list[FindingDict]) -> None:
        self._findings = [one for one in findings if one["id"] in OF_EACH_SETTING]

    def of_user(self, user: str | None) -> list[FindingDict]:
        """Those about a user in lower case (None: any package's) and about the tenant as a whole."""
        return [one for one in self._findings if self._is_about(one, user)]

    def clues(self, user: str | None) -> list[TenantClue]:
        """What of them can keep a device of this user from joining or enrolling."""
        about = [one for one in self.of_user(user) if one["result"] not in (PASS, UNKNOWN)]
        if user is not None:
            return [_clue(one) for one in about]
        # Of packages' users nobody knows which is meant: what does not stop all of them says nothing.
        of_packages = [one for one in self._findings if str(_user_of(one)).startswith(PACKAGE_PREFIX)]
        open_to_some = {one["id"] for one in of_packages if one["result"] != FAIL}
        return [_clue(one) for one in about if _user_of(one) is None or one["id"] not in open_to_some]

    def scope_by_elimination(self, user: str | None) -> TenantClue | None:
        """The MDM scope, where it cannot be read and a device was not offered an MDM although the user has a licence,
        or needs none."""
        about = self.of_user(user)
        unread = next((one for one in about if one["id"] == "mdm_scope" and one["result"] == UNKNOWN), None)
        licences = [one["result"] for one in about if one["id"] == "licence"]
        package = user is not None and user.startswith(PACKAGE_PREFIX)
        if unread is None or user is None or not (package or licences == [PASS]):
            return None
        has = "who needs no license" if package else "who has the license"
        return TenantClue(
            TO_ENROLL,
            "mdm_scope",
            OF_A_SETTING,
            f"the device was not offered an MDM, and {user} {has[4:]}",
            f"the user is not in the MDM scope: the tenant offered the device no MDM for {user}, {has} (the scope "
            f"itself was not read: {unread['cause']})",
            "put the user, or a group of the user, into the MDM user scope (mdm_scope), and join the device again",
            "setting",
            (evidence("setting mdm_scope", None, [unread["cause"]], "setting"),),
            explains=OF_EACH_SETTING["mdm_scope"][1],
            user=user,
        )

    def unknown(self, user: str | None, topics: Iterable[str]) -> list[FindingDict]:
        """What of them could not be read, of these topics (join, mdm)."""
        wanted = set(topics)
        return [one for one in self.of_user(user) if one["result"] == UNKNOWN and _what(one) in wanted]

    def denied(self, user: str | None, code: str) -> list[FindingDict] | None:
        """The findings that say that what a code stands for is not so; None where one of them is not known, or fails,
        or nothing of the settings stands behind the code."""
        behind = [one for one in self.of_user(user) if code.lower() in OF_EACH_SETTING[one["id"]][1]]
        if not behind or any(one["result"] != PASS for one in behind):
            return None
        return behind

    @staticmethod
    def _is_about(one: FindingDict, user: str | None) -> bool:
        subject = _user_of(one)
        return subject in (None, user) or (user is None and str(subject).startswith(PACKAGE_PREFIX))


def _user_of(one: FindingDict) -> str | None:
    """The user that a finding is about, in lower case; a policy or an application is not one."""
    subject = str(one["subject"] or "").lower()
    return subject if "@" in subject or subject.startswith(PACKAGE_PREFIX) else None


def _what(one: FindingDict) -> str:
    """What the setting can keep from happening: policies of Conditional Access can stop either."""
    if one["id"] == "conditional_access" and "enrollment" in f"{one['observed']} {one['cause']}":
        return TO_ENROLL
    return OF_EACH_SETTING[one["id"]][0]


def _clue(one: FindingDict) -> TenantClue:
    whose = f" ({one['subject']})" if one["subject"] else ""
    said = f"{one['observed']}{whose}" + (f": {one['cause']}" if one["cause"] else "")
    return TenantClue(
        _what(one),
        one["id"],
        OF_A_SETTING if one["result"] == FAIL else IS_WARNING,
        one["observed"] + whose,
        said,
        one["fix"],
        "setting",
        (evidence(f"setting {one['id']}", None, [one["observed"] + whose], "setting"),),
        explains=OF_EACH_SETTING[one["id"]][1],
        side=one["side"],
        doc=one["doc"],
        user=_user_of(one),
    )
