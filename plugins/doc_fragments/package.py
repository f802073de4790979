# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options by which a module takes the provisioning package that it applies to a device."""

from __future__ import annotations


class ModuleDocFragment:
    """Fragment `winops.entra.package`: what plugin_utils/package_source.py reads, and what stays on the device."""

    DOCUMENTATION = r"""
options:
  src:
    description:
      - Path of the package file on the controller. It is read there first, and refused where it is damaged, encrypted
        or no package. A relative path is looked for as M(ansible.builtin.copy) does, in C(files) and beside the role or
        playbook, not in the current directory.
      - The file is copied into a directory that only SYSTEM and administrators can read, unless it lies there already.
      - It may be encrypted with Ansible Vault. It is then on the controller's disk in clear only while it is read and
        while it is copied.
    type: path
  path:
    description:
      - Path of the package file on the device. It stays where it is. Needs O(package_id).
    type: str
  url:
    description:
      - An https URL from which the device fetches the package, as SYSTEM. Needs O(package_id) and O(checksum).
    type: str
  checksum:
    description:
      - SHA-256 of the file behind O(url), as 64 hexadecimal digits with or without C(sha256:) before them.
    type: str
  package_id:
    description:
      - The package's id, a GUID. Read from the file with O(src).
    type: str
  keep_copy:
    description:
      - Leave the copies of the package on the device, this module's own and the one the provisioning engine keeps in
        C(%ProgramData%\Microsoft\Provisioning). A package with a bulk token is a credential in clear text.
    type: bool
    default: false
  apply_again:
    description:
      - What to do with a package that Windows has applied to this device before. Windows skips it without an error,
        also after the device has left the tenant.
      - V(true) makes Windows forget it and apply it again, with all its settings, accounts, names and commands. Where
        the package holds nothing that Windows takes back with its removal, it is added, removed and added again.
        Otherwise the checksums that Windows keeps of this package are cleared in the registry, and its results where
        that was not enough. Nothing else is touched, and nothing on a device that is joined.
      - V(false) refuses such a package. Build it again with a new id then; a raised version is not enough.
    type: bool
    default: true
"""


# Added by the action plugins to the module's own: a file of documentation alone may import nothing (validate-modules).
PACKAGE_SPEC = {
    "src": {"type": "path"},
    "path": {"type": "str"},
    "url": {"type": "str"},
    "checksum": {"type": "str"},
    "package_id": {"type": "str"},
    "keep_copy": {"type": "bool", "default": False},
    "apply_again": {"type": "bool", "default": True},
}
PACKAGE_CONSTRAINTS = {
    "mutually_exclusive": [("src", "path", "url")],
    "required_by": {"path": "package_id", "url": ("package_id", "checksum")},
}
