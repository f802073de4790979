# needs: as_system errors folders native removal
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Changing: leaving.

$Changing += 'dsregcmd_leave'

function Remove-JoinCertificate([string]$Thumbprint) {
    $store = Open-PersonalStore
    foreach ($certificate in @($store.Certificates)) {
        if ($certificate.Thumbprint -eq $Thumbprint -and (Test-Issuer $certificate 'MS-Organization-Access')) {
            [void]$store.Remove($certificate)
            "Cert:\LocalMachine\My\$Thumbprint"
        }
    }
    $store.Close()
}

function dsregcmd_leave($Ask) {
    Assert-System
    foreach ($name in $Ask['stale']) {
        if ($name -cnotmatch '\A([0-9A-Fa-f]{40}|[0-9A-Fa-f-]{36})\z') {
            Stop-Operation ArgumentException 'No thumbprint or id.'
        }
    }
    # It waits 600 s for the leave, and 210 s for the end of the MDM enrollment, if it ends that.
    $answer = Invoke-Native ([IO.Path]::Combine((Get-NativeFolder), 'dsregcmd.exe')) '/debug /leave' 900
    if ($null -eq $Ask['stale']) { return $answer }
    $answer['removed'] = New-List
    foreach ($name in $Ask['stale']) {
        # A join's key may have the id of its device as its name, which looks like a tenant's.
        $places = @('JoinInfo')
        if ($name.Length -ne 40) { $places += 'TenantInfo' }
        foreach ($place in $places) {
            $path = "SYSTEM\CurrentControlSet\Control\CloudDomainJoin\$place"
            try {
                foreach ($gone in @(Remove-ChildKey $path $name; Remove-JoinCertificate $name)) {
                    [void]$answer['removed'].Add($gone)
                }
            }
            catch {
                if ($null -eq $answer['error']) { $answer['error'] = Get-Failure $_ }
            }
        }
    }
    return $answer
}
