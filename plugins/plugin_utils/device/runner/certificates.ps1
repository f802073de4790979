# needs: errors
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Observing: certificates.

$Observing += 'certificates'

function Open-CertificateStore([string]$Name) {
    $store = [Security.Cryptography.X509Certificates.X509Store]::new($Name,
        [Security.Cryptography.X509Certificates.StoreLocation]::LocalMachine)
    $store.Open([Security.Cryptography.X509Certificates.OpenFlags]'ReadOnly, OpenExistingOnly')
    return $store
}

function certificates($Ask) {
    $found = New-List
    try {
        $store = Open-CertificateStore ([string]$Ask['store'])
    }
    catch {
        if (Test-NotFound $_) { return @{ certificates = $found } }
        throw
    }
    foreach ($certificate in $store.Certificates) {
        $wanted = $Ask['issuers'].Count -eq 0
        foreach ($issuer in $Ask['issuers']) {
            $wanted = $wanted -or $certificate.Issuer.IndexOf($issuer, [StringComparison]::OrdinalIgnoreCase) -ge 0
        }
        if ($wanted) {
            [void]$found.Add(@{
                    thumbprint = $certificate.Thumbprint
                    subject = $certificate.Subject
                    issuer = $certificate.Issuer
                    not_before = $certificate.NotBefore
                    not_after = $certificate.NotAfter
                    has_private_key = $certificate.HasPrivateKey
                })
        }
    }
    $store.Close()
    return @{ certificates = $found }
}
