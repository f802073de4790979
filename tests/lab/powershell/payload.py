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

from ..statements import statements

ROOT = Path(__file__).resolve().parents[3]
PROOF = ROOT / "tests" / "powershell"
_MAIN = ROOT / "plugins" / "plugin_utils" / "device" / "runner" / "main.ps1"


class NotTheRunner(ValueError):
    """What was sent does not end as the runner ends."""


@lru_cache(maxsize=64)
def with_stand_ins(packed: str) -> str:
    """The runner as it was sent (base64 of gzip), with the stand-ins before its last lines."""
    sent = gzip.decompress(base64.b64decode(packed)).decode("ascii")
    main = statements(_MAIN.read_text(encoding="ascii"))
    before, end, after = sent.rpartition(main)
    if not end or after.strip():
        raise NotTheRunner("the text does not end with main.ps1")
    text = f"{before}{statements(proof('stand_ins').text(before))}\n{main}\n"
    return base64.b64encode(gzip.compress(text.encode("ascii"), 6, mtime=0)).decode("ascii")


def prepared(sent: bytes) -> bytes:
    """What is sent to a bootstrap, with the stand-ins in its runner; anything else as it is."""
    if sent.count(b"|") != 1:
        return sent
    runner, _bar, request = sent.decode("ascii").strip().partition("|")
    return f"{with_stand_ins(runner)}|{request}\n".encode("ascii")


def proof(name: str) -> types.ModuleType:
    """A module of ``tests/powershell``, which needs no package: ``stand_ins``, ``shell``, ``driver``."""
    if str(PROOF) not in sys.path:
        sys.path.append(str(PROOF))
    return importlib.import_module(name)
