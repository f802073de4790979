# needs: hive
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What removals look for: names in the registry, certificates of the machine.

function Open-PersonalStore {
    $store = [Security.Cryptography.X509Certificates.X509Store]::new('My',
        [Security.Cryptography.X509Certificates.StoreLocation]::LocalMachine)
    $store.Open([Security.Cryptography.X509Certificates.OpenFlags]'ReadWrite, OpenExistingOnly')
    return $store
}

function Get-ChildName($Names, [string]$Id) {
    # The name as it is spelled there: capitals, braces.
    foreach ($name in $Names) {
        if ($name.Trim('{', '}') -eq $Id) { return $name }
    }
}

function Test-Issuer($Certificate, [string]$Part) {
    return $Certificate.Issuer.IndexOf($Part, [StringComparison]::OrdinalIgnoreCase) -ge 0
}

function Remove-ChildKey([string]$Path, [string]$Name) {
    # A key with all below it. Its place, where it was there.
    $key = (Open-RegistryHive 'LocalMachine').OpenSubKey($Path, $true)
    if ($null -eq $key) { return }
    $own = Get-ChildName ($key.GetSubKeyNames()) $Name
    if ($null -ne $own) {
        $key.DeleteSubKeyTree($own, $false)
        "HKLM\$Path\$own"
    }
    $key.Close()
}
