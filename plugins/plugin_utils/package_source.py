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

from .device.provisioning import PackageSource
from .package import PackageError, describe, read_package
from .result import Failure

SHA256 = re.compile(r"(?:sha256:)?([0-9a-fA-F]{64})$")


def chosen_package(args: dict, find_file, must_join: bool) -> tuple[PackageSource, dict | None]:
    """The package that ``src``, ``path`` or ``url`` names, and its description where the controller has the file.

    ``find_file(directory, name)`` finds a file the way Ansible does. With ``must_join`` a package without a bulk token is
    refused. Raises Failure naming the option and what would be right.
    """
    if args["src"] is not None:
        described = described_file(args["src"], find_file)
        if must_join and not described["bulk_token"]["present"]:
            raise _bad_option(
                "src", f"the package {described['name'] or args['src']} carries no bulk token, so it cannot join a device",
                "make one with a bulk token (Windows Configuration Designer: Provision desktop devices, Account "
                "management, Enroll in Microsoft Entra ID)")
        given = args["package_id"]
        if given is not None and require_guid(given, "package_id") != require_guid(described["id"], "src"):
            raise _bad_option(
                "package_id", f"the package in src has the id {described['id']}, not {given}", "leave package_id out")
        source = PackageSource(id=described["id"], sha256=described["sha256"], src=described["path"])
        return source, described
    package_id = args["package_id"]
    if package_id is None:
        raise _bad_option(
            "package_id", "the controller cannot look into a package that it does not have",
            "give package_id beside path or url; winops.entra.ppkg_info with src prints it")
    package_id = require_guid(package_id, "package_id")
    if args["path"] is not None:
        return PackageSource(id=package_id, path=args["path"]), None
    return PackageSource(id=package_id, url=_https(args["url"]), sha256=_sha256(args["checksum"])), None


def described_file(src: str, find_file) -> dict:
    """The description of a package file on the controller, with its ``path``. Raises Failure."""
    try:
        path = find_file("files", src)
    except AnsibleError as exc:
        raise _bad_option("src", f"there is no package {src} on the controller", "give the path of a .ppkg file") from exc
    try:
        return describe(read_package(path)) | {"path": path}
    except PackageError as exc:
        raise Failure(
            f"the package {src} cannot be used: {exc}", side="controller", name=type(exc).__name__,
            cause="the option src names a file that is no usable provisioning package",
            fix="build or download the package again; winops.entra.ppkg_info shows what is inside") from exc


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
            "checksum", "a package from a url is installed only if its SHA-256 is the expected one",
            "give checksum as 64 hexadecimal digits, with or without sha256: before them")
    return match.group(1).lower()


def _bad_option(option: str, cause: str, fix: str) -> Failure:
    return Failure(f"bad option {option}: {cause}; {fix}", side="controller", name="bad_option", cause=cause, fix=fix)
