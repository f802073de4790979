# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Certificates of the stores of the machine.

function Open-CertificateStore([string]$Name) { return [ProofStore]::new($Name) }
function Open-PersonalStore { return [ProofStore]::new('My') }

class ProofStore {
    [string]$Name
    [object[]]$Certificates
    ProofStore([string]$Name) {
        $this.Name = Get-ProofStoreName $Name
        $this.Certificates = Get-ProofCertificate $this.Name
        Add-ProofHandle $this
    }
    [void] Remove([object]$Certificate) {
        Remove-ProofCertificate $this.Name $Certificate.Thumbprint
        $this.Certificates = Get-ProofCertificate $this.Name
    }
    [void] Close() { Remove-ProofHandle $this }
    [void] Dispose() { $this.Close() }
}

function Get-ProofStoreName([string]$Name) {
    $stores = Get-Windows 'certificates'
    $spelled = Find-Name @($stores.get_Keys()) $Name
    if ($null -eq $spelled) { throw [Security.Cryptography.CryptographicException]::new(-2147024894) }
    try { Assert-Open $stores[$spelled]['closed'] }
    catch { throw [Security.Cryptography.CryptographicException]::new(-2147024891) }
    return $spelled
}

function Get-ProofCertificate([string]$Store) {
    return , @(foreach ($one in (Get-Windows 'certificates')[$Store]['certificates']) {
            if ($null -ne $one['pfx']) {
                New-ProofCertificate $one['pfx'] 'proof'
                continue
            }
            if ($null -ne $one['der']) {
                New-ProofCertificate $one['der'] ''
                continue
            }
            [PSCustomObject]@{
                Thumbprint = $one['thumbprint']; Subject = $one['subject']; Issuer = $one['issuer']
                HasPrivateKey = $one['has_private_key']
                # .NET gives local times.
                NotBefore = (ConvertFrom-Described @{ utc = $one['not_before'] }).ToLocalTime()
                NotAfter = (ConvertFrom-Described @{ utc = $one['not_after'] }).ToLocalTime()
            }
        })
}

function New-ProofCertificate([string]$Content, [string]$Password) {
    return [Security.Cryptography.X509Certificates.X509Certificate2]::new([Convert]::FromBase64String($Content), $Password)
}

function Remove-ProofCertificate([string]$Store, [string]$Thumbprint) {
    Assert-Open 'filtered'
    Set-Windows 'certificates' {
        param($Stores, $Store, $Thumbprint)
        $left = New-List
        foreach ($one in $Stores[$Store]['certificates']) {
            if ($one['thumbprint'] -cne $Thumbprint) { [void]$left.Add($one) }
        }
        $Stores[$Store]['certificates'] = $left
    } @($Store, $Thumbprint)
}
