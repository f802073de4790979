# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tenant's half of a diagnosis: why joins, enrollments and sign-ins of devices failed, as the tenant's logs and
settings tell it, and one cause of both halves.

Internal to winops.entra: may change in any release.
"""
