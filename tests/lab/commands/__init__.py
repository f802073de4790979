# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a command line or a PowerShell script sent by a client does on a simulated device.

Nothing here runs anything: texts that clients send are recognised and answered from the device model.
"""
