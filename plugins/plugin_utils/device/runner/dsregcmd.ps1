# needs: folders native
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Observing: what dsregcmd says.

$Observing += 'dsregcmd_status'

function dsregcmd_status($Ask) {
    $program = [IO.Path]::Combine((Get-NativeFolder), 'dsregcmd.exe')
    if (-not [IO.File]::Exists($program)) { return @{ present = $false; exit_code = $null; text = '' } }
    $run = Invoke-Native $program '/status' 120
    return @{ present = $true; exit_code = $run['exit_code']; text = $run['text'] }
}
