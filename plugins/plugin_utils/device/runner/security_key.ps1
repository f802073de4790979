# needs: hive
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Changing: the policy by which Windows offers the sign-in with a security key.

$Changing += 'fido_logon_policy'

function fido_logon_policy($Ask) {
    $hive = Open-RegistryHive 'LocalMachine'
    $path = 'SOFTWARE\Policies\Microsoft\FIDO'
    $name = 'EnableFIDODeviceLogon'
    $value = $null
    $key = $hive.OpenSubKey($path)
    if ($null -ne $key) {
        $value = $key.GetValue($name)
        $key.Close()
    }
    if (-not $Ask['enabled']) {
        if ($null -eq $value) { return @{ changed = $false } }
        $key = $hive.OpenSubKey($path, $true)
        $key.DeleteValue($name, $false)
        $key.Close()
        return @{ changed = $true }
    }
    if ($value -is [int] -and $value -eq 1) { return @{ changed = $false } }
    $key = $hive.CreateSubKey($path)
    $key.SetValue($name, 1, [Microsoft.Win32.RegistryValueKind]::DWord)
    $key.Close()
    return @{ changed = $true }
}
