# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What psrp does: a runspace, the bootstrap as a script, each line of input as an object.
param([string]$Script, [string]$Data)
$shell = [PowerShell]::Create()
[void]$shell.AddScript([IO.File]::ReadAllText($Script))
$lines = New-Object Collections.ArrayList
[void]$lines.Add([IO.File]::ReadAllBytes($Data))
$shell.Invoke($lines)
foreach ($problem in $shell.Streams.Error) { [Console]::Error.WriteLine([string]$problem) }
