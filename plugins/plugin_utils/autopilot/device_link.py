# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The DeviceLink: what a device says of itself, signed by its TPM, and what a tenant imports to associate it.

Windows exports it as a CSV file (``.devicelink.csv``, UTF-16 with a mark) with the columns SerialNumber, Manufacturer,
Model and Data; Data is base64 of a JSON document. Nobody has documented the form. Sources: real exported files as
public decoders read them; the public tools WindowsDeviceLink and Get-AutopilotDeviceAssociation. The signature is the
service's to check.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import base64
import binascii
import csv
import dataclasses
import typing as t

from ..untrusted import in_one_line, load_json

#: Letters of one DeviceLink. Real ones have about five thousand.
LONGEST_LINK = 65536
LONGEST_NAME = 300
LARGEST_LINK_FILE = 4 * 1024 * 1024
_COLUMNS = ("serialnumber", "manufacturer", "model", "data")
_MARKS = ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"), (b"\xef\xbb\xbf", "utf-8"))


@dataclasses.dataclass(frozen=True)
class DeviceLink:
    """``data`` is the text that is imported. The rest is what it says: each a text of one line, or None."""

    data: str
    serial_number: str | None
    smbios_uuid: str | None
    manufacturer: str | None
    model: str | None
    link_id: str | None


def read(text: str) -> DeviceLink:
    """The DeviceLink of a text in base64. ValueError, with a sentence, for what is none."""
    data = "".join(text.split())
    if len(data) > LONGEST_LINK:
        raise ValueError(f"it has {len(data)} letters, and a DeviceLink at most {LONGEST_LINK}")
    plain = data.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        content = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError) as exc:
        raise ValueError("it is not base64") from exc
    try:
        document = load_json(content.decode("utf-8"))
    except ValueError as exc:
        raise ValueError("what is in it is not JSON") from exc
    info = document.get("DeviceInfo") if isinstance(document, dict) else None
    if not isinstance(info, dict):
        raise ValueError("it has no DeviceInfo")
    names = ("SerialNumber", "SmbiosUuid", "Manufacturer", "ModelName", "LinkId")
    serial, uuid, manufacturer, model, link = (_line(info.get(name)) for name in names)
    if serial is None and uuid is None:
        raise ValueError("it names neither a serial number nor an SMBIOS UUID")
    return DeviceLink(data, serial, uuid.strip("{}").lower() if uuid else None, manufacturer, model, link)


def in_csv(content: bytes) -> list[str]:
    """The column Data of each row of a DeviceLink file; empty for a CSV file of another kind, such as that of the
    hardware hash. ValueError for one that cannot be read."""
    if len(content) > LARGEST_LINK_FILE:
        raise ValueError(f"it has {len(content)} bytes")
    mark, encoding = next(((mark, name) for mark, name in _MARKS if content.startswith(mark)), (b"", "utf-8"))
    try:
        rows = list(csv.reader(content[len(mark) :].decode(encoding).splitlines()))
    except (UnicodeDecodeError, csv.Error) as exc:
        raise ValueError("it is not a CSV file") from exc
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    headings = [cell.strip().lower() for cell in rows[0]] if rows else []
    if not set(_COLUMNS) <= set(headings):
        return []
    column = headings.index("data")
    return [row[column].strip() for row in rows[1:] if len(row) > column and row[column].strip()]


def _line(value: t.Any) -> str | None:
    if not isinstance(value, str):
        return None
    return in_one_line(value, LONGEST_NAME).strip() or None
