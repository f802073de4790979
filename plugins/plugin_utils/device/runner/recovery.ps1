# needs: errors folders paths
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Observing: what Windows recovers or resets itself from.

$Observing += 'recovery_environment'

# ReAgent.xml has about 1 kB.
$MaxSettings = 65536

function recovery_environment($Ask) {
    # Not reagentc: it speaks the device's language.
    $folder = [IO.Path]::Combine((Get-NativeFolder), 'Recovery')
    $file = [IO.Path]::Combine($folder, 'ReAgent.xml')
    $answer = @{ settings = $null; image = ($null -ne (Get-PathAttribute ([IO.Path]::Combine($folder, 'Winre.wim')))) }
    if ($null -ne (Get-PathAttribute $file)) {
        if ([IO.FileInfo]::new($file).Length -gt $MaxSettings) {
            Stop-Operation IO.InvalidDataException "Longer than such a file is: $file"
        }
        $answer['settings'] = [IO.File]::ReadAllText($file)
    }
    return $answer
}
