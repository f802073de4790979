# needs: folders native
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Changing: a restart.

$Changing += 'restart'

function restart($Ask) {
    # No quotes, no control characters, no backslash before the closing quote, and at most 512 characters.
    $comment = [regex]::Replace([string]$Ask['comment'], '[\x00-\x1f"]', ' ')
    $comment = $comment.Substring(0, [Math]::Min(500, $comment.Length)).TrimEnd(' ', '\')
    $arguments = '/r /t {0} /d p:4:1 /c "{1}"' -f [int]$Ask['delay'], $comment
    $run = Invoke-Native ([IO.Path]::Combine((Get-NativeFolder), 'shutdown.exe')) $arguments 60
    if (@(0, 1115, 1190) -notcontains $run['exit_code']) {
        throw ([ComponentModel.Win32Exception]::new([int]$run['exit_code']))
    }
    return @{ scheduled = ($run['exit_code'] -eq 0); exit_code = $run['exit_code'] }
}
