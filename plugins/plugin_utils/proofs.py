# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the record of a device says of the proof that its ids are its own: the device's half writes it, a report keeps
it, and the tenant's half asks for it before anything is removed.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

#: The device signed; the inventory or an earlier report has the ids; check mode signs nothing; nobody could ask, or the
#: device could not sign; what it signed is not right.
PROVED, RECORDED, NOT_YET, MISSING, FAILED = "proved", "recorded", "not_yet", "missing", "failed"
PROOF_FIELDS = ("proof", "proved_thumbprint", "not_proved")
