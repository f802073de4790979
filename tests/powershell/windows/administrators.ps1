# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Members of the group Administrators, with what ADSI says of each.

function Get-AdministratorEntry {
    $entries = New-List
    foreach ($one in (Get-Windows 'administrators')) {
        [void]$entries.Add(@{ sid = $one['sid']; name = $one['name']; member = $one['ads'] })
    }
    return , $entries
}

function Get-AdsProperty($Member, [string]$Name) {
    # What ADSI does not have of a member is an error.
    if (-not $Member.ContainsKey($Name)) { throw [Runtime.InteropServices.COMException]::new($Name, -2147463155) }
    return , (ConvertFrom-Described $Member[$Name])
}
