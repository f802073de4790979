# needs: bitlocker
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Observing: how far BitLocker's volumes are encrypted.

$Observing += 'volume_encryption'

function Read-VolumeNumber($Volume, [string]$Method, $Arguments, [string]$Name) {
    # What one volume does not tell, such as a locked one, is null, and takes nothing from the others.
    try {
        $value = Get-PropertyValue (Invoke-VolumeMethod $Volume $Method $Arguments) $Name
    }
    catch {
        return $null
    }
    if ($null -eq $value) { return $null }
    return [int]$value
}

function Read-VolumeProtector($Volume) {
    # Null where it does not tell them: a locked volume, one whose state is not known.
    try {
        return Get-KeyProtector $Volume
    }
    catch {
        return $null
    }
}

function volume_encryption($Ask) {
    $volumes = New-List
    $encryptable = Get-EncryptableVolume
    if ($null -eq $encryptable) { return @{ available = $false; volumes = $volumes } }
    foreach ($volume in $encryptable) {
        $precision = @{ PrecisionFactor = [uint32]0 }
        $protectors = Read-VolumeProtector $volume
        $told = $null -ne $protectors
        if (-not $told) { $protectors = New-List }
        $protection = $volume.ProtectionStatus
        if ($null -eq $protection) { $protection = 2 }
        [void]$volumes.Add(@{
                mount_point = (Get-MountPoint $volume)
                system = ($volume.VolumeType -eq 0)
                protection = [int]$protection
                conversion = (Read-VolumeNumber $volume 'GetConversionStatus' $precision 'ConversionStatus')
                percentage = (Read-VolumeNumber $volume 'GetConversionStatus' $precision 'EncryptionPercentage')
                suspended = (Read-VolumeNumber $volume 'GetSuspendCount' @{} 'SuspendCount')
                protectors_known = $told
                protectors = $protectors
            })
    }
    return @{ available = $true; volumes = $volumes }
}
