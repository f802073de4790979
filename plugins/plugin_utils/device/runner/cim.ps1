# needs: _head
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Observing: CIM.

$Observing += 'cim_query'

function cim_query($Ask) {
    $query = @{ ClassName = $Ask['class']; Property = [string[]]$Ask['properties']; ErrorAction = 'Stop' }
    $query['OperationTimeoutSec'] = 60
    if ($Ask['namespace']) { $query['Namespace'] = $Ask['namespace'] }
    if ($Ask['filter']) { $query['Filter'] = $Ask['filter'] }
    $instances = New-List
    foreach ($instance in @(Get-CimInstance @query)) {
        $facts = New-Map
        foreach ($name in $Ask['properties']) {
            $property = $instance.PSObject.Properties[$name]
            $facts[$name] = $null
            if ($null -ne $property) { $facts[$name] = $property.Value }
        }
        [void]$instances.Add($facts)
    }
    return @{ instances = $instances }
}
