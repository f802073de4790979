# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A task's package options, checked on the controller before the device is asked anything.

The only place where the package room and the device room meet.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..device.joining.provisioning import PackageSource
from ..options import bad_option
from ..package import REVERTED, Package, contents, describe
from ..package.description.description import Description
from ..task import Task
from .files import read_file

PACKAGE_OPTIONS = ("src", "path", "url", "checksum", "package_id")


def chosen_package(task: Task, must_join: bool) -> tuple[PackageSource, dict | None]:
    """The package that ``src``, ``path`` or ``url`` names, and its description where the controller has the file.

    With ``must_join`` a package that cannot join a device is refused. Raises Failure naming the option and what is
    right.
    """
    args = task.args
    checksum = args["checksum"]
    if args["src"] is not None:
        package, path = read_file(task, args["src"])
        if checksum not in (None, package.sha256):
            raise bad_option(
                "checksum",
                f"{args['src']} has the SHA-256 {package.sha256}, not {checksum}",
                "get the file again from where it was built, or correct checksum",
            )
        for issue in package.issues:
            if issue.name == "no_package_id" or (must_join and issue.blocks_join):
                raise bad_option("src", f"{args['src']}: {issue.message}", issue.fix)
        given = args["package_id"]
        if given not in (None, package.id):
            raise bad_option(
                "package_id", f"the package in src has the id {package.id}, not {given}", "leave package_id out"
            )
        source = PackageSource(
            id=package.id or "",
            sha256=package.sha256,
            src=path,
            reverts=tuple(package.reverted_by_removal),
            runs_again=_runs_again(package),
            reverted_areas=tuple(REVERTED),
            renames=bool(_names(package)),
        )
        return source, describe(package)
    package_id = args["package_id"]
    if package_id is None:
        raise bad_option(
            "package_id",
            "the controller cannot read a package that it does not have",
            "give package_id with path or url; winops.entra.ppkg_info with src prints it",
        )
    if args["path"] is not None:
        if checksum is not None:
            raise bad_option(
                "checksum",
                "a package that lies on the device (path) is applied as it is, and not compared",
                "leave checksum out, or give the package as src or url, which is compared",
            )
        return PackageSource(id=package_id, path=args["path"], reverted_areas=tuple(REVERTED)), None
    url = _https(args["url"])
    return PackageSource(id=package_id, url=url, sha256=checksum, reverted_areas=tuple(REVERTED)), None


def refuse_unused(args: dict, names: Iterable[str], cause: str) -> None:
    """Refuse options that are given and not used: whoever gives them believes that they are. Raises Failure."""
    for name in names:
        if args[name] is not None:
            raise bad_option(name, cause, "leave it out")


def _names(package: Package) -> list[str]:
    """The patterns of computer names in the package, also those that only some devices get."""
    names = [package.computer_name, *(block["computer_name"] for block in package.conditional)]
    return [name for name in names if name]


def _runs_again(package: Package) -> tuple[str, ...]:
    """What a second application of the package may repeat beside its settings, counted: commands may hold secrets."""
    accounts = len(package.accounts) + sum(len(block["accounts"]) for block in package.conditional)
    commands = len(package.commands) + sum(len(block["commands"]) for block in package.conditional)
    counted = [(accounts, "local account"), (commands, "command")]
    named = ["the computer name"] if _names(package) else []
    return (*named, *(f"{count} {what}{'s' if count > 1 else ''}" for count, what in counted if count))


def harmless_package(task: Task, src: str) -> PackageSource:
    """The package of the acceptance run: with settings only, none of which Windows takes back. Raises Failure."""
    package, path = read_file(task, src, "package")
    held = {
        "a bulk token": package.bulk_token.present,
        "local accounts": package.accounts,
        "commands": package.commands,
        "files": package.files,
        "a computer name": package.computer_name,
        "an MDM enrollment": package.mdm,
        "settings for some devices only": package.conditional,
        **dict.fromkeys(package.reverted_by_removal, True),
    }
    if found := [what for what, there in held.items() if there]:
        raise bad_option(
            "package", f"{src} holds {', '.join(found)}", "give one with a single harmless setting: docs/acceptance.md"
        )
    if package.id is None:
        raise bad_option("package", f"{src} has no package id", "build it again with Windows Configuration Designer")
    return PackageSource(id=package.id, sha256=package.sha256, src=path, reverts=())


def contents_of_file(task: Task, src: str, wanted: Description | None, other: str | None) -> dict:
    """What is in a package file on the controller, and what is not as described or in the package ``other``.

    {package, settings, description, differences}; the last is None where nothing is given to compare with. Raises
    Failure.
    """
    package = read_file(task, src)[0]
    differences = None
    if wanted is not None:
        differences = contents.compared_with_description(package, wanted)
        package = contents.with_expiry(package, wanted.token_expires)
    if other is not None:
        differences = contents.compared(package, read_file(task, other, "compare_with")[0])
    return {
        "package": describe(package),
        "settings": contents.settings_of(package),
        "description": contents.description_of(package),
        "differences": differences,
    }


def _https(url: str) -> str:
    if not url.lower().startswith("https://"):
        raise bad_option(
            "url", "the package holds a join credential and must not be sent unencrypted", "use an https URL"
        )
    return url
