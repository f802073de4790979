# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options by which a module takes the provisioning package that it applies to a device."""

from __future__ import annotations


class ModuleDocFragment:
    """Fragment `winops.entra.package`: what package_tasks/source.py reads, and what stays on the device."""

    DOCUMENTATION = r"""
options:
  src:
    description:
      - Path of the package file on the controller. It is read there first, and refused if it is damaged, encrypted or
        not a package. A relative path is found as by M(ansible.builtin.copy), in C(files) and beside the role or
        playbook, not in the current directory.
      - The file is copied into a directory that only SYSTEM and administrators can read, unless it is already there.
        The job that applies it removes this copy, whatever comes of it.
      - It may be encrypted with Ansible Vault. It is then decrypted on the controller's disk only while it is read and
        while it is copied.
    type: path
  path:
    description:
      - Path of the package file on the device. It stays where it is. Needs O(package_id). If the file is not there, the
        task is refused before anything changes.
    type: str
  url:
    description:
      - An https URL from which the device downloads the package, as SYSTEM. Needs O(package_id) and O(checksum).
    type: str
  checksum:
    description:
      - SHA-256 of the package file, as 64 hexadecimal digits with or without the prefix C(sha256:). O(url) needs it. A
        file in O(src) is compared with it as well. With O(path) it is refused, because that file is not compared.
    type: str
  package_id:
    description:
      - The package's id, a GUID. With O(src) it is read from the file.
    type: str
  keep_copy:
    description:
      - Leave the copies of the package on the device, this module's own and the one that the provisioning engine keeps
        in C(%ProgramData%\Microsoft\Provisioning). A package with a bulk token is a credential in clear text.
    type: bool
    default: false
  apply_again:
    description:
      - What to do with a package that Windows has applied to this device before. Windows skips it without an error,
        also after the device has left the tenant.
      - V(true) makes Windows forget it and apply it again, with all its settings, accounts, names and commands. If the
        package has no settings that Windows reverts with its removal, it is added, removed and added again. Otherwise
        the checksums that Windows keeps for this package are cleared in the registry, and if that is not enough, its
        results as well. Nothing else is changed, and nothing is changed on a joined device.
      - V(false) refuses such a package. Then build it again with a new id; a higher version is not enough.
    type: bool
    default: true
"""


# Added by the action plugins to the module's own: a file of documentation alone may import nothing (validate-modules).
PACKAGE_SPEC = {
    "src": {"type": "path"},
    "path": {"type": "str"},
    "url": {"type": "str", "holds": "url"},
    "checksum": {"type": "str", "holds": "sha256"},
    "package_id": {"type": "str", "holds": "guid"},
    "keep_copy": {"type": "bool", "default": False},
    "apply_again": {"type": "bool", "default": True},
}
PACKAGE_CONSTRAINTS = {
    "mutually_exclusive": [("src", "path", "url")],
    "required_by": {"path": "package_id", "url": ("package_id", "checksum")},
}
