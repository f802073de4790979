#!/usr/bin/python
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of winops.entra.autopilot_hash. The work is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: autopilot_hash
short_description: Read the hardware hash of a Windows device for Windows Autopilot, and check it
version_added: 0.1.0
description:
  - Reads the 4K hardware hash and the serial number of a running device as SYSTEM, with one command on the device.
  - Decodes the hash and verifies its checksum, so that a hash that is cut or damaged is found here, and not after the
    import. Checks the serial number, manufacturer and model in it against those of the firmware, and the TPM against
    what the deployment mode needs.
  - RV(device) is an entry of O(winops.entra.autopilot_device#module:devices), so that one task registers all hosts of a
    play.
  - With O(dest), keeps a CSV file on the controller in the form that the Intune admin center imports, one row for each
    device. All hosts of a play can write to the same file.
  - The time of the harvest is part of the hash, so each harvest gives another one. The serial number and the
    endorsement key of the TPM identify the device, without a TPM the UUID of the firmware. A row with another hash
    of the same device is not a change, and stays as it is.
options:
  mode:
    description:
      - The deployment mode of the profile that the device will get. V(user_driven) needs no TPM. V(self_deploying) and
        V(pre_provisioned) need a TPM 2.0 with attestation, and a physical device.
    type: str
    choices: [user_driven, self_deploying, pre_provisioned]
    default: user_driven
  dest:
    description:
      - Path of the CSV file on the controller. A device that failed by O(fail_on), or whose hash could not be read, is
        not written.
      - A new file has the columns C(Device Serial Number), C(Windows Product ID), C(Hardware Hash), C(Group Tag) and
        C(Assigned User), no quotes, and is for its owner only (mode 0600). The admin center takes at most 500 rows from
        a file, so with more the task warns; M(winops.entra.autopilot_device) takes more.
      - A file that is there keeps its encoding, line ends, columns, mode, and all rows of other devices. A file in two
        encodings, or without a column for what is given, is refused.
      - A group tag or user that is not given keeps its value in the file.
    type: path
  group_tag:
    description: The group tag of the device, for RV(device) and the CSV file.
    type: str
  assigned_user:
    description:
      - The user principal name of the user who will unpack the device, for RV(device) and the CSV file.
        M(winops.entra.autopilot_device) looks the user up.
    type: str
  fail_on:
    default: [fail, unknown]
  timeout:
    description: Seconds that the command on the device has to read the hash as SYSTEM.
    type: int
    default: 120
extends_documentation_fragment:
  - winops.entra.attributes
  - winops.entra.attributes.device
  - winops.entra.findings
attributes:
  check_mode:
    details: No scheduled task is created, so the connecting account reads the hash instead of SYSTEM, which an
      administrator may. The CSV file is not written; the result says what would change in it.
    support: partial
notes:
  - The findings are C(hash) (it could be read, is whole, and its checksum is right), C(hash_serial) (the serial number
    in it is that of the firmware), C(hash_model) (so are manufacturer and model), C(serial_number) (it is not a
    placeholder that many devices have), C(tpm) and C(virtual_machine).
  - Nothing is installed on the device. The device need not be joined or enrolled.
  - A registration does nothing to a device that is set up. The profile applies at the next start of its out-of-box
    experience.
seealso:
  - module: winops.entra.autopilot_device
author:
  - winops.entra contributors (@winops)
"""

EXAMPLES = r"""
- name: Read the hardware hash, and keep it in a CSV file
  winops.entra.autopilot_hash:
    dest: autopilot/berlin.csv
    group_tag: Berlin
  register: harvested

- name: Register all devices of the play in one task
  winops.entra.autopilot_device:
    devices: "{{ ansible_play_hosts | map('extract', hostvars, 'harvested') | map(attribute='device') | list }}"
  run_once: true

- name: See which devices are fit for a self-deploying profile
  winops.entra.autopilot_hash:
    mode: self_deploying
    fail_on: []
  register: fitness
"""

RETURN = r"""
device:
  description:
    - An entry for O(winops.entra.autopilot_device#module:devices). Null if there is no hash that can be used.
    - C(product_id) is always null, because the hash is enough. C(group_tag) and C(assigned_user) are null if they are
      not given.
  returned: when the device has answered
  type: dict
  sample:
    serial_number: PF3K9A01
    product_id: null
    hardware_hash: T0FuAgEAHAAAAAoAAQBnWAAACgABAGdY...
    group_tag: Berlin
    assigned_user: null
autopilot:
  description: What the firmware and the hash say. What could not be read, or is not there, is null.
  returned: when the device has answered
  type: dict
  contains:
    serial_number:
      description: The serial number of the firmware, with its leading zeros. Null if it could not be read.
      type: str
    product_id:
      description: Always null. The hash is enough.
      type: str
    hardware_hash:
      description: The hash in base64, with its padding. Null if it could not be read, or is cut or damaged.
      type: str
    manufacturer:
      description: The manufacturer of the device, as the firmware spells it. Null if it could not be read.
      type: str
    model:
      description: The model, as the firmware spells it. Null if it could not be read.
      type: str
    smbios_uuid:
      description: The UUID of the firmware in small letters. Null if it could not be read.
      type: str
    tpm_version:
      description: The version of the TPM's specification, such as V(2.0). Null if there is no TPM, or it could not be
        read.
      type: str
    tpm_ek:
      description: SHA-256 of the public part of the TPM's endorsement key, in hexadecimal digits. Null if the hash has
        none.
      type: str
    virtual_machine:
      description: Whether the firmware is that of a known hypervisor. Null if it could not be read.
      type: bool
    hash_serial_number:
      description: The serial number in the hash. Null if there is no hash that can be used.
      type: str
    hash_size:
      description: Bytes of the hash; most have 3,000. Null if there is no hash that can be used.
      type: int
    read_as:
      description: The account that read the hash, V(SYSTEM), or V(caller) in check mode.
      type: str
  sample:
    serial_number: PF3K9A01
    product_id: null
    hardware_hash: T0FuAgEAHAAAAAoAAQBnWAAACgABAGdY...
    manufacturer: LENOVO
    model: 21HM
    smbios_uuid: 7d0e6a3c-9a52-4b1e-8f0b-3f2c1d5a7e90
    tpm_version: "2.0"
    tpm_ek: 7c701230bfcce9179d0105b0fbc8818a77054a6654d804c4b576857149daa83a
    virtual_machine: false
    hash_serial_number: PF3K9A01
    hash_size: 3000
    read_as: SYSTEM
dest:
  description: The absolute path of the CSV file.
  returned: with O(dest)
  type: str
  sample: /srv/autopilot/berlin.csv
rows:
  description: The number of devices in the CSV file, with this one. Null if the device was not written.
  returned: with O(dest)
  type: int
  sample: 24
findings:
  description:
    - One for each check, in a fixed order, C(hash_serial) and C(hash_model) only of a whole hash.
    - C(result) is V(pass), V(warn), V(fail) or V(unknown) (it could not be read).
  returned: when the device has answered
  type: list
  elements: dict
  contains:
    id:
      description: The check.
      type: str
    result:
      description: V(pass), V(warn), V(fail) or V(unknown).
      type: str
    subject:
      description: Always null. A check is about the device.
      type: str
    observed:
      description: What the device shows.
      type: str
    expected:
      description: What would be right.
      type: str
    cause:
      description: Why that matters, null on a pass.
      type: str
    fix:
      description: What to do, null on a pass.
      type: str
    side:
      description: Where the problem is, always V(device).
      type: str
    doc:
      description: Where to read more, otherwise null.
      type: str
    permissions:
      description: Always empty.
      type: list
      elements: str
    evidence:
      description: Always empty. C(observed) has everything.
      type: list
      elements: dict
  sample:
    - id: serial_number
      result: fail
      subject: null
      observed: Default string
      expected: a serial number that only this device has
      cause: "many devices have this serial number, so the registration of this one cannot be told apart from others"
      fix: "have the manufacturer's tool write a serial number into the firmware"
      side: device
      doc: null
      permissions: []
      evidence: []
summary:
  description: The number of findings for each result.
  returned: when the device has answered
  type: dict
  sample: {pass: 6, warn: 0, fail: 0, unknown: 0}
changes:
  description:
    - What was changed in the CSV file, or would be in check mode. C(before) and C(after) are the row of the device by
      its columns, in which the hash is shortened.
  returned: always
  type: list
  elements: dict
  sample:
    - what: the row of PF3K9A01 in /srv/autopilot/berlin.csv
      before: null
      after:
        Device Serial Number: PF3K9A01
        Windows Product ID: ""
        Hardware Hash: T0FuAgEAHAAA... (4000 letters)
        Group Tag: Berlin
        Assigned User: ""
error:
  description: The first finding that O(fail_on) names, with all of them in C(evidence).
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
  sample:
    code: null
    name: autopilot_serial_number
    side: device
    cause: "many devices have this serial number, so the registration of this one cannot be told apart from others"
    fix: "have the manufacturer's tool write a serial number into the firmware"
    evidence:
      - id: serial_number
        result: fail
        subject: null
        observed: Default string
        expected: a serial number that only this device has
    request_id: null
    permissions: []
    doc: null
"""

ARGUMENT_SPEC = {
    "mode": {
        "type": "str",
        "choices": ["user_driven", "self_deploying", "pre_provisioned"],
        "default": "user_driven",
    },
    "dest": {"type": "path"},
    "group_tag": {"type": "str"},
    "assigned_user": {"type": "str"},
    "fail_on": {"type": "list", "elements": "str", "default": ["fail", "unknown"]},
    "timeout": {"type": "int", "default": 120, "most": 3600},
}
