# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated Windows device: its state, what changes it, and one handler for each operation of the vocabulary.

Shares no code with ``plugins/``: a simulator that shares the product's logic proves nothing.
"""
