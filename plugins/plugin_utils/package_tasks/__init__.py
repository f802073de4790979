# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks about provisioning packages: their options and their work. Here, and nowhere else, a package and a device meet.

Internal to winops.entra: may change in any release.
"""
