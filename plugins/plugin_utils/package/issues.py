# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the user of a package should know about it before a device does.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from .description.compare import not_as_compiled
from .description.compiled import as_in_attribute
from .description.description import is_placeholder
from .description.document import parse_path
from .secret import Secret, utc_stamp
from .settings import PackageSettings

if t.TYPE_CHECKING:
    from .reader import Package

SOON = timedelta(days=30)
"""A bulk token that ends within this time is said to end soon: a rollout may take longer."""
MOST_NAMED = 10
#: All that an Issue can be named, first those with which no join can come of a package.
ISSUES = (
    "no_bulk_token",
    "no_package_id",
    "token_expired",
    "token_placeholder",
    "no_authority",
    "conditional_bulk_token",
    "token_expires_soon",
    "token_in_plain_text",
    "no_local_account",
    "bad_package_id",
    "no_compiled_settings",
    "settings_differ",
    "two_package_ids",
    "several_images",
    "dead_streams",
)
REBUILD = "build the package again with Windows Configuration Designer"
NEW_TOKEN = "get a new bulk token and build the package again"


@dataclass(frozen=True)
class Issue:
    """Something about a package that its user should know; ``blocks_join`` where no join can come of it."""

    name: str
    message: str
    fix: str
    blocks_join: bool


@dataclass(frozen=True)
class Facts:
    """What is looked at beside the package.

    ``package_ids`` are the ids of image and settings as they are there, ``ids`` the same as GUIDs; ``told`` are the
    settings of customizations.xml, ``conditional`` those for some devices only; ``now`` is in UTC.
    """

    package_ids: tuple[str | None, str | None]
    ids: tuple[str | None, ...]
    told: PackageSettings | None
    compiled: PackageSettings
    conditional: list[PackageSettings]
    token: Secret | None = field(repr=False)
    now: datetime = field(repr=False)


def issues_of(package: Package, facts: Facts) -> list[Issue]:
    """What is to be said about a package."""
    return [*_of_token(package, facts), *_of_ids(facts), *_of_forms(package, facts), *_of_container(package)]


def of_expiry(end: date, now: datetime) -> Issue | None:
    """What is to be said of a bulk token that ends on this day, as a description records it."""
    if end < now.date():
        return Issue("token_expired", f"the bulk token expired on {end.isoformat()}", NEW_TOKEN, True)
    if end - now.date() <= SOON:
        return Issue("token_expires_soon", f"the bulk token expires on {end.isoformat()}", NEW_TOKEN, False)
    return None


def _of_token(package: Package, facts: Facts) -> list[Issue]:
    issues = []

    def add(name: str, message: str, fix: str, blocks_join: bool = False) -> None:
        issues.append(Issue(name, message, fix, blocks_join))

    token, told = package.bulk_token, facts.told or PackageSettings()
    if not token.present:
        add(
            "no_bulk_token",
            "the package carries no bulk token, so it cannot join a device to a tenant",
            "add a bulk token (Accounts > Azure, or 'Set up device management') and build the package again",
            True,
        )
        return issues
    if facts.token is not None and facts.token.fits(is_placeholder):
        add(
            "token_placeholder",
            "the bulk token is the placeholder of a template, which nobody has filled in",
            NEW_TOKEN,
            True,
        )
    if not (facts.compiled.token or told.token):
        add(
            "conditional_bulk_token",
            "the package has its bulk token only for devices that meet a condition, and joins no other",
            "leave it so if that is meant; otherwise move the token out of the variant and build the package again",
        )
    elif not (facts.compiled.authority or told.authority):
        add("no_authority", "the package has a bulk token but does not say which authority it is for", REBUILD)
    if token.expires and token.expires <= utc_stamp(facts.now):
        add("token_expired", f"the bulk token expired at {token.expires}", NEW_TOKEN, True)
    elif token.expires and token.expires <= utc_stamp(facts.now + SOON):
        add("token_expires_soon", f"the bulk token expires at {token.expires}", NEW_TOKEN)
    add(
        "token_in_plain_text",
        "anyone who can read the package can read its bulk token, and join devices with it",
        "keep the package in Ansible Vault or where few can read it, and delete it after the rollout",
    )
    if not package.accounts:
        add(
            "no_local_account",
            "the package joins a device and makes no local account: if the join fails or nobody can sign in, "
            "there may be no way into the device",
            "add a local administrator, or make sure that the device has one",
        )
    return issues


def _of_ids(facts: Facts) -> list[Issue]:
    ids, given = facts.ids, facts.package_ids
    if given[0] is not None and ids[0] is None:
        return [
            Issue(
                "no_package_id",
                "the id of the package is not a GUID, so nobody can tell whether a device has it already",
                REBUILD,
                True,
            )
        ]
    if not any(ids):
        message = "the package has no id, so nobody can tell whether a device has it already"
        return [Issue("no_package_id", message, REBUILD, True)]
    if given[1] is not None and ids[1] is None:
        return [Issue("bad_package_id", "the id in customizations.xml is not a GUID", REBUILD, False)]
    if all(ids) and ids[0] != ids[1]:
        message = f"the package calls itself {ids[0]} and {ids[1]}; Windows goes by the first"
        return [Issue("two_package_ids", message, REBUILD, False)]
    return []


def _of_forms(package: Package, facts: Facts) -> list[Issue]:
    if not facts.compiled.areas:
        message = "the package has no compiled settings (.provxml), which are what a device applies"
        return [Issue("no_compiled_settings", message, REBUILD, False)]
    paths = _differing(package, facts)
    if not paths:
        return []
    named = ", ".join(paths[:MOST_NAMED]) + (f" and {len(paths) - MOST_NAMED} more" if len(paths) > MOST_NAMED else "")
    message = (
        "customizations.xml does not say the same as the compiled settings, which are what a device applies, "
        f"of: {named}"
    )
    return [Issue("settings_differ", message, REBUILD, False)]


def _differing(package: Package, facts: Facts) -> list[str]:
    """The paths of settings that customizations.xml and the compiled settings do not have alike.

    What is compiled with another value is found by the table of settings; what is missing on one side only where both
    forms are read into the same fields. Packages with conditions or several images are only compared in their values.
    """
    told, compiled, document = facts.told, facts.compiled, package.forms.told()
    if told is None or document is None or package.images > 1:
        return []
    # Without their keys: a name may be a secret elsewhere.
    differing = not_as_compiled(document, package.forms.compiled)
    names = ["/".join(step.name for step in parse_path(each.path)) for each in differing]
    fields: list[tuple[str, t.Any, t.Any]] = [
        ("Accounts/Azure/BPRT", told.token, compiled.token),
        ("Accounts/Azure/Authority", _bare(told.authority), _bare(compiled.authority)),
        (_place_of_name(names), told.computer_name, compiled.computer_name),
        (
            "WindowsHelloForBusiness/SecurityKeys/UseSecurityKeyForSignin",
            told.security_key_signin,
            compiled.security_key_signin,
        ),
        ("Accounts/Users", {row["name"] for row in told.accounts}, {row["name"] for row in compiled.accounts}),
        ("ProvisioningCommands", {*map(as_in_attribute, told.commands)}, {*map(as_in_attribute, compiled.commands)}),
    ]
    if not facts.conditional:
        known = [name.lower() for name in names]
        names += [
            path
            for path, one, other in fields
            if one != other and not any(name.startswith(path.lower()) for name in known)
        ]
    return list(dict.fromkeys(names))


def _place_of_name(names: list[str]) -> str:
    """The computer name has an old place and a new one; the one that differs is named once."""
    old = "Accounts/ComputerAccount/ComputerName"
    return old if old in names else "DevDetail/DNSComputerName"


def _bare(authority: str | None) -> str | None:
    return authority and authority.lower().rstrip("/")


def _of_container(package: Package) -> list[Issue]:
    issues = []
    if package.images > 1:
        message = f"the package holds {package.images} images; the settings of all are listed"
        issues.append(Issue("several_images", message, REBUILD, False))
    dead = package.dead_streams
    if dead["count"]:
        what = "a secret is in one of them" if dead["secrets"] else "they may hold what was replaced"
        message = f"the package still has {dead['count']} contents that belong to no file, and {what}"
        fix = "write the package again as a whole (wimlib-imagex optimize)"
        issues.append(Issue("dead_streams", message, fix, False))
    return issues
