# needs: as_system folders native
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Changing: leaving.

$Changing += 'dsregcmd_leave'

function dsregcmd_leave($Ask) {
    Assert-System
    return Invoke-Native ([IO.Path]::Combine((Get-NativeFolder), 'dsregcmd.exe')) '/debug /leave' 600
}
