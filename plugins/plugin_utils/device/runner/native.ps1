# needs: errors hive
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Runs native programs.

function Get-OemEncoding {
    $hive = Open-RegistryHive 'LocalMachine'
    $key = $hive.OpenSubKey('SYSTEM\CurrentControlSet\Control\Nls\CodePage')
    $page = [int]$key.GetValue('OEMCP')
    $key.Close()
    return [Text.Encoding]::GetEncoding($page)
}

# What a program has started may hold its pipes open after its end: so many seconds are given to it.
$PipeSeconds = 5

function Read-ProcessOutput($Process, [int]$Seconds) {
    # The bytes of both pipes, read at once: a program that fills one while the other is read would wait for ever. Only
    # this thread touches what was read, so that a pipe which stays open can be left to itself.
    $pipes = @(foreach ($stream in $Process.StandardOutput.BaseStream, $Process.StandardError.BaseStream) {
            $buffer = [Array]::CreateInstance([byte], 16384)
            $read = $stream.ReadAsync($buffer, 0, 16384)
            @{ stream = $stream; data = [IO.MemoryStream]::new(); buffer = $buffer; read = $read }
        })
    $open = [Collections.ArrayList]$pipes
    $clock = [Diagnostics.Stopwatch]::StartNew()
    $limit = [long]$Seconds * 1000
    $ended = $false
    while ($open.Count -gt 0) {
        if (-not $ended -and $Process.HasExited) {
            $ended = $true
            $limit = $clock.ElapsedMilliseconds + $PipeSeconds * 1000
        }
        $left = $limit - $clock.ElapsedMilliseconds
        if ($left -le 0) { break }
        $reads = [Threading.Tasks.Task[]]@(foreach ($pipe in $open) { $pipe['read'] })
        # Not longer than a moment: the end of the program does not show in its pipes where others hold them.
        $done = [Threading.Tasks.Task]::WaitAny($reads, [int][Math]::Min(250, $left))
        if ($done -lt 0) { continue }
        $pipe = $open[$done]
        $count = $pipe['read'].Result
        if ($count -eq 0) {
            $open.RemoveAt($done)
            continue
        }
        $pipe['data'].Write($pipe['buffer'], 0, $count)
        $pipe['read'] = $pipe['stream'].ReadAsync($pipe['buffer'], 0, 16384)
    }
    # It may have closed its pipes and go on.
    [void]$Process.WaitForExit([int][Math]::Max(0, $limit - $clock.ElapsedMilliseconds))
    return $pipes[0]['data'].ToArray(), $pipes[1]['data'].ToArray()
}

function Invoke-Native([string]$Program, [string]$Arguments, [int]$Seconds) {
    $start = [Diagnostics.ProcessStartInfo]::new($Program, $Arguments)
    $start.UseShellExecute = $false
    $start.CreateNoWindow = $true
    $start.RedirectStandardOutput = $true
    $start.RedirectStandardError = $true
    $process = [Diagnostics.Process]::Start($start)
    try {
        $outputs = Read-ProcessOutput $process $Seconds
        if (-not $process.HasExited) {
            $process.Kill()
            Stop-Operation TimeoutException "$Program did not end within $Seconds s"
        }
        $text = (ConvertFrom-ConsoleByte $outputs[0]) + (ConvertFrom-ConsoleByte $outputs[1])
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
