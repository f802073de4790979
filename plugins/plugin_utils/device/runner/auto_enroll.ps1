# needs: as_system folders native
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Changing: MDM enrollment.

$Changing += 'mdm_auto_enroll'

function mdm_auto_enroll($Ask) {
    Assert-System
    $options = @{ user = '/AutoEnrollMDM'; device = '/AutoEnrollMDMUsingAADDeviceCredential' }
    $option = $options[[string]$Ask['credential']]
    if (-not $option) { Stop-Operation ArgumentException 'The credential is user or device.' }
    return Invoke-Native ([IO.Path]::Combine((Get-NativeFolder), 'deviceenroller.exe')) "/c $option" 600
}
