#!/usr/bin/python
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of winops.entra.ppkg_build. The work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ppkg_build
short_description: Build a provisioning package from a description in YAML
version_added: 0.1.0
description:
  - Builds a provisioning package (C(.ppkg)), and its catalogue (C(.cat)), from a description in YAML that can be kept
    in git (docs/packages.md).
  - With O(method=template) the controller does it, without Windows. It takes a package that Microsoft's tool has built
    once, and replaces its values, names and files by those of the description.
  - With O(method=icd) the host of the task does it, a Windows computer with Windows Configuration Designer
    (C(ICD.exe)). The package is fetched to the controller and read there, and everything is removed from the host.
  - The description is checked first, and each mistake in it is named with its place, in a file with its line.
  - The package id is derived from the contents, with those of all files. The same description gives the same package
    with the same id. Anything that changes gives a new id, because Windows does not apply a package of the same id
    again.
  - A second run changes nothing, if neither the description, its files nor the template have changed.
options:
  description:
    description:
      - What is in the package, as L(docs/packages.md,
        https://github.com/winops/entra/blob/main/docs/packages.md) shows it. Take its secrets from variables that are
        encrypted with Ansible Vault.
      - Files that it names are looked for as by M(ansible.builtin.copy), in C(files) and beside the role or playbook.
    type: dict
  description_file:
    description:
      - Path of a YAML file on the controller with the description.
      - Variables in it are replaced, and values may be encrypted in place (C(!vault)). The whole file may be encrypted
        with Ansible Vault. A variable that is not defined is an error that names its place.
      - Files that it names are looked for beside it first, then as by M(ansible.builtin.copy).
    type: path
  method:
    description:
      - V(template) builds on the controller from O(template).
      - V(icd) builds on the host of the task with Microsoft's tool. The account that Ansible connects with must be an
        administrator there.
    type: str
    choices: [template, icd]
    default: template
  template:
    description:
      - Path of a package on the controller that Microsoft's tool has built, with the settings of the description and
        any values. Needed with O(method=template).
      - The values may differ, the settings may not. A setting, account, command or file that only one of the two has is
        an error that names it (C(template_differs)).
      - It may be encrypted with Ansible Vault. It is decrypted in memory.
      - A package that is signed or encrypted, or has several images, is refused, as is the file of O(dest) itself.
    type: path
  dest:
    description:
      - Path on the controller of the package, with the ending C(.ppkg). The catalogue is beside it, with the ending
        C(.cat). A relative path begins at the current directory.
      - Each is a regular file, which is replaced as a whole, or a new one, whose directory is made. Anything else is
        refused and left alone (a directory, a device file, a pipe, a link), as is a file that is not a package.
      - Both files are for their owner only (mode 0600). The package contains its secrets in plain text, unless it is
        encrypted.
    type: path
    required: true
  encrypt:
    description:
      - With O(method=icd), let the tool encrypt the package with a password that it makes itself. A person types that
        password on the device. No cmdlet takes it, so M(winops.entra.join) and M(winops.entra.ppkg) cannot apply it.
    type: bool
    default: false
  password_dest:
    description:
      - Path on the controller of the file for the password of an encrypted package, in JSON, with mode 0600. Needed
        with O(encrypt=true).
      - It has C(password), and C(package_id) and C(sha256) of the package that it belongs to.
    type: path
  sign:
    description:
      - Neither way can sign a package, because C(ICD.exe) has no switch for it. V(true) is refused. Build the package
        without, and sign it in the graphical Windows Configuration Designer.
    type: bool
    default: false
  icd_path:
    description:
      - With O(method=icd), the path of C(ICD.exe) on the host. By default it is looked for where the Windows ADK and
        the app from the Microsoft Store put it.
    type: str
  store_file:
    description:
      - With O(method=icd), paths on the host of the files with the settings that the tool knows. By default the one for
        desktop editions that lies beside C(ICD.exe), C(Microsoft-Desktop-Provisioning.dat).
    type: list
    elements: str
  timeout:
    description: With O(method=icd), seconds within which the tool must have built the package.
    type: int
    default: 900
extends_documentation_fragment:
  - winops.entra.attributes
  - winops.entra.attributes.device
attributes:
  check_mode:
    details: With O(method=template) the package is built in memory and not written. With O(method=icd) nothing is built
      if anything would change, so RV(package), RV(settings) and RV(catalog_sha256) are null.
    support: partial
  platform:
    details: With O(method=template) nothing is sent to the host of the task, which may be C(localhost).
notes:
  - Both files are written beside their places without a name, or with one for their owner only, and then put there in
    one step. Who reads them sees the old or the new file as a whole. If the disk is full, the old ones stay.
  - A task that is killed between the two leaves a new catalogue with an old package. The next run repairs it.
  - In the package of O(method=template) documents of settings are compressed as Microsoft's tool does it, up to 1 MiB
    together, and embedded files are stored as they are, so it may be larger than one of that tool. It has no stream of
    the template that no file needs.
  - A description may have up to 1,000 files with 256 MiB in all, a template 512 MiB.
seealso:
  - module: winops.entra.ppkg_info
  - module: winops.entra.ppkg
  - module: winops.entra.join
  - name: Windows Configuration Designer command-line interface
    description: What ICD.exe takes.
    link: https://learn.microsoft.com/windows/configuration/provisioning-packages/provisioning-command-line
author:
  - winops.entra contributors (@winops)
"""

EXAMPLES = r"""
- name: Build a package on the controller
  winops.entra.ppkg_build:
    description_file: packages/berlin.yml
    template: packages/template.ppkg
    dest: build/berlin.ppkg
  run_once: true
  register: built

- name: Show what differs from the package that was there before, and write nothing
  winops.entra.ppkg_build:
    description_file: packages/berlin.yml
    template: packages/template.ppkg
    dest: build/berlin.ppkg
  run_once: true
  check_mode: true
  diff: true

- name: A description in the playbook
  winops.entra.ppkg_build:
    description:
      name: Contoso Hamburg
      computer_name: HH-%SERIAL%
      security_keys: true
      bulk_token:
        value: "{{ vault_bulk_token }}"
        expires: 2027-03-31
    template: packages/join-template.ppkg
    dest: build/hamburg.ppkg
  run_once: true

- name: Build it with Microsoft's tool, on a Windows computer
  winops.entra.ppkg_build:
    method: icd
    description_file: packages/berlin.yml
    dest: build/berlin-icd.ppkg
  run_once: true
  delegate_to: build-host
"""

RETURN = r"""
package:
  description:
    - The contents of the package, as M(winops.entra.ppkg_info) describes them. In check mode those that it would have.
    - Null for an encrypted package, and in check mode with O(method=icd) if it would be built.
  returned: success
  type: dict
package_id:
  description: The id of the package, a GUID in lower case without braces, also where RV(package) is null.
  returned: success
  type: str
  sample: 4a1f9e0c-7a55-4f0e-9d0b-0a52f3a7c111
settings:
  description:
    - Every setting of the package, as M(winops.entra.ppkg_info) lists them. Secrets are masked.
    - Null where RV(package) is.
  returned: success
  type: list
  elements: dict
dest:
  description: Path of the package on the controller.
  returned: success
  type: str
  sample: /srv/rollout/build/berlin.ppkg
catalog:
  description: Path of the catalogue on the controller.
  returned: success
  type: str
  sample: /srv/rollout/build/berlin.cat
catalog_sha256:
  description: SHA-256 of the catalogue, as 64 hexadecimal digits. Null in check mode with O(method=icd) if it would be
    built.
  returned: success
  type: str
  sample: 60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752
password_dest:
  description: Path of the file with the password. Null without O(encrypt).
  returned: success
  type: str
  sample: null
method:
  description: How the package is built, V(template) or V(icd).
  returned: success
  type: str
  sample: template
tool:
  description:
    - The program on the host that has built the package. C(origin) is V(adk), V(store) (the app from the Microsoft
      Store) or V(path) (O(icd_path)).
    - Null if the task has not built one with it.
  returned: success
  type: dict
  sample:
    version: 10.0.26100.1
    path: D:\WCD\ICD.exe
    origin: path
unconfirmed:
  description: What of the package Windows has not confirmed, one sentence each. Empty with O(method=icd).
  returned: success
  type: list
  elements: str
  sample:
    - Windows has not confirmed that it applies packages that are made from a template on the controller.
left_behind:
  description:
    - What is on the host of O(method=icd) when the task ends and need not be. Empty if nothing is there, and after a
      refusal.
    - If the connection was lost or the task was ended, it lists what may be there, and C(why) says so.
  returned: always
  type: list
  elements: dict
  contains:
    what:
      description: What it is.
      type: str
    where:
      description: Its place on the host.
      type: str
    why:
      description: Why it is there.
      type: str
    remove:
      description: How to be rid of it.
      type: str
phases:
  description: Name and seconds of each phase on the host. Empty with O(method=template).
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: The phase.
      type: str
    seconds:
      description: How long it took.
      type: float
changes:
  description:
    - What was changed, or in check mode would be changed. The package and the catalogue each have an entry, and every
      setting that differs from the package that was there before. Secrets are masked.
  returned: always
  type: list
  elements: dict
  contains:
    what:
      description: What it is.
      type: str
    before:
      description: How it was, null if it was not there.
      type: raw
    after:
      description: How it is afterwards, null if it is gone.
      type: raw
error:
  description:
    - What failed. For a wrong description, C(name) is C(bad_description), with all mistakes in C(cause). If template
      and description do not have the same settings, it is C(template_differs), and C(evidence) lists them.
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
    "description": {"type": "dict"},
    "description_file": {"type": "path"},
    "method": {"type": "str", "choices": ["template", "icd"], "default": "template"},
    "template": {"type": "path"},
    "dest": {"type": "path", "required": True},
    "encrypt": {"type": "bool", "default": False},
    "password_dest": {"type": "path", "no_log": False},
    "sign": {"type": "bool", "default": False},
    "icd_path": {"type": "str"},
    "store_file": {"type": "list", "elements": "str"},
    "timeout": {"type": "int", "default": 900},
}
CONSTRAINTS = {
    "mutually_exclusive": [("description", "description_file")],
    "required_one_of": [("description", "description_file")],
    "required_if": [("method", "template", ["template"]), ("encrypt", True, ["password_dest"])],
}
