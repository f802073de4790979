# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A task's package options, checked on the controller before the device is asked anything.

The only place where the package room and the device room meet.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from ansible.errors import AnsibleError

from .device.joining.provisioning import PackageSource
from .options import bad_option, optional_guid, require_guid
from .package import Package, describe, read_package

FindFile = Callable[[str], str]
SHA256 = re.compile(r"(?:sha256:)?([0-9a-fA-F]{64})$")


def chosen_package(find_file: FindFile, args: dict, must_join: bool) -> tuple[PackageSource, dict | None]:
    """The package that ``src``, ``path`` or ``url`` names, and its description where the controller has the file.

    ``find_file`` is the task's. With ``must_join`` a package that cannot join a device is refused. Raises Failure
    naming the option and what would be right.
    """
    if args["src"] is not None:
        package, path = _read(find_file, args["src"])
        for issue in package.issues:
            if issue.name == "no_package_id" or (must_join and issue.blocks_join):
                raise bad_option("src", f"{args['src']}: {issue.message}", issue.fix)
        given = optional_guid(args["package_id"], "package_id")
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
        )
        return source, describe(package)
    package_id = args["package_id"]
    if package_id is None:
        raise bad_option(
            "package_id",
            "the controller cannot read a package that it does not have",
            "give package_id with path or url; winops.entra.ppkg_info with src prints it",
        )
    package_id = require_guid(package_id, "package_id")
    if args["path"] is not None:
        return PackageSource(id=package_id, path=args["path"]), None
    return PackageSource(id=package_id, url=_https(args["url"]), sha256=_sha256(args["checksum"])), None


def _runs_again(package: Package) -> tuple[str, ...]:
    """What a second application of the package repeats beside its settings, counted: commands may hold secrets."""
    counted = [(len(package.accounts), "local account"), (len(package.commands), "command")]
    named = ["the computer name"] if package.computer_name else []
    return (*named, *(f"{count} {what}{'s' if count > 1 else ''}" for count, what in counted if count))


def harmless_package(find_file: FindFile, src: str) -> PackageSource:
    """The package of the acceptance run: with settings only, none of which Windows takes back. Raises Failure."""
    package, path = _read(find_file, src, "package")
    held = {
        "a bulk token": package.bulk_token.present,
        "local accounts": package.accounts,
        "commands": package.commands,
        "files": package.files,
        "a computer name": package.computer_name,
        "an MDM enrollment": package.mdm,
        **dict.fromkeys(package.reverted_by_removal, True),
    }
    if found := [what for what, there in held.items() if there]:
        raise bad_option(
            "package", f"{src} holds {', '.join(found)}", "give one with a single harmless setting: docs/acceptance.md"
        )
    if package.id is None:
        raise bad_option("package", f"{src} has no package id", "build it again with Windows Configuration Designer")
    return PackageSource(id=package.id, sha256=package.sha256, src=path, reverts=())


def described_file(find_file: FindFile, src: str) -> dict:
    """The description of a package file on the controller. Raises Failure."""
    return describe(_read(find_file, src)[0])


def _read(find_file: FindFile, src: str, option: str = "src") -> tuple[Package, str]:
    """The package and the path of the readable file: a vaulted one is decrypted by Ansible for the time of the task."""
    try:
        path = find_file(src)
    except AnsibleError as exc:
        raise bad_option(
            option, f"there is no readable package {src} on the controller", "give the path of a .ppkg file"
        ) from exc
    return read_package(path), path


def _https(url: str) -> str:
    if not url.lower().startswith("https://"):
        raise bad_option(
            "url", "the package holds a join credential and must not be sent unencrypted", "use an https URL"
        )
    return url


def _sha256(checksum: str | None) -> str:
    match = SHA256.match(checksum or "")
    if not match:
        raise bad_option(
            "checksum",
            "a package from a url is installed only if its SHA-256 is the expected one",
            "give checksum as 64 hexadecimal digits, with or without sha256: before them",
        )
    return match.group(1).lower()
