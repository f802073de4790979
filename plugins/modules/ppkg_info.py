#!/usr/bin/python
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of winops.entra.ppkg_info. The work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ppkg_info
short_description: Describe a provisioning package, and list those on a Windows device
version_added: 0.1.0
description:
  - Describes the contents of a provisioning package file (C(.ppkg)) on the controller, without Windows and without
    applying it, and says whether the package can join devices to Microsoft Entra ID (formerly Azure AD).
  - Lists every setting of the package with its path, its scope and its condition, returns the description from which
    such a package can be made, and compares the package with a description or with another package.
  - Lists the provisioning packages that are installed on a device.
  - Secrets inside a package are never returned. They are the bulk token (BPRT), passwords of accounts, AutoLogon,
    certificates and connections, Wi-Fi keys, secrets of an MDM, and product keys. Each is known by its setting, and is
    masked wherever its value appears again, for example in a command line, even if it is encoded there (base64, for a
    URL, for XML). Tokens can be distinguished by a fingerprint.
options:
  src:
    description:
      - Path of a package file on the controller. RV(package) describes it.
      - A file that cannot be read as a package is an error. Other problems are in RV(package.issues).
    type: path
  description:
    description:
      - A description of the package that O(src) should be, as L(docs/packages.md,
        https://github.com/winops/entra/blob/main/docs/packages.md) shows it. RV(differences) lists what the package has
        otherwise.
      - It is checked first, and refused with the place of each mistake. Take its secrets from variables that are
        encrypted with Ansible Vault.
    type: dict
  description_file:
    description:
      - Path of a YAML file on the controller with the description, as M(winops.entra.ppkg_build) takes it. The files
        that it names are not read.
    type: path
  compare_with:
    description:
      - Path of another package file on the controller. RV(differences) lists what it has otherwise than O(src).
    type: path
  installed:
    description:
      - Whether to ask the device which packages are installed on it. RV(installed) lists them.
      - The default is V(true) without O(src), and V(false) with it. Nothing is sent to the device when it is V(false).
    type: bool
extends_documentation_fragment:
  - winops.entra.attributes
  - winops.entra.attributes.device
attributes:
  diff_mode:
    details: It changes nothing.
    support: none
  platform:
    details: With O(src) alone the work is done on the controller, and nothing is sent to the host of the task.
notes:
  - At least one of O(src) and O(installed) must ask for something.
  - Reads packages that are compressed with XPRESS, as those of Windows Configuration Designer are, with LZX or not at
    all. Nothing has to be installed for it.
  - An encrypted package has no marker. A file counts as encrypted if its size fits exactly and its bytes look random.
  - A bulk token does not show when it expires; Entra ID limits it to 180 days. RV(package.bulk_token.expires) is null,
    except for tokens in JWT form, which do show it.
  - A secret of less than four letters is masked in command lines only, if it stands by itself. A secret that is only a
    word or a number of less than 12 letters is masked in the description of the package, but not in the rest of a
    result, which may contain the same word. A password that is only in a command line, and in no setting, is not known.
  - The settings that Windows Configuration Designer knows are those of its store of 2024 for desktop editions. Settings
    that came later are listed with C(known=false).
  - A package with more than 100 different secrets, 10,000 commands, accounts and areas of settings, 300,000 elements or
    2 MiB of compressed settings is refused, as are paths of more than 1,024 characters or 64 folders.
  - RV(settings) and RV(differences) have at most 10,000 entries, and 4,096 characters of a value.
  - Signatures of packages and checksums of embedded files are not checked.
seealso:
  - module: winops.entra.ppkg
  - module: winops.entra.join
  - name: Provisioning packages for Windows
    description: What packages are and how Windows applies them.
    link: https://learn.microsoft.com/windows/configuration/provisioning-packages/provisioning-packages
  - name: Bulk enrollment for Windows devices
    description: How to make a package with a bulk token, and how long it is valid.
    link: https://learn.microsoft.com/mem/intune/enrollment/windows-bulk-enroll
author:
  - winops.entra contributors (@winops)
"""

EXAMPLES = r"""
- name: Describe a package
  winops.entra.ppkg_info:
    src: packages/join.ppkg
  run_once: true
  register: join

- name: Stop before anything happens on a device
  ansible.builtin.assert:
    that: join.package.can_join
    fail_msg: "{{ join.package.issues | map(attribute='message') | join('; ') }}"
  run_once: true

- name: List what is installed on the device
  winops.entra.ppkg_info:
  register: device

- name: Show the list
  ansible.builtin.debug:
    msg: "{{ device.installed | map(attribute='name') | join(', ') }}"

- name: Compare the package with the description from which it was built
  winops.entra.ppkg_info:
    src: packages/join.ppkg
    description:
      name: Contoso join
      computer_name: PC-%SERIAL%
      security_keys: true
      bulk_token:
        value: "{{ vault_bulk_token }}"
        expires: 2027-03-31
  run_once: true
  register: compared

- name: What a template has otherwise than the description in a file
  winops.entra.ppkg_info:
    src: packages/template.ppkg
    description_file: packages/berlin.yml
  run_once: true

- name: Show what differs
  ansible.builtin.debug:
    msg: "{{ compared.differences | map(attribute='path') | unique }}"
  run_once: true

- name: Show which settings are for some devices only
  ansible.builtin.debug:
    msg: "{{ join.settings | selectattr('condition') | map(attribute='path') }}"
  run_once: true

- name: Both at once
  winops.entra.ppkg_info:
    src: packages/join.ppkg
    installed: true
"""

RETURN = r"""
package:
  description: The contents of the package. Null without O(src). Settings that the package does not have are null or an
    empty list.
  returned: success
  type: complex
  contains:
    id:
      description: Package id, a GUID in lower case without braces.
      returned: success
      type: str
      sample: 4a1f9e0c-7a55-4f0e-9d0b-0a52f3a7c111
    name:
      description: Name of the package.
      returned: success
      type: str
      sample: Contoso join
    version:
      description: Version of the package.
      returned: success
      type: str
      sample: "1.0"
    owner:
      description: Owner, as in the package. Null if the package has only compiled settings.
      returned: success
      type: str
      sample: ITAdmin
    rank:
      description: Rank among packages of this owner, 0 to 99. Null if the package has only compiled settings.
      returned: success
      type: int
      sample: 0
    can_join:
      description: Whether the package can join a device. It can if none of the RV(package.issues) prevents it.
      returned: success
      type: bool
      sample: true
    bulk_token:
      description: The join credential.
      returned: success
      type: dict
      contains:
        present:
          description: Whether there is a bulk token.
          returned: success
          type: bool
          sample: true
        fingerprint:
          description: The first 12 hexadecimal digits of its SHA-256, null without a bulk token.
          returned: success
          type: str
          sample: 0fd3a2b94c11
        expires:
          description: When the token expires, in UTC. Null for bulk tokens as Entra ID issues them.
          returned: success
          type: str
          sample: null
    authority:
      description: Where the token is redeemed.
      returned: success
      type: str
      sample: https://login.microsoftonline.com/common
    computer_name:
      description: Pattern of the computer name, with C(%SERIAL%) and C(%RAND:n%) unchanged.
      returned: success
      type: str
      sample: PC-%SERIAL%
    security_key_signin:
      description: Whether sign-in with security keys is turned on or off.
      returned: success
      type: bool
      sample: true
    commands:
      description: Command lines that the device runs as SYSTEM. Secrets of the package are masked in them.
      returned: success
      type: list
      elements: str
      sample: ["cmd /c setup.cmd"]
    certificates:
      description:
        - Certificates. C(kind) is V(root), V(ca), V(trusted_people), V(client), V(trusted_provisioner), or the
          package's own name for it. If the package has only compiled settings, C(name) is a thumbprint for all except
          client certificates, and C(file) is null.
      returned: success
      type: list
      elements: dict
      sample:
        - kind: root
          name: Contoso Root
          file: contoso.cer
    accounts:
      description: Local accounts that the package creates.
      returned: success
      type: list
      elements: dict
      sample:
        - name: rescue
          group: Administrators
    mdm:
      description: MDM enrollment that the package itself sets, in addition to what the tenant does after a join.
      returned: success
      type: dict
      sample:
        upn: enroll@contoso.example
        discovery_url: https://mdm.contoso.example/EnrollmentServer/Discovery.svc
    settings:
      description: Areas of settings in the package; names of CSPs if it has only compiled settings.
      returned: success
      type: list
      elements: str
      sample: [Accounts, DevDetail, ProvisioningCommands]
    reverted_by_removal:
      description:
        - The settings that Windows reverts when it removes the package (Microsoft, "Settings changed when you uninstall
          a provisioning package"). All other settings of the package stay.
      returned: success
      type: list
      elements: str
      sample: [certificates, Wi-Fi]
    files:
      description: Embedded files with their size in bytes, and the image of the package (from 1) that they are in.
      returned: success
      type: list
      elements: dict
      sample:
        - path: setup.cmd
          size: 1204
          image: 1
    images:
      description: Number of images in the package. Packages of Windows Configuration Designer have one.
      returned: success
      type: int
      sample: 1
    conditional:
      description:
        - Settings that are only for devices that meet a condition (C(Variant), or C(Profile)). They are not in the
          fields above, except for RV(package.settings), RV(package.reverted_by_removal) and RV(package.bulk_token).
        - A device meets a condition if it fits one of the C(targets), and a target if it fits all conditions of one
          of its C(states). C(bulk_token) says whether there is one; the other fields are as those of the package.
      returned: success
      type: list
      elements: dict
      contains:
        condition:
          description: The condition.
          type: dict
          sample:
            kind: Variant
            name: null
            targets:
              - id: laptops
                states: [[{name: PowerPlatformRole, value: "2"}]]
        bulk_token:
          description: Whether there is a bulk token.
          type: bool
        computer_name:
          description: Pattern of the computer name, or null.
          type: str
        security_key_signin:
          description: Whether sign-in with security keys is turned on or off. Null if that is not among the settings.
          type: bool
        commands:
          description: Command lines.
          type: list
          elements: str
        certificates:
          description: Certificates.
          type: list
          elements: dict
        accounts:
          description: Local accounts.
          type: list
          elements: dict
        mdm:
          description: MDM enrollment, or null.
          type: dict
        settings:
          description: Areas of settings.
          type: list
          elements: str
    built_with:
      description:
        - What the package notes about the program that built it. Null if it notes nothing; each field is null if it
          is not in the notes.
        - The signature itself is not checked.
      returned: success
      type: dict
      contains:
        version:
          description: Version of the program.
          type: str
          sample: 10.0.26100.1
        source:
          description: Which program it was, such as C(CLI) for the command line.
          type: str
          sample: CLI
        target_skus:
          description: For which editions.
          type: str
          sample: WindowsCommon,Desktop
        signed:
          description: Whether the package was signed.
          type: bool
          sample: false
        encrypted:
          description: Whether the package was encrypted.
          type: bool
          sample: false
    dead_streams:
      description:
        - Contents in the file that belong to none of its files. A program that updates a package in place leaves what
          it replaced, and anyone can read it. C(secrets) says whether a secret is in one of them, null if that could
          not be read.
      returned: success
      type: dict
      sample:
        count: 1
        bytes: 812
        secrets: true
    issues:
      description:
        - What a user of the package should know. Those with C(blocks_join) are C(no_bulk_token), C(no_package_id),
          C(token_expired) and C(token_placeholder); the others are C(no_authority), C(conditional_bulk_token),
          C(token_expires_soon), C(token_in_plain_text), C(no_local_account), C(bad_package_id),
          C(no_compiled_settings), C(settings_differ), C(two_package_ids), C(several_images) and C(dead_streams).
        - C(token_expires_soon) is 30 days before. The day is known from the O(description), or if the token shows it.
      returned: success
      type: list
      elements: dict
      sample:
        - name: no_bulk_token
          message: the package carries no bulk token, so it cannot join a device to a tenant
          fix: add a bulk token (Accounts > Azure, or 'Set up device management') and build the package again
          blocks_join: true
    encrypted:
      description: Always V(false). An encrypted package cannot be read and is an error.
      returned: success
      type: bool
      sample: false
    sha256:
      description: SHA-256 of the package file, as 64 hexadecimal digits.
      returned: success
      type: str
      sample: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    size:
      description: Size of the package file in bytes.
      returned: success
      type: int
      sample: 20514
settings:
  description:
    - Every setting of the package, from its C(customizations.xml), or the copy of it, or its compiled settings if it
      has neither of them. Null without O(src).
  returned: success
  type: list
  elements: dict
  contains:
    path:
      description:
        - Path of the setting. A key is in brackets, C((2)) is the second element of the same name, and C(@name) an
          attribute.
      type: str
      sample: Accounts/Users/User[rescue]/UserGroup
    value:
      description: Its value, as the package has it. Secrets are masked.
      type: str
      sample: Administrators
    secret:
      description: Whether the value is a secret.
      type: bool
      sample: false
    known:
      description: Whether Windows Configuration Designer knows the setting. Null for compiled settings.
      type: bool
      sample: true
    scope:
      description: V(device) or V(user). Null if that is not known.
      type: str
      sample: device
    condition:
      description: The condition that a device must meet, as in RV(package.conditional). Null if it is for every device.
      type: dict
    form:
      description: Where it was read, V(customizations), V(answer_file) or V(compiled).
      type: str
      sample: customizations
description:
  description:
    - The description from which a package with the same settings can be made (docs/packages.md), with C(********) for
      each secret. C(dropped) lists what of C(customizations.xml) is not in it, such as comments.
    - Null without O(src), and for a package that has only compiled settings.
  returned: success
  type: dict
  sample:
    id: 4a1f9e0c-7a55-4f0e-9d0b-0a52f3a7c111
    name: Contoso join
    version: "1.0"
    owner: ITAdmin
    rank: 0
    computer_name: PC-%SERIAL%
    dropped: []
differences:
  description:
    - What differs between the package in O(src) and the O(description), or the package in O(compare_with). They are
      compared setting by setting in each form that both have. A description is compared with all three of them.
    - Null if there is nothing to compare with.
  returned: success
  type: list
  elements: dict
  contains:
    form:
      description: Where it differs, V(customizations), V(answer_file) or V(compiled).
      type: str
      sample: compiled
    path:
      description: Path of the setting. Fields of the package itself begin with C(PackageConfig).
      type: str
      sample: DevDetail/DNSComputerName
    condition:
      description: The condition of the setting, as in RV(package.conditional). Null if it is for every device.
      type: dict
    here:
      description: The value in O(src), null if it has none. Secrets are masked.
      type: str
      sample: PC-%SERIAL%
    there:
      description: The value in the description or the other package, null if it has none. Secrets are masked.
      type: str
      sample: LT-%SERIAL%
    secret:
      description: Whether the value is a secret.
      type: bool
      sample: false
installed:
  description:
    - Packages on the device, including those that come with Windows or from the maker of the PC; C(origin) is V(other)
      for all others.
    - C(last_result) is the worst result that the provisioning engine recorded, as hexadecimal HRESULT, or null.
      C(pending) says that the package waits for something, which is not a failure.
    - Null if the device was not asked.
  returned: success
  type: list
  elements: dict
  sample:
    - id: 4a1f9e0c-7a55-4f0e-9d0b-0a52f3a7c111
      name: Contoso join
      version: "1.0"
      installed: true
      origin: other
      pending: false
      last_result: "0x00000000"
changes:
  description: Always empty. The module only reads.
  returned: always
  type: list
  elements: dict
  sample: []
error:
  description:
    - What failed. For a wrong O(description), C(name) is C(bad_description). For a file, it is C(package_unreadable),
      C(not_a_package), C(package_damaged), C(package_encrypted) or C(package_unsupported). C(side) is controller.
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
    "description": {"type": "dict"},
    "description_file": {"type": "path"},
    "compare_with": {"type": "path"},
    "installed": {"type": "bool"},
}
CONSTRAINTS = {"mutually_exclusive": [("description", "description_file", "compare_with")]}
