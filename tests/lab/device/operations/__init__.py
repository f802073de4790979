# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One handler for each operation of ``plugins/plugin_utils/device/vocabulary.json``."""

from __future__ import annotations

from . import (  # noqa: F401 register handlers
    accounts,
    azure,
    designer,
    downloads,
    endpoints,
    events,
    files,
    identity,
    jobs,
    leaving,
    packages,
    power,
    registry,
    resets,
    security_key,
    tasks,
)
from .dispatch import HANDLERS, run_request

__all__ = ["HANDLERS", "run_request"]
