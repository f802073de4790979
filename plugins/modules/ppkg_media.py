#!/usr/bin/python
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of winops.entra.ppkg_media. The work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ppkg_media
short_description: Lay out a removable stick or an ISO with a provisioning package for the first start of Windows
version_added: 0.1.0
description:
  - Puts one provisioning package into the root of a removable stick that is mounted on the controller, or into an ISO
    for the virtual drive of a virtual machine. A new Windows device takes it from there at its first start (OOBE),
    before anybody signs in.
  - Beside the package lie its catalogue (C(.cat)) if there is one, C(SHA256SUMS), and a one-page checklist for the
    person at the device, who inserts the stick, sees what the screens say, and knows when to remove it and whom to
    call.
  - Windows applies the package at once if it is the only one in the root. If there are several it asks which one, so
    another C(.ppkg) in the root is refused by name, unless O(other_packages=remove). Everything else on the stick is
    left alone, but for what would contradict the new files. These are a checklist of this module in another form, a
    catalogue with the name of the package, and a file whose name differs from a new one in its case.
  - The package is read first. What a person at the device cannot mend is said before the stick leaves the house, see
    O(fail_on) and RV(media[].issues).
  - A catalogue in which no hash of the package stands is that of another one, and causes a warning.
  - Tasks in the same folder follow each other, each waits up to five minutes for the one before.
  - A file is written under a temporary name, and takes its own name when all are whole. A file that is already there
    with the same contents is not written again.
options:
  src:
    description:
      - Path of the package on the controller, found as by M(ansible.builtin.copy). It may be encrypted with Ansible
        Vault; on the medium it is not.
      - One of O(src) and O(media) is required.
    type: path
  catalog:
    description:
      - Path of the catalogue that belongs to O(src). By default the file beside it with the same name and the ending
        C(.cat), if there is one.
    type: path
  dest:
    description:
      - With O(format=folder) and O(src), the root of the stick, a directory that is there. With O(format=iso) and
        O(src), the path of the ISO, which ends in C(.iso).
      - With O(media) a directory that is there, in which each medium gets a folder, or an ISO, of its name.
      - The path of a share (C(\\server\share), C(//server/share), C(smb://server/share)) is refused. Windows reads
        no share at its first start. It takes a package from a share only after setup, and for that
        M(winops.entra.ppkg) and M(winops.entra.join) apply it.
    type: path
    required: true
  format:
    description:
      - V(folder) for a stick, V(iso) for the virtual drive of a virtual machine. An ISO has the names of Joliet, which
        Windows reads, and the same bytes each time.
      - V(iso) needs the Python library pycdlib on the controller.
    type: str
    choices: [folder, iso]
    default: folder
  name:
    description:
      - For whom the medium is, as the checklist shows it, such as a site or a device. By default the name of the
        package.
    type: str
  contact:
    description: Whom the person at the device calls if something else happens, such as a name and a number.
    type: str
  token_expires:
    description:
      - The day on which the bulk token expires, as it was noted when the token was made, in the form V(2027-03-31) and
        in quotes. A token does not show it itself. It is printed on the checklist, and an expired one is in
        RV(media[].issues).
    type: str
  media:
    description:
      - Several media instead of O(src), for example one for each site or each device.
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of the medium, of its folder or ISO, and on the checklist. Each name only once.
        type: str
        required: true
      src:
        description: As O(src).
        type: path
        required: true
      catalog:
        description: As O(catalog).
        type: path
      contact:
        description: As O(contact), which is the default.
        type: str
      token_expires:
        description: As O(token_expires), which is the default.
        type: str
  checklist:
    description:
      - The form of the checklist. V(html) is a page to be printed (C(CHECKLIST.html)), V(text) is plain text
        (C(CHECKLIST.txt)), V(none) writes none.
      - It lies on the stick. For an ISO it lies beside the ISO as well, with its name, such as C(berlin.html).
    type: str
    choices: [html, text, none]
    default: html
  other_packages:
    description:
      - What to do with other packages in the root of the stick. V(refuse) names them, V(remove) removes them.
    type: str
    choices: [refuse, remove]
    default: refuse
  encrypted:
    description:
      - Whether to take a package that cannot be read because it is encrypted. Windows then asks the person at the
        device for its password, and the checklist says so. Nothing else is known of such a package.
    type: bool
    default: false
  fail_on:
    description:
      - Names of RV(media[].issues) with which a package is refused before anything is written. All other issues are
        warnings.
    type: list
    elements: str
    default: [no_package_id, token_expired, token_placeholder]
extends_documentation_fragment:
  - winops.entra.attributes
  - winops.entra.attributes.controller
notes:
  - A package holds its bulk token in plain text, so whoever has the medium can join devices with it. Each such medium
    causes a warning. Files are written for their owner only (mode 0600), but the file systems of sticks (FAT32, exFAT)
    keep no modes. Destroy the contents of the medium after the rollout.
  - Names and sizes are those that FAT32 can hold, on each file system, because sticks are copied. A file of 4 GiB or
    more is refused, and so is a name that Windows does not accept.
  - Which packages Windows takes at its first start, and what its screens say, is documented by Microsoft for USB drives
    and SD cards. That it takes them from an ISO is reported. Nobody has confirmed the layout of this module on real
    Windows.
seealso:
  - module: winops.entra.ppkg_info
  - module: winops.entra.first_contact
  - name: Apply a provisioning package
    description: What happens at the first start of Windows when a stick is inserted.
    link: https://learn.microsoft.com/windows/configuration/provisioning-packages/provisioning-apply-package
  - name: How provisioning works in Windows
    description: What Windows asks the person of an unsigned or encrypted package, and where on the medium it looks.
    link: https://learn.microsoft.com/windows/configuration/provisioning-packages/provisioning-how-it-works
author:
  - winops.entra contributors (@winops)
"""

EXAMPLES = r"""
- name: Lay out the stick that is mounted on this machine
  winops.entra.ppkg_media:
    src: packages/join.ppkg
    dest: /media/ops/PPKG
    contact: Service desk, extension 4711
    token_expires: "2027-03-31"
  run_once: true

- name: One folder for each site, to be copied to sticks there
  winops.entra.ppkg_media:
    dest: /srv/media
    contact: Service desk, extension 4711
    media:
      - name: Berlin
        src: packages/berlin.ppkg
      - name: Lisbon
        src: packages/lisbon.ppkg
        contact: Ana, extension 12
  run_once: true
  register: laid_out

- name: An ISO for the virtual machines
  winops.entra.ppkg_media:
    src: packages/join.ppkg
    dest: /srv/iso/join.iso
    format: iso
  run_once: true
"""

RETURN = r"""
media:
  description: The media, in the order of the task.
  returned: when all packages could be read
  type: list
  elements: dict
  contains:
    name:
      description: For whom it is.
      type: str
      sample: Berlin
    dest:
      description: The folder or the ISO.
      type: str
      sample: /srv/media/Berlin
    format:
      description: V(folder) or V(iso).
      type: str
      sample: folder
    mounted:
      description: Whether a file system is mounted at RV(media[].dest). If not, the files are on the controller's own
        disk, which causes a warning below C(/media), C(/run/media), C(/mnt) and C(/Volumes). Null for an ISO.
      type: bool
      sample: false
    package_id:
      description: Id of the package, null if it is encrypted. M(winops.entra.first_contact) waits for it.
      type: str
      sample: 4a1f9e0c-7a55-4f0e-9d0b-0a52f3a7c111
    package_name:
      description: Name of the package, null if it is encrypted.
      type: str
      sample: Contoso join
    computer_name:
      description: Pattern of the computer name in the package, null if there is none.
      type: str
      sample: PC-%SERIAL%
    sha256:
      description: SHA-256 of the package.
      type: str
      sample: 0c6e4df0e6f2b6a7f7ba6f3c6ac1ff5d7fb9a9e8d86fb46e4c0a5f1de9b6a001
    signed:
      description: Whether the package notes that it was signed, null if it notes nothing.
      type: bool
      sample: false
    encrypted:
      description: Whether the package is encrypted.
      type: bool
      sample: false
    secret:
      description: Whether the package holds a bulk token or another secret in plain text.
      type: bool
      sample: true
    token_expires:
      description: When the bulk token expires, as O(token_expires) or the token itself says, otherwise null.
      type: str
      sample: "2027-03-31"
    issues:
      description: What a user of the package should know, as RV(winops.entra.ppkg_info#module:package.issues).
      type: list
      elements: dict
      contains:
        name:
          description: Name of the issue.
          type: str
        message:
          description: What it is.
          type: str
        fix:
          description: What to do.
          type: str
        blocks_join:
          description: Whether no join can come of the package.
          type: bool
      sample: []
    files:
      description:
        - The files of the medium, with their size in bytes and SHA-256. C(state) is V(written) or V(unchanged), in
          check mode as it would be. Those of an ISO are the ISO, its checksum file and its checklist.
      type: list
      elements: dict
      sample:
        - path: join.ppkg
          size: 48211
          sha256: 0c6e4df0e6f2b6a7f7ba6f3c6ac1ff5d7fb9a9e8d86fb46e4c0a5f1de9b6a001
          state: written
    removed:
      description: Other packages that were removed, or would be.
      type: list
      elements: str
      sample: []
    left_alone:
      description: What else is in the root, at most 100 names.
      type: list
      elements: str
      sample: [Photos]
changes:
  description: What was changed on the media, or would be in check mode. Files are shown by their SHA-256.
  returned: always
  type: list
  elements: dict
  sample:
    - what: /srv/media/Berlin/join.ppkg
      before: null
      after: sha256:0c6e4df0e6f2b6a7f7ba6f3c6ac1ff5d7fb9a9e8d86fb46e4c0a5f1de9b6a001
error:
  description:
    - Why the task has failed. C(side) is controller. C(cause) and C(fix) say what is known about it.
  returned: failure
  type: dict
  contains:
    code:
      description: The code that the device or the tenant gave, such as an HRESULT, otherwise null.
      type: str
    name:
      description: A name for programs, which stays the same. All names are in the guide on errors (docs/errors.md).
      type: str
    side:
      description: Where to mend it, V(device), V(tenant), V(network) or V(controller).
      type: str
    cause:
      description: What is known about why.
      type: str
    fix:
      description: What to do.
      type: str
    evidence:
      description: What was read or answered, as texts or as dictionaries.
      type: list
      elements: raw
    request_id:
      description: What Microsoft's support asks for, null if no request of Microsoft Graph failed.
      type: str
    permissions:
      description: The permissions that are missing, as far as that is known.
      type: list
      elements: str
    doc:
      description: Where to read more, otherwise null.
      type: str
"""

ARGUMENT_SPEC = {
    "src": {"type": "path"},
    "catalog": {"type": "path"},
    "dest": {"type": "path", "required": True},
    "format": {"type": "str", "choices": ["folder", "iso"], "default": "folder"},
    "name": {"type": "str"},
    "contact": {"type": "str"},
    "token_expires": {"type": "str"},
    "media": {
        "type": "list",
        "elements": "dict",
        "options": {
            "name": {"type": "str", "required": True},
            "src": {"type": "path", "required": True},
            "catalog": {"type": "path"},
            "contact": {"type": "str"},
            "token_expires": {"type": "str"},
        },
    },
    "checklist": {"type": "str", "choices": ["html", "text", "none"], "default": "html"},
    "other_packages": {"type": "str", "choices": ["refuse", "remove"], "default": "refuse"},
    "encrypted": {"type": "bool", "default": False},
    "fail_on": {
        "type": "list",
        "elements": "str",
        "default": ["no_package_id", "token_expired", "token_placeholder"],
    },
}
CONSTRAINTS = {
    "mutually_exclusive": [("src", "media"), ("catalog", "media"), ("name", "media")],
    "required_one_of": [("src", "media")],
}
