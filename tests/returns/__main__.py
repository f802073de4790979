# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares what a run of the integration tests has left with RETURN; see run.py."""

from __future__ import annotations

import sys
from pathlib import Path

from . import run

if __name__ == "__main__":
    compared = run.compare(Path(sys.argv[1]))
    found = run.problems(compared, whole=True)
    print(*found, run.summary(compared, whole=True), sep="\n")
    sys.exit(bool(found))
