# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A task's package options, checked on the controller before the device is asked anything.

The only place where the package room and the device room meet.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import re
import uuid

from ansible.errors import AnsibleError

from .device.joining.provisioning import PackageSource
from .package import Package, describe, read_package
from .result import Failure

SHA256 = re.compile(r"(?:sha256:)?([0-9a-fA-F]{64})$")


def chosen_package(action, args: dict, must_join: bool) -> tuple[PackageSource, dict | None]:
    """The package that ``src``, ``path`` or ``url`` names, and its description where the controller has the file.

    ``action`` is the action plugin. With ``must_join`` a package that cannot join a device is refused. Raises Failure
    naming the option and what would be right.
    """
    if args["src"] is not None:
        package, path = _read(action, args["src"])
        for issue in package.issues:
            if issue.name == "no_package_id" or (must_join and issue.blocks_join):
                raise _bad_option("src", f"{args['src']}: {issue.message}", issue.fix)
        given = args["package_id"]
        if given is not None and require_guid(given, "package_id") != package.id:
            raise _bad_option(
                "package_id", f"the package in src has the id {package.id}, not {given}", "leave package_id out"
            )
        return PackageSource(id=package.id, sha256=package.sha256, src=path), describe(package)
    package_id = args["package_id"]
    if package_id is None:
        raise _bad_option(
            "package_id",
            "the controller cannot look into a package that it does not have",
            "give package_id beside path or url; winops.entra.ppkg_info with src prints it",
        )
    package_id = require_guid(package_id, "package_id")
    if args["path"] is not None:
        return PackageSource(id=package_id, path=args["path"]), None
    return PackageSource(id=package_id, url=_https(args["url"]), sha256=_sha256(args["checksum"])), None


def described_file(action, src: str) -> dict:
    """The description of a package file on the controller. Raises Failure."""
    return describe(_read(action, src)[0])


def _read(action, src: str) -> tuple[Package, str]:
    """The package and the path of the readable file: a vaulted one is decrypted by Ansible for the time of the task."""
    try:
        path = action._loader.get_real_file(action._find_needle("files", src))
    except AnsibleError as exc:
        raise _bad_option(
            "src", f"there is no readable package {src} on the controller", "give the path of a .ppkg file"
        ) from exc
    return read_package(path), path


def require_guid(text: str, option: str) -> str:
    """The GUID in its plain spelling: lower case, no braces. Raises Failure."""
    try:
        return str(uuid.UUID(text.strip()))
    except ValueError as exc:
        raise _bad_option(option, f"{text!r} is not a GUID", "give it as 8-4-4-4-12 hexadecimal digits") from exc


def _https(url: str) -> str:
    if not url.lower().startswith("https://"):
        raise _bad_option("url", "the package holds a join credential and must not travel in clear", "use an https URL")
    return url


def _sha256(checksum: str | None) -> str:
    match = SHA256.match(checksum or "")
    if not match:
        raise _bad_option(
            "checksum",
            "a package from a url is installed only if its SHA-256 is the expected one",
            "give checksum as 64 hexadecimal digits, with or without sha256: before them",
        )
    return match.group(1).lower()


def _bad_option(option: str, cause: str, fix: str) -> Failure:
    return Failure(f"bad option {option}: {cause}; {fix}", side="controller", name="bad_option", cause=cause, fix=fix)
