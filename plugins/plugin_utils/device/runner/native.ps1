# needs: errors hive
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Runs native programs.

function Get-OemEncoding {
    $hive = Open-RegistryHive 'LocalMachine'
    $key = $hive.OpenSubKey('SYSTEM\CurrentControlSet\Control\Nls\CodePage')
    return [Text.Encoding]::GetEncoding([int]$key.GetValue('OEMCP'))
}

function Invoke-Native([string]$Program, [string]$Arguments, [int]$Seconds) {
    $start = [Diagnostics.ProcessStartInfo]::new($Program, $Arguments)
    $start.UseShellExecute = $false
    $start.CreateNoWindow = $true
    $start.RedirectStandardOutput = $true
    $start.RedirectStandardError = $true
    $process = [Diagnostics.Process]::Start($start)
    try {
        $output = [IO.MemoryStream]::new()
        $errors = [IO.MemoryStream]::new()
        # Both at once: a program that fills one pipe while the other is read would wait for ever.
        $copies = [Threading.Tasks.Task[]]@(
            $process.StandardOutput.BaseStream.CopyToAsync($output),
            $process.StandardError.BaseStream.CopyToAsync($errors))
        if (-not $process.WaitForExit($Seconds * 1000)) {
            $process.Kill()
            Stop-Operation TimeoutException "$Program did not end within $Seconds s"
        }
        [void][Threading.Tasks.Task]::WaitAll($copies, 5000)
        $text = (ConvertFrom-ConsoleByte $output.ToArray()) + (ConvertFrom-ConsoleByte $errors.ToArray())
        return @{ exit_code = $process.ExitCode; text = $text }
    }
    finally {
        $process.Dispose()
    }
}

function ConvertFrom-ConsoleByte([byte[]]$Bytes) {
    # Console programs write in the OEM code page, unless somebody chose UTF-8. What is valid UTF-8 hardly is anything
    # else.
    try {
        return [Text.UTF8Encoding]::new($false, $true).GetString($Bytes)
    }
    catch [ArgumentException] {
        return (Get-OemEncoding).GetString($Bytes)
    }
}
