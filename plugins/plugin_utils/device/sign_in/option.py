# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether Windows offers the sign-in with a security key, and which way has set it: the one reader of it.

Sources: PassportForWork CSP (Microsoft: the setting, 0 or 1, off by default, from Windows 10 1903), "Enable security
key sign-in to Windows devices" (Microsoft Entra: the ways, the versions), the ADMX policy "Turn on security key
sign-in" (EnableFIDODeviceLogon). Where the CSP keeps its value is known from Microsoft's collector of authentication
logs, which calls it Intune's policy; that Intune keeps what it has set as nodes of a cache, from the NodeCache CSP and
the tools that read it. No source publishes an order between the ways.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import functools
import typing as t
from collections.abc import Callable

from .. import operations as op
from ..answers import Answer
from ..package_facts import ENGINE_RESULTS, setting_results
from ..reading import Key, Unreadable, WrongType, known, plain_id

HELLO = r"SOFTWARE\Microsoft\Policies\PassportForWork"
HELLO_POLICY = r"SOFTWARE\Policies\Microsoft\PassportForWork"
CSP_KEY, CSP_VALUE = "SecurityKey", "UseSecurityKeyForSignin"
FIDO_POLICY, FIDO_VALUE = r"SOFTWARE\Policies\Microsoft\FIDO", "EnableFIDODeviceLogon"
CSP_PLACE = rf"HKLM\{HELLO}\{CSP_KEY}, {CSP_VALUE}"
FIDO_PLACE = rf"HKLM\{FIDO_POLICY}, {FIDO_VALUE}"
#: What Intune has set, a node each. What it expects there is not read: other nodes hold secrets.
NODES = r"SOFTWARE\Microsoft\Provisioning\NodeCache\CSP\Device\MS DM Server\Nodes"
NODE = "passportforwork/securitykey/usesecuritykeyforsignin"
#: How a package's record names settings of the CSP, by their category or by their place in the description.
RECORDED_AS = ("passportforwork", "windowshelloforbusiness")
T = t.TypeVar("T")
BY_MDM, BY_PACKAGE, BY_CSP, BY_POLICY = "mdm", "provisioning_package", "csp", "policy"
SEVERAL = "several ways are set, and Microsoft publishes no order between them"

#: What says whether the option is on. Small: any module may ask it.
VALUES = {
    "security_key_csp": op.registry_read(HELLO, depth=1),
    "security_key_policy": op.registry_read(FIDO_POLICY),
}
#: And by whom.
WRITERS = {
    "security_key_nodes": op.registry_read(NODES, depth=1, names=("NodeUri",), having="NodeUri"),
    "packages": op.provisioning_packages(),
    "package_results": op.registry_read(ENGINE_RESULTS, depth=4),
}


@dataclasses.dataclass(frozen=True)
class Place:
    """What one registry value says. ``there`` is None where that could not be read, ``value`` where it says nothing, or
    nothing that is known; ``reason`` tells why."""

    there: bool | None
    value: bool | None = None
    reason: str | None = None


@dataclasses.dataclass(frozen=True)
class Way:
    """One way of setting the option, as the module returns it. ``there``: whether it is set; None is unknown."""

    way: str
    place: str
    there: bool | None
    value: bool | None = None
    wins: bool | None = None
    source: tuple[str, ...] = ()
    reason: str | None = None

    def as_dict(self) -> dict[str, t.Any]:
        return {
            "way": self.way,
            "value": self.value,
            "wins": self.wins,
            "place": self.place,
            "source": list(self.source),
            "reason": self.reason,
        }


@dataclasses.dataclass(frozen=True)
class Option:
    """``enabled`` is None where it could not be read, or nobody knows which way wins; ``reason`` tells which."""

    csp: Place
    policy: Place
    csp_ways: tuple[Way, ...]
    ways: tuple[Way, ...]
    enabled: bool | None
    reason: str | None

    @property
    def by(self) -> list[str]:
        """The ways that say what ``enabled`` says."""
        return [] if self.enabled is None else [way.way for way in self.ways if way.value is self.enabled]

    @property
    def set_by_others(self) -> list[str]:
        """The ways but the policy that are set."""
        return [way.way for way in self.ways if way.there and way.way != BY_POLICY]

    def with_policy(self, on: bool) -> Option:
        """The option once this module has written its value, or removed it."""
        return option(self.csp, Place(True, True) if on else Place(False), self.csp_ways)


def read_option(answer: Answer, csp_read: str = "security_key_csp") -> Option:
    """From an answer to VALUES, and to WRITERS where that was asked, too: without them nothing shows who has set the
    CSP's value. ``csp_read`` names the read of the key HELLO, for who has it by another name."""
    csp = place(lambda: answer[csp_read].key().child(CSP_KEY), CSP_VALUE)
    policy = place(answer["security_key_policy"].key, FIDO_VALUE)
    return option(csp, policy, _ways_of_csp(answer, csp))


def place(key: Callable[[], Key], name: str) -> Place:
    """What a registry value says: 0 is off and 1 is on, of any other nobody knows."""
    try:
        number = key().number(name)
    except Unreadable as exc:
        # A value of another type is there; a refused one may be.
        return Place(True if isinstance(exc, WrongType) else None, None, str(exc))
    if number is None:
        return Place(False)
    if number not in (0, 1):
        return Place(True, None, f"{name} is {number}, which is neither 0 nor 1")
    return Place(True, number == 1)


def option(csp: Place, policy: Place, ways: tuple[Way, ...]) -> Option:
    """``ways``: those of the CSP's value, not judged yet."""
    every = [*ways, Way(BY_POLICY, FIDO_PLACE, policy.there, policy.value, None, (), policy.reason)]
    unread = any(way.there is None for way in every)
    several = sum(bool(way.there) for way in every) > 1
    enabled, reason = _enabled(csp, policy)
    return Option(csp, policy, ways, tuple(_judged(way, unread, several) for way in every), enabled, reason)


def _judged(way: Way, unread: bool, several: bool) -> Way:
    if way.there is False:
        return dataclasses.replace(way, wins=False)
    if way.there is None or unread:
        return dataclasses.replace(way, reason=way.reason or "another way could not be read")
    if several:
        return dataclasses.replace(way, reason=way.reason or SEVERAL)
    return dataclasses.replace(way, wins=True)


def _enabled(csp: Place, policy: Place) -> tuple[bool | None, str | None]:
    places = (csp, policy)
    unread = next((one for one in places if one.there is None), None)
    said = {one.value for one in places if one.there}
    odd = next((one for one in places if one.there and one.value is None), None)
    for one in (unread, odd):
        if one is not None:
            return None, one.reason
    if len(said) > 1:
        return None, f"{CSP_VALUE} is {int(bool(csp.value))} and {FIDO_VALUE} is {int(bool(policy.value))}: {SEVERAL}"
    return (said.pop() if said else False), None


def _ways_of_csp(answer: Answer, csp: Place) -> tuple[Way, ...]:
    """The CSP's value and who has set it: Intune, packages, or somebody of whom nothing is known."""
    if not csp.there:
        return tuple(
            Way(name, CSP_PLACE, csp.there, None, None, (), csp.reason) for name in (BY_MDM, BY_PACKAGE, BY_CSP)
        )
    by_mdm, why_not_mdm = _witness(lambda: _is_in_cache(answer))
    packages, why_not_packages = _witness(lambda: _packages(answer))
    unknown = not (by_mdm or packages)
    unread = "; ".join(reason for reason in (why_not_mdm, why_not_packages) if reason)
    return (
        _written(BY_MDM, by_mdm, csp, why_not_mdm),
        _written(
            BY_PACKAGE, None if packages is None else bool(packages), csp, why_not_packages, tuple(packages or ())
        ),
        _written(BY_CSP, unknown, csp, unread if unknown and unread else None),
    )


def _written(name: str, there: bool | None, csp: Place, reason: str | None, source: tuple[str, ...] = ()) -> Way:
    value = csp.value if there else None
    return Way(name, CSP_PLACE, there, value, None, source, reason or (csp.reason if there else None))


def _witness(read: Callable[[], T]) -> tuple[T | None, str | None]:
    try:
        return read(), None
    except Unreadable as exc:
        return None, str(exc)


def _is_in_cache(answer: Answer) -> bool:
    if "security_key_nodes" not in answer.results:
        return False
    nodes = answer["security_key_nodes"].key()
    return any((key.text("NodeUri") or "").lower().endswith(NODE) for _name, key in nodes.children())


def _packages(answer: Answer) -> list[str]:
    """The packages that have applied a setting of the CSP, by the engine's record: their names, and of those that
    Windows does not list (their file is gone) the file's."""
    if "package_results" not in answer.results:
        return []
    listed = known(lambda: answer["packages"]["packages"]) or []
    names = {plain_id(package["id"]): package["name"] for package in listed}
    return [
        names.get(plain_id(package)) or known(functools.partial(record.text, "PackageFileName")) or plain_id(package)
        for package, record in answer["package_results"].key().children()
        if _has_set_it(record)
    ]


def _has_set_it(record: Key) -> bool:
    return any(
        setting.result == 0 and any(word in setting.names.lower() for word in RECORDED_AS)
        for setting in setting_results(record)
    )
