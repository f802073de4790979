# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who can sign in at the screen, and who has: Entra profiles, the last user, "Other user".

The primary refresh token and the tickets of Kerberos belong to the session of their user. What dsregcmd says over a
connection is of the account of that connection, so that nothing of it stands here. Sources: ``ProfileList`` (when a
profile was last loaded), ``LogonUI`` (who was last), ``IdentityStore`` (names of Entra accounts), as public inventories
read them.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...findings import Finding
from ...untrusted import in_one_line
from .. import operations as op
from ..first_sync import Told
from ..reading import Key
from ..sign_in.option import VALUES, read_option
from .blockers import OF_OTHER_USER, found, places, said
from .points import Section, Seen, of_filetime, passed, told_of, unknown, warned

_LOADED = ("LocalProfileLoadTimeHigh", "LocalProfileLoadTimeLow")
OBSERVATIONS = {
    "profiles": op.registry_read(
        r"SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList", depth=1, names=("ProfileImagePath", *_LOADED)
    ),
    "last_user": op.registry_read(
        r"SOFTWARE\Microsoft\Windows\CurrentVersion\Authentication\LogonUI", names=("LastLoggedOnUserSID",)
    ),
    # The key of the CSP is among the reads of Windows Hello.
    "security_key_policy": VALUES["security_key_policy"],
    # A SID, IdentityCache, the SID again.
    "identities": op.registry_read(r"SOFTWARE\Microsoft\IdentityStore\Cache", depth=3, names=("UserName",)),
}
_ENTRA = re.compile(r"S-1-12-1(?:-[0-9]{1,10}){4}", re.IGNORECASE)
_TOKENS_UNREAD = (
    "the primary refresh token and the tickets of Kerberos can only be seen in the session of their user, with "
    "dsregcmd /status and klist there"
)
DOC = "https://learn.microsoft.com/entra/identity/devices/troubleshoot-device-windows-joined"


def sign_in(seen: Seen) -> Section:
    """``{users: [{sid, name, last}], last_user, other_user, other_user_blockers, looked_at, security_key,
    security_key_reason, prt, tgts, tokens_unread, refused}``."""
    told = Told()
    option = read_option(seen.answer, "hello_mdm")
    for unread in (option.csp, option.policy):
        if unread.there is None and unread.reason:
            told.refused.append(unread.reason)
    blockers, looked_at, _refused = found(OF_OTHER_USER, seen, told)
    last = told.of(seen.key("last_user").text, "LastLoggedOnUserSID")
    return {
        "users": told.of(lambda: list(_users(seen, told))),
        "last_user": in_one_line(last, 200) if last else None,
        "other_user": False if blockers else None,
        "other_user_blockers": blockers,
        "looked_at": looked_at,
        "security_key": option.enabled,
        "security_key_reason": option.reason,
        "prt": None,
        "tgts": None,
        "tokens_unread": _TOKENS_UNREAD,
        "refused": told_of(told),
    }


def _users(seen: Seen, told: Told) -> Iterator[Section]:
    """The Entra accounts with a profile. Of one whose key is closed only the SID is known."""
    for sid, key in seen.key("profiles").children():
        if _ENTRA.fullmatch(sid):
            name = told.of(lambda s=sid: _name(seen, s))
            yield {"sid": sid, "name": name, "last": told.of(lambda k=key: _loaded(k))}


def _name(seen: Seen, sid: str) -> str | None:
    name = seen.key("identities").child(sid, "IdentityCache", sid).text("UserName")
    return in_one_line(name, 200) if name else None


def _loaded(key: Key) -> str | None:
    high, low = (key.number(name) for name in _LOADED)
    return None if high is None or low is None else of_filetime(((high & 0xFFFFFFFF) << 32) | (low & 0xFFFFFFFF))


def judge(section: Section, seen: Seen) -> Iterator[Finding]:
    yield _other_user(section)
    yield _user(section, seen)


def _other_user(section: Section) -> Finding:
    blockers = section["other_user_blockers"]
    if blockers:
        return warned(
            "other_user",
            said(blockers),
            f"a person who has not signed in here before cannot: {said(blockers)}",
            "take that setting away",
            doc=DOC,
            evidence=blockers,
        )
    if len(section["looked_at"]) < len(OF_OTHER_USER):
        return unknown("other_user", section)
    return passed("other_user", f"no blocker was found; {places(section)}")


def _user(section: Section, seen: Seen) -> Finding:
    users = section["users"]
    if users is None:
        return unknown("user", section)
    if not users and seen.state["join"]["type"] == "hybrid":
        return passed("user", "the device is hybrid joined: its users sign in with accounts of the domain")
    if not users:
        return warned(
            "user",
            "nobody",
            "nobody has signed in with an Entra account, so that what is assigned to users has not come",
            "let the user sign in; it takes longer the first time",
            doc=DOC,
            evidence=[{"users": users, "last_user": section["last_user"]}],
        )
    return passed("user", f"{len(users)} have signed in")
