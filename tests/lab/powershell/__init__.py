# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices whose PowerShell is a real one: it runs the collection's own text over the device's description.

What only Windows has is the lab's: the stand-ins of ``tests/powershell`` look at the description, and native programs
and cmdlets ask the lab over its control API.
"""
