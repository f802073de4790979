# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Reads each line of FILE as the runner reads JSON, and writes it as the runner does to FILE.back. Dot-sources the parts that
# do so from the folder PARTS. Prints the milliseconds of reading all and of writing all.
param([string]$Parts, [string]$File)

foreach ($name in '_head', 'errors', 'json') {
    $text = [IO.File]::ReadAllText([IO.Path]::Combine($Parts, "$name.ps1"))
    # The first statement of the text that is sent is its param block.
    . ([ScriptBlock]::Create($text))
}
$lines = [IO.File]::ReadAllLines($File)
$clock = [Diagnostics.Stopwatch]::StartNew()
$values = foreach ($line in $lines) { , @{ value = (ConvertFrom-JsonText $line) } }
$read = $clock.ElapsedMilliseconds
$clock.Restart()
$written = foreach ($one in $values) { ConvertTo-JsonText $one['value'] }
$write = $clock.ElapsedMilliseconds
# A file, because a console has a code page.
[IO.File]::WriteAllLines("$File.back", [string[]]@($written))
[Console]::Out.WriteLine("$read $write")
