# needs: as_system errors folders hive native removal
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Changing: leaving.

$Changing += 'dsregcmd_leave'

$CloudDomainJoin = 'SYSTEM\CurrentControlSet\Control\CloudDomainJoin'

function Remove-StaleJoin([string]$Thumbprint, $Removed) {
    # Its key, that of its tenant where no other join names it, its certificate.
    $hive = Open-RegistryHive 'LocalMachine'
    $joins = $hive.OpenSubKey("$CloudDomainJoin\JoinInfo", $true)
    if ($null -ne $joins) {
        $tenants = @{}
        foreach ($name in $joins.GetSubKeyNames()) {
            $key = $joins.OpenSubKey($name)
            $tenants[$name] = [string]$key.GetValue('TenantId')
            $key.Close()
        }
        $name = Get-ChildName @($tenants.Keys) $Thumbprint
        if ($null -ne $name) {
            $joins.DeleteSubKeyTree($name, $false)
            [void]$Removed.Add("HKLM\$CloudDomainJoin\JoinInfo\$name")
            $tenant = $tenants[$name]
            $tenants.Remove($name)
            $key = $hive.OpenSubKey("$CloudDomainJoin\TenantInfo", $true)
            if ($null -ne $key) {
                $own = Get-ChildName ($key.GetSubKeyNames()) $tenant
                if ($null -ne $own -and $null -eq (Get-ChildName @($tenants.Values) $tenant)) {
                    $key.DeleteSubKeyTree($own, $false)
                    [void]$Removed.Add("HKLM\$CloudDomainJoin\TenantInfo\$own")
                }
                $key.Close()
            }
        }
        $joins.Close()
    }
    $store = Open-PersonalStore
    foreach ($certificate in @($store.Certificates)) {
        if ($certificate.Thumbprint -eq $Thumbprint -and (Test-Issuer $certificate 'MS-Organization-Access')) {
            [void]$store.Remove($certificate)
            [void]$Removed.Add("Cert:\LocalMachine\My\$Thumbprint")
        }
    }
    $store.Close()
}

function dsregcmd_leave($Ask) {
    Assert-System
    $stale = @(if ($null -ne $Ask['stale']) { $Ask['stale'] })
    foreach ($thumbprint in $stale) {
        if ($thumbprint -cnotmatch '\A[0-9A-Fa-f]{40}\z') {
            Stop-Operation ArgumentException 'A thumbprint has 40 hexadecimal digits.'
        }
    }
    $answer = Invoke-Native ([IO.Path]::Combine((Get-NativeFolder), 'dsregcmd.exe')) '/debug /leave' 600
    if ($stale.Count -eq 0) { return $answer }
    $answer['removed'] = New-List
    foreach ($thumbprint in $stale) {
        try {
            Remove-StaleJoin $thumbprint $answer['removed']
        }
        catch {
            if ($null -eq $answer['error']) { $answer['error'] = Get-Failure $_ }
        }
    }
    return $answer
}
