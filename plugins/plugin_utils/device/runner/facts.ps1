# needs: _head
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Whose answer it is. Goes with every answer.

$Administrators = 'S-1-5-32-544'

function Get-AccountName($Identity) {
    try {
        return [string]$Identity.Name
    }
    catch {
        # An account of a domain that this device has just left, or that does not answer.
        return $Identity.User.Value
    }
}

function Get-DeviceFact {
    $identity = [Security.Principal.WindowsIdentity]::GetCurrent()
    $principal = [Security.Principal.WindowsPrincipal]::new($identity)
    return @{
        name = [Environment]::MachineName
        utc = [datetime]::UtcNow
        powershell = $PSVersionTable['PSVersion'].ToString()
        account = (Get-AccountName $identity)
        sid = $identity.User.Value
        system = $identity.IsSystem
        # A filtered token has the group for denying only, and IsInRole says no.
        elevated = $principal.IsInRole([Security.Principal.SecurityIdentifier]$Administrators)
        wow64 = [Environment]::Is64BitOperatingSystem -and -not [Environment]::Is64BitProcess
    }
}
