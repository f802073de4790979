# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a file cannot be read as a provisioning package.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from ..result import Failure


class PackageError(Failure):
    """A file cannot be read as a provisioning package.

    ``cause`` is one sentence without the path and never holds a piece of the file's text, which may be a secret.
    ``path`` is the file as the user named it, put in front of the message when it is known.
    """

    name = "package_error"
    fix = "give the path of a .ppkg file made by Windows Configuration Designer"

    def __init__(self, cause: str, path: str | None = None) -> None:
        self.cause = cause
        message = f"{path}: {cause}" if path else cause
        super().__init__(f"{message}; {self.fix}", side="controller", name=self.name, cause=cause, fix=self.fix)

    def at(self, path: str) -> PackageError:
        """The same error, told with the path of the file."""
        return type(self)(self.cause, path)


class UnreadablePackage(PackageError):
    """The file is not there, is not a regular file, or may not be read."""

    name = "package_unreadable"
    fix = "give the path of an existing .ppkg file on the controller that this user may read"


class NotAPackage(PackageError):
    """The file is something else than a provisioning package."""

    name = "not_a_package"


class DamagedPackage(PackageError):
    """The file began as a provisioning package, but a part of it is missing or wrong."""

    name = "package_damaged"
    fix = "copy the .ppkg file again from where it was built, or build it again"


class EncryptedPackage(PackageError):
    """The file has the exact shape of a package that was protected with a password."""

    name = "package_encrypted"
    fix = (
        "build the package without encryption, since Install-ProvisioningPackage takes no password, "
        "and protect the file itself instead (Ansible Vault, file permissions)"
    )


class UnsupportedPackage(PackageError):
    """The file is a WIM of a kind that provisioning packages are not made of, or is beyond the limits of the reader."""

    name = "package_unsupported"
    fix = "build the package with Windows Configuration Designer, or capture its files again with XPRESS compression"
