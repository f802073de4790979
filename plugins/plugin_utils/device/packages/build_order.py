# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Windows host is to build with ICD.exe, and what it has built: values, no more.

    built = icd.build(task, order)       # raises Failure; leaves nothing on the host

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class BuildOrder:
    """A package to build. It holds secrets, and does not print.

    ``files``: contents, by the paths that the description has for them. ``customizations`` gives customizations.xml
    for the absolute paths that these files have on the host (ICD.exe leaves out relative ones, and reports success),
    by the same keys. ``place`` is a GUID that stands for the package file on the controller: what a killed build has
    left is removed by the next one for that file, whatever its description says by then. ``icd_path`` and
    ``store_file`` are None where the tool is to be looked for; ``timeout`` is in seconds.
    """

    name: str
    package_id: str
    place: str
    customizations: Callable[[Mapping[str, str]], bytes] = field(repr=False)
    files: Mapping[str, bytes] = field(repr=False)
    icd_path: str | None = None
    store_file: Sequence[str] | None = None
    encrypt: bool = False
    timeout: int = 900


@dataclass(frozen=True)
class Built:
    """What the host has built: both files, and the password that the tool has made where the package is encrypted.

    ``tool`` says what is known of ICD.exe: {version, path, origin}. ``plain`` is the same package without encryption,
    for who reads what was built; None where ``ppkg`` itself can be read.
    """

    ppkg: bytes = field(repr=False)
    catalog: bytes = field(repr=False)
    password: str | None = field(default=None, repr=False)
    tool: dict | None = None
    plain: bytes | None = field(default=None, repr=False)
