# needs: certificates
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Observing: a signature by the key of the device certificate, over words of ours and nothing else.

$Observing += 'device_key_proof'

function Get-DeviceKey($Certificate) {
    # Of CNG or CryptoAPI, in a file or in the TPM; null where there is none of RSA.
    return [Security.Cryptography.X509Certificates.RSACertificateExtensions]::GetRSAPrivateKey($Certificate)
}

function device_key_proof($Ask) {
    $id = [string]$Ask['device_id']
    $found = $null
    $store = Open-CertificateStore 'My'
    foreach ($certificate in $store.Certificates) {
        $issued = $certificate.Issuer.IndexOf('CN=MS-Organization-Access', [StringComparison]::OrdinalIgnoreCase) -ge 0
        if (-not $issued) { continue }
        if (-not [string]::Equals($certificate.Subject, "CN=$id", [StringComparison]::OrdinalIgnoreCase)) { continue }
        if ($null -eq $found -or $certificate.NotBefore -gt $found.NotBefore) { $found = $certificate }
    }
    $store.Close()
    $said = @{ thumbprint = $null; certificate = $null; signature = $null }
    if ($null -eq $found) { return $said }
    $said['thumbprint'] = $found.Thumbprint
    $said['certificate'] = [Convert]::ToBase64String($found.RawData)
    $key = Get-DeviceKey $found
    if ($null -ne $key) {
        # No signature of ours can be taken for one that means something else.
        $text = [Text.Encoding]::ASCII.GetBytes("winops.entra proof`n$id`n" + [string]$Ask['nonce'])
        $signature = $key.SignData($text, [Security.Cryptography.HashAlgorithmName]::SHA256,
            [Security.Cryptography.RSASignaturePadding]::Pkcs1)
        $said['signature'] = [Convert]::ToBase64String($signature)
    }
    return $said
}
