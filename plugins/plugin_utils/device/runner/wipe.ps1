# needs: as_system properties
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Changing: the reset of the whole device.

$Changing += 'remote_wipe'

$WipeMethods = @('doWipeMethod', 'doWipeProtectedMethod', 'doWipePersistProvisionedDataMethod',
    'doWipePersistUserDataMethod')

function Assert-Machine([string]$Class, [string]$Property, [string]$Wanted) {
    # By now the address may be another device's.
    $found = Get-CimInstance -ClassName $Class -Property $Property -OperationTimeoutSec 60 -ErrorAction Stop
    $own = ([string](Get-PropertyValue $found $Property)).Trim()
    if ($own -cne $Wanted) {
        Stop-Operation UnauthorizedAccessException "Refused, $Property of this device is '$own', not '$Wanted'."
    }
}

function remote_wipe($Ask) {
    Assert-System
    $method = [string]$Ask['method']
    if ($WipeMethods -cnotcontains $method) { Stop-Operation ArgumentException "No method of a wipe: $method" }
    Assert-Machine 'Win32_BIOS' 'SerialNumber' $Ask['serial_number']
    Assert-Machine 'Win32_ComputerSystemProduct' 'UUID' $Ask['uuid']
    $query = @{ ClassName = 'MDM_RemoteWipe'; Namespace = 'root/cimv2/mdm/dmmap'; OperationTimeoutSec = 60 }
    $query['Filter'] = "ParentID='./Vendor/MSFT' and InstanceID='RemoteWipe'"
    $wipe = @(Get-CimInstance @query -ErrorAction Stop)
    if ($wipe.Length -ne 1) { Stop-Operation NotSupportedException 'This Windows has no instance of MDM_RemoteWipe.' }
    $out = Invoke-CimMethod -InputObject $wipe[0] -MethodName $method -Arguments @{ param = '' } -ErrorAction Stop
    return @{ return_value = (Get-PropertyValue $out 'ReturnValue') }
}
