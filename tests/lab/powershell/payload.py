# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection's runner with the stand-ins in it."""

from __future__ import annotations

import base64
import gzip
import importlib
import sys
import types
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PROOF = ROOT / "tests" / "powershell"
_MAIN = ROOT / "plugins" / "plugin_utils" / "device" / "runner" / "main.ps1"


class NotTheRunner(ValueError):
    """What was sent does not end as the runner ends."""


@lru_cache(maxsize=64)
def with_stand_ins(packed: str) -> str:
    """The runner as it was sent (base64 of gzip), with the stand-ins before its last lines."""
    sent = gzip.decompress(base64.b64decode(packed)).decode("ascii")
    main = _statements(_MAIN.read_text(encoding="ascii"))
    before, end, after = sent.rpartition(main)
    if not end or after.strip():
        raise NotTheRunner("the text does not end with main.ps1")
    text = before + _statements(proof().text(before)) + main
    return base64.b64encode(gzip.compress(text.encode("ascii"), 6, mtime=0)).decode("ascii")


def prepared(sent: bytes) -> bytes:
    """What is sent to a bootstrap, with the stand-ins in its runner; anything else as it is."""
    if sent.count(b"|") != 1:
        return sent
    runner, _bar, request = sent.decode("ascii").strip().partition("|")
    return f"{with_stand_ins(runner)}|{request}\n".encode("ascii")


def proof() -> types.ModuleType:
    """``tests/powershell/stand_ins.py``: the text of the stand-ins, and the file of a description."""
    if str(PROOF) not in sys.path:
        sys.path.append(str(PROOF))
    return importlib.import_module("stand_ins")


def _statements(text: str) -> str:
    """As the collection sends its text: without indentation, empty lines and comment lines."""
    lines = (line.strip() for line in text.splitlines())
    return "".join(line + "\n" for line in lines if line and not line.startswith("#"))
