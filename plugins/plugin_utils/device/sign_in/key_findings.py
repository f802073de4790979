# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What decides whether a person can use a security key at the lock screen of this device: findings.

Sources: "Enable security key sign-in to Windows devices" (Microsoft Entra: Windows 10 1909 for Entra joined devices,
2004 for hybrid joined ones, no servers), PassportForWork CSP (from 1903), "Multi-factor unlock" (Microsoft: the
providers that it supports, none of them the key's; windows-itpro-docs, issue 6189), the ADMX policy "Exclude credential
providers". That the plural SecurityKeys has no effect is known from the CSP's own name, and from scripts that wrote it.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from ...findings import Finding
from .. import operations as op
from ..answers import Answer
from ..join_facts import JOINED_TYPES
from ..preflight.check import Rule
from ..reading import FULL_TOKEN, Key, Unreadable
from .option import CSP_PLACE, CSP_VALUE, FIDO_PLACE, HELLO, HELLO_POLICY, Option

ENTRA_DOC = (
    "https://learn.microsoft.com/entra/identity/authentication/howto-authentication-passwordless-security-key-windows"
)
CSP_DOC = "https://learn.microsoft.com/windows/client-management/mdm/passportforwork-csp"
UNLOCK_DOC = "https://learn.microsoft.com/windows/security/identity-protection/hello-for-business/multifactor-unlock"
EXCLUDE_DOC = "https://learn.microsoft.com/windows/client-management/mdm/policy-csp-admx-credentialproviders"
#: Windows 10 1903, from which there is the CSP's setting; 1909, from which Entra supports it; 2004, for hybrid joins.
FIRST_KEY_BUILD, FIRST_ENTRA_BUILD, FIRST_HYBRID_BUILD = 18362, 18363, 19041
#: The credential provider of the key, in capitals.
KEY_PROVIDER = "{F8A1793B-7873-4046-B2A7-1F318747F427}"
SIGN_IN_POLICY = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System"
PROVIDER_PATH = rf"SOFTWARE\Microsoft\Windows\CurrentVersion\Authentication\Credential Providers\{KEY_PROVIDER}"
UNLOCK_KEY, UNLOCK_GROUPS = "DeviceUnlock", ("GroupA", "GroupB")
#: Places below the two keys of Windows Hello at which the setting is found and that no source says Windows reads.
WRONG_PLACES = ((HELLO, "SecurityKeys"), (HELLO_POLICY, "SecurityKey"), (HELLO_POLICY, "SecurityKeys"))
HELLO_READS = {HELLO: "security_key_csp", HELLO_POLICY: "security_key_hello"}
KEY_OBSTACLES = {
    "security_key_hello": op.registry_read(HELLO_POLICY, depth=1),
    "security_key_excluded": op.registry_read(SIGN_IN_POLICY, names=("ExcludedCredentialProviders",)),
    "security_key_provider": op.registry_read(PROVIDER_PATH, names=("Disabled",)),
}


@dataclasses.dataclass(frozen=True)
class Look:
    """What is judged. ``build`` is ``26100.2314``, None where it could not be read, like ``join_type`` and ``server``;
    ``wanted`` whether the option is to be on."""

    answer: Answer
    option: Option
    join_type: str | None
    build: str | None
    server: bool | None
    wanted: bool = True


def number_of(build: str | None) -> int | None:
    return None if build is None else int(build.split(".")[0])


def has_the_option(look: Look) -> bool | None:
    """Whether this Windows offers the sign-in for this join type; None where that could not be read."""
    number = number_of(look.build)
    if look.server or (number is not None and number < FIRST_KEY_BUILD):
        return False
    if number is None or look.server is None:
        return None
    if look.join_type is None and number < FIRST_HYBRID_BUILD:
        return None
    return look.join_type != "hybrid" or number >= FIRST_HYBRID_BUILD


def _option(look: Look) -> Finding:
    rule = Rule("option", "switched on" if look.wanted else "switched off", ENTRA_DOC)
    found = look.option
    if found.enabled is None:
        return rule.unknown(found.reason or "it could not be read", _fix_of_unknown(found))
    shown = f"{'on' if found.enabled else 'off'} ({', '.join(found.by) or 'no way sets it'})"
    if found.enabled is look.wanted:
        return rule.passed(shown)
    if look.wanted:
        return rule.failed(
            shown,
            "the lock screen does not offer the sign-in with a security key",
            "set state=present, or switch it on by a package or in the MDM",
        )
    return rule.failed(shown, "the lock screen offers the sign-in with a security key", "change it where it is set")


def _fix_of_unknown(found: Option) -> str:
    if found.csp.there is None or found.policy.there is None:
        return FULL_TOKEN
    return f"let both say the same, or leave one out: {CSP_PLACE}; {FIDO_PLACE}"


def _ways(look: Look) -> Finding:
    rule = Rule("ways", "ways that do not contradict each other", CSP_DOC)
    there = [way for way in look.option.ways if way.there]
    unread = [way for way in look.option.ways if way.there is None]
    shown = ", ".join(f"{way.way}: {_word(way.value)}" for way in there) or "no way is set"
    if len({way.value for way in there}) > 1:
        return rule.warned(
            shown,
            "Microsoft publishes no order between these ways (that the value of MDM wins, if it is 1, is reported)",
            "let all of them say the same, or leave all but one out",
        )
    if unread:
        return rule.unknown(unread[0].reason or "it could not be read")
    odd = next((way for way in there if way.value is None), None)
    return rule.unknown(odd.reason or "its value is not known", "write 0 or 1") if odd else rule.passed(shown)


def _word(value: bool | None) -> str:
    return "unknown" if value is None else "on" if value else "off"


def _build(look: Look) -> Finding:
    first = FIRST_HYBRID_BUILD if look.join_type == "hybrid" else FIRST_ENTRA_BUILD
    rule = Rule("build", f"a client with build {first} or newer", ENTRA_DOC)
    number = number_of(look.build)
    if look.server:
        return rule.failed("Windows Server", "Windows Server has no sign-in with a security key", "use a client")
    fits = has_the_option(look)
    if fits is None:
        return rule.unknown("build, installation type or join type could not be read")
    shown = str(look.build)
    if not fits:
        return rule.failed(
            shown,
            "this Windows does not offer the sign-in with a security key"
            + (" on a hybrid joined device" if look.join_type == "hybrid" else ""),
            "update Windows",
        )
    if number is not None and number < FIRST_ENTRA_BUILD:
        return rule.warned(
            shown,
            "Windows 10 1903 has the setting, but Microsoft Entra supports it from 1909 on, and here only a package "
            "for shared PCs sets it",
            "update Windows",
        )
    return rule.passed(shown)


def _join(look: Look) -> Finding:
    rule = Rule("join", "Entra joined or hybrid joined", ENTRA_DOC)
    if look.join_type is None:
        return rule.unknown("the join type could not be read")
    if look.join_type in JOINED_TYPES:
        return rule.passed(look.join_type)
    return rule.warned(
        look.join_type,
        "the lock screen shows nothing of the option before the device is Entra joined or hybrid joined",
        "join the device (winops.entra.join); the option may be set before",
    )


def _registry_path(look: Look) -> Finding:
    rule = Rule("registry_path", f"no {CSP_VALUE} at a place that Windows does not read", CSP_DOC)
    found = [
        rf"HKLM\{root}\{name}"
        for root, name in WRONG_PLACES
        if look.answer[HELLO_READS[root]].key().child(name).values.get(CSP_VALUE) is not None
    ]
    if not found:
        return rule.passed("none")
    return rule.warned(
        ", ".join(found),
        f"the value has no effect there, it belongs to {CSP_PLACE}",
        "remove it, and set the option by this module, a package or MDM",
    )


def _device_unlock(look: Look) -> Finding:
    rule = Rule("device_unlock", "no multi-factor unlock that leaves the key out", UNLOCK_DOC)
    groups: dict[str, str] = {}
    for root, read in HELLO_READS.items():
        key: Key = look.answer[read].key().child(UNLOCK_KEY)
        for name in UNLOCK_GROUPS:
            if text := (key.text(name) or "").strip():
                groups[rf"HKLM\{root}\{UNLOCK_KEY}, {name}"] = text
    if not groups:
        return rule.passed("no multi-factor unlock")
    shown = "; ".join(f"{place}: {text}" for place, text in groups.items())
    if any(KEY_PROVIDER in text.upper() for text in groups.values()):
        return rule.unknown(
            "multi-factor unlock names the security key, which is not among the providers that Microsoft lists for it",
            "try it on one device",
        )
    return rule.warned(
        shown,
        "multi-factor unlock is set and leaves the security key out: people may be unable to unlock with it",
        "take the device out of the multi-factor unlock policy, or try a key on one device",
    )


def _credential_provider(look: Look) -> Finding:
    rule = Rule("credential_provider", "the credential provider of the key may be used", EXCLUDE_DOC)
    excluded = look.answer["security_key_excluded"].key().text("ExcludedCredentialProviders") or ""
    disabled = look.answer["security_key_provider"].key().number("Disabled")
    if KEY_PROVIDER in excluded.upper():
        return rule.failed(
            f"ExcludedCredentialProviders: {excluded}",
            "a policy takes the credential provider of the security key away from the lock screen",
            f"take {KEY_PROVIDER} out of the policy 'Exclude credential providers'",
        )
    if disabled:
        return rule.failed(
            "Disabled = 1",
            "the credential provider of the security key is disabled",
            rf"delete the value Disabled of HKLM\{PROVIDER_PATH}",
        )
    return rule.passed("neither excluded nor disabled")


KEY_CHECKS: dict[str, Callable[[Look], Finding]] = {
    "option": _option,
    "ways": _ways,
    "build": _build,
    "join": _join,
    "registry_path": _registry_path,
    "device_unlock": _device_unlock,
    "credential_provider": _credential_provider,
}
FINDING_IDS = tuple(KEY_CHECKS)


def judge(look: Look) -> list[Finding]:
    """One finding for each of FINDING_IDS, in that order: unknown where what it reads was refused."""
    return [_made(name, check, look) for name, check in KEY_CHECKS.items()]


def _made(name: str, check: Callable[[Look], Finding], look: Look) -> Finding:
    try:
        return check(look)
    except Unreadable as exc:
        return Rule(name, "readable settings").unknown(str(exc))
