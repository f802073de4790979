# needs: errors properties
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Observing: BitLocker.

$Observing += 'bitlocker'

$VolumeNamespace = 'root/cimv2/Security/MicrosoftVolumeEncryption'

# What GetKeyProtectorType of Win32_EncryptableVolume returns, in the words of Get-BitLockerVolume
$ProtectorTypes = @('Unknown', 'Tpm', 'ExternalKey', 'RecoveryPassword', 'TpmPin', 'TpmStartupKey', 'TpmPinStartupKey',
    'PublicKey', 'Password', 'TpmNetworkKey', 'AdAccountOrGroup')

function Invoke-VolumeMethod($Volume, [string]$Method, $Arguments) {
    $out = Invoke-CimMethod -InputObject $Volume -MethodName $Method -Arguments $Arguments -ErrorAction Stop
    $code = [BitConverter]::ToInt32([BitConverter]::GetBytes([uint32]$out.ReturnValue), 0)
    # 0x80310008: BitLocker was never turned on for this volume
    if ($code -ne 0 -and $code -ne -2144272376) {
        throw ([Runtime.InteropServices.COMException]::new("$Method failed.", $code))
    }
    return $out
}

function Get-KeyProtector($Volume) {
    $protectors = New-List
    $found = Invoke-VolumeMethod $Volume 'GetKeyProtectors' @{ KeyProtectorType = [uint32]0 }
    foreach ($id in @(Get-PropertyValue $found 'VolumeKeyProtectorID')) {
        if ($id) {
            $kind = Invoke-VolumeMethod $Volume 'GetKeyProtectorType' @{ VolumeKeyProtectorID = [string]$id }
            $number = [int](Get-PropertyValue $kind 'KeyProtectorType')
            if ($number -ge $ProtectorTypes.Length) { $number = 0 }
            [void]$protectors.Add(@{ id = [string]$id; type = $ProtectorTypes[$number] })
        }
    }
    return , $protectors
}

function Get-EncryptableVolume {
    # Null where this Windows has no BitLocker.
    try {
        $query = @{ ClassName = 'Win32_EncryptableVolume'; Namespace = $VolumeNamespace; OperationTimeoutSec = 60 }
        return , @(Get-CimInstance @query -ErrorAction Stop)
    }
    catch {
        $native = [string](Get-PropertyValue (Get-Cause $_) 'NativeErrorCode')
        if (@('InvalidNamespace', 'InvalidClass') -cnotcontains $native) { throw }
        return $null
    }
}

function Get-MountPoint($Volume) {
    # Some have no letter.
    if ($Volume.DriveLetter) { return [string]$Volume.DriveLetter }
    return [string]$Volume.DeviceID
}

function bitlocker($Ask) {
    $volumes = New-List
    $encryptable = Get-EncryptableVolume
    if ($null -eq $encryptable) { return @{ available = $false; volumes = $volumes } }
    foreach ($volume in $encryptable) {
        # 0 off, 1 on, 2 unknown, which is what a locked volume says
        $protected = $null
        if (@(0, 1) -contains $volume.ProtectionStatus) { $protected = $volume.ProtectionStatus -eq 1 }
        [void]$volumes.Add(@{
                mount_point = (Get-MountPoint $volume)
                system = ($volume.VolumeType -eq 0)
                protected = $protected
                protectors = (Get-KeyProtector $volume)
            })
    }
    return @{ available = $true; volumes = $volumes }
}
