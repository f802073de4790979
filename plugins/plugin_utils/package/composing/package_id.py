# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The id of a package, derived from what is in it.

Windows does not apply a package again whose id it knows, whatever else has changed. So what is the same has the same
id, and any change gives another one. The id is not secret: devices show it, and reports have it. Were it a plain hash
of all, whoever knows the rest of a package (names, the template, the commands) could try passwords against the id, some
thousand million a second. So the secrets go in through scrypt (RFC 7914), which makes each guess cost 32 MiB of memory
and some 0.1 s, with a hash of all the rest as salt. The bulk token, where there is one, is among them; nobody guesses
that.

A hash of the package file, such as its catalogue has, would be a way around: so the same scrypt gives the 16 bytes of
the WIM file's own id, which stand in no other place than the package.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterable, Mapping

from ..description.description import Description
from ..description.document import Document
from ..description.table import table
from ..plain_files import base_name

LAYOUT = 1
"""Raised when the same input is to be written as other bytes: they get another id then."""
_COST, _BLOCK, _LANES = 1 << 15, 8, 1
_MEMORY = 64 << 20


def derived_ids(description: Description, template: bytes, files: Mapping[str, bytes]) -> tuple[uuid.UUID, bytes]:
    """(the package id, the 16 bytes of the WIM file's id). ``template`` and the values of ``files`` are SHA-256.

    The id is the description's own where it has one. A derived one is a UUID of version 8 (RFC 9562), whose digits mean
    nothing but what their maker says.
    """
    # In their order and as they stand: two accounts that swap their passwords make another package.
    secrets = [setting.value for block in description.document.blocks for setting in block.settings if setting.secret]
    rest = _rest(description, template, files)
    derived = hashlib.scrypt(_packed(secrets), salt=rest, n=_COST, r=_BLOCK, p=_LANES, maxmem=_MEMORY, dklen=32)
    given = description.document.identity.id
    number = int.from_bytes(derived[:16], "big")
    number = number & ~(0xF << 76) | 8 << 76
    number = number & ~(0x3 << 62) | 0x2 << 62
    return (uuid.UUID(given) if given else uuid.UUID(int=number)), derived[16:]


def _rest(description: Description, template: bytes, files: Mapping[str, bytes]) -> bytes:
    document = description.document
    identity = document.identity
    said = {
        "layout": LAYOUT,
        "template": template.hex(),
        "revision": description.revision,
        "id": identity.id,
        "identity": [identity.name, identity.version, identity.owner, identity.rank, sorted(identity.other.items())],
        "targets": [[target.id, target.states] for target in document.targets],
        "settings": list(_settings(document, files)),
    }
    return hashlib.sha256(_packed(said)).digest()


def _settings(document: Document, files: Mapping[str, bytes]) -> Iterable[list]:
    """Each setting, without its value where that is secret; a file by its name and content, wherever it lies."""
    for block in document.blocks:
        condition = block.condition
        where = [condition.kind, condition.name, condition.targets] if condition else None
        for setting in block.settings:
            known = table().find(setting.bare)
            if known is not None and known.type == "file" and setting.value in files:
                yield [where, setting.path, base_name(setting.value), files[setting.value].hex()]
            else:
                yield [where, setting.path, None if setting.secret else setting.value]


def _packed(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode()
