# needs: as_system processes removal
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Changing: what the provisioning engine remembers of a package.

$Changing += 'package_forget'

# The checksums of its settings, by which the engine skips what it has applied; what came of them only where there are no
# checksums (any more). Each package has a key of its own there.
$PackageMemory = @(
    'SOFTWARE\Microsoft\Multivariant\Status\CachedCRCs\RunTime', 'SOFTWARE\Microsoft\Provisioning\Results'
)

function package_forget($Ask) {
    Assert-System
    $id = [string]$Ask['id']
    if ($id -cnotmatch '\A[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\z') {
        Stop-Operation ArgumentException "The package id '$id' is not a GUID."
    }
    if ((processes @{ names = @('provtool.exe') })['processes'].Count -gt 0) {
        Stop-Operation InvalidOperationException 'Refused: the provisioning engine is at work.'
    }
    $removed = @()
    foreach ($parent in $PackageMemory) {
        if ($removed.Count -eq 0) { $removed = @(Remove-ChildKey $parent $id) }
    }
    return @{ removed = $removed }
}
