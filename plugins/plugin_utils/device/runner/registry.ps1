# needs: errors hive
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Observing: the registry.

$Observing += 'registry_read', 'registry_users_read'

function Read-RegistryTree($Key, [int]$Depth, $Ask) {
    $values = New-Map
    $names = $Ask['names']
    if (-not $names) { $names = $Key.GetValueNames() }
    foreach ($name in $names) {
        # An assignment keeps arrays of one and empty arrays as they are; an if on its right side would unroll them.
        $value = $Key.GetValue($name, $null, 'DoNotExpandEnvironmentNames')
        if ($null -eq $value -and $Ask['names']) { continue }
        if ($value -is [int]) {
            # .NET gives REG_DWORD and REG_QWORD signed; they are not.
            $value = [BitConverter]::ToUInt32([BitConverter]::GetBytes($value), 0)
        }
        elseif ($value -is [long]) {
            $value = [BitConverter]::ToUInt64([BitConverter]::GetBytes($value), 0)
        }
        $values[$name] = $value
    }
    $keys = New-Map
    if ($Depth -gt 0) {
        foreach ($name in $Key.GetSubKeyNames()) {
            $child = Read-RegistryChild $Key $name ($Depth - 1) $Ask
            if ($null -ne $child) { $keys[$name] = $child }
        }
    }
    return @{ values = $values; keys = $keys }
}

function Read-RegistryChild($Key, [string]$Path, [int]$Depth, $Ask) {
    # A key below: in its place stands why it is closed, where it is; null where it has gone since it was listed, or has
    # no value of the name that was asked for.
    try {
        $child = $Key.OpenSubKey($Path)
        if ($null -eq $child) { return $null }
        try {
            if (-not $Ask['having'] -or $null -ne $child.GetValue($Ask['having'])) {
                return Read-RegistryTree $child $Depth $Ask
            }
        }
        finally {
            $child.Close()
        }
    }
    catch {
        # 0x3fa, as it is or in an HRESULT: the key was removed while it was read.
        if (@(1018, -2147023878) -contains (Get-Cause $_).HResult) { return $null }
        return @{ refused = (Get-Failure $_) }
    }
}

function registry_read($Ask) {
    $hive = Open-RegistryHive 'LocalMachine'
    $key = $hive.OpenSubKey([string]$Ask['path'])
    if ($null -eq $key) { return @{ exists = $false; key = $null } }
    $tree = Read-RegistryTree $key ([int]$Ask['depth']) $Ask
    $key.Close()
    return @{ exists = $true; key = $tree }
}

function registry_users_read($Ask) {
    $users = New-Map
    $hive = Open-RegistryHive 'Users'
    foreach ($sid in $hive.GetSubKeyNames()) {
        # People only: accounts of this machine or a domain, and of Entra. Not services, not the _Classes hives.
        if ($sid -cmatch '\AS-1-(5-21|12-1)-[0-9-]+\z') {
            $key = Read-RegistryChild $hive ($sid + '\' + [string]$Ask['path']) ([int]$Ask['depth']) $Ask
            if ($null -ne $key) { $users[$sid] = $key }
        }
    }
    return @{ users = $users }
}
