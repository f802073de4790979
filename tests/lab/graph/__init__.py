# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTP side of the simulated tenants: the OAuth authority, Microsoft Graph v1.0 and beta, managed identities.

State is in ``tests.lab.tenant``, which the simulated devices share. Behaviour follows Microsoft's published reference;
docs/lab.md lists what is documented, reported or a guess.
"""

from __future__ import annotations
