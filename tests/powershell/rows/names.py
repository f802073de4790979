# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names that rows and the Windows they look at have in common."""

from __future__ import annotations

TEXT = 'a "quoted" \\ text, \u00fc\u20ac\U0001f600\t\0\r\n'
JOB = "0f8fad5b-d9cb-469f-a165-70867728950e"
ENROLLED, FOREIGN, BORROWED, STUCK, BUILT_IN = (f"{letter * 8}-1111-4222-8333-BBBBBBBBBBBB" for letter in "ABCDE")
"""Enrollments of stubs.ps1: one of Intune, one of another MDM, one that names the join's certificate as its own, one
whose tasks cannot be removed, and a key that only looks like one."""
ENROLLMENTS = "SOFTWARE\\Microsoft\\Enrollments"
TASK_FOLDER = "\\Microsoft\\Windows\\EnterpriseMgmt"
NO_ERROR = {"type": None, "message": None, "hresult": None}
NO_CODE = "none"
"""The hresult of a Case whose error must have none."""
LOST_JOB = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
LOST_PROBE = "00000000-7425-40de-944b-e07fc1f90ae7"
FOREIGN_FOLDER = "00000000-foreign"
"""What lies among the jobs' folders: a job and a probe that are lost, and a folder that only begins like a probe's."""
