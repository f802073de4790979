# needs: errors facts json
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Runs a request and packs its answer. Goes with every request.

function Invoke-Operation($Ask) {
    try {
        $name = [string]$Ask['op']
        if (($Observing + $Changing) -cnotcontains $name) {
            Stop-Operation NotSupportedException "This runner has no operation $name"
        }
        # An operation gives one map, last; whatever a method put out before it by mistake is dropped.
        return @{ ok = $true; value = @(& $name $Ask)[-1] }
    }
    catch {
        return @{ ok = $false; error = (Get-Failure $_) }
    }
}

function Invoke-Request($Asked) {
    # First: what was done must not be lost because nobody can say who did it.
    $device = Get-DeviceFact
    # Not $clock: an operation that forgot its own would find this one.
    $whole = [Diagnostics.Stopwatch]::StartNew()
    $results = New-List
    $failed = $false
    foreach ($ask in $Asked['ops']) {
        if ($failed -and $Asked['stop_on_error']) {
            $skipped = @{ type = 'Skipped'; message = 'An operation before this one failed.'; hresult = $null }
            [void]$results.Add(@{ ok = $false; error = $skipped })
            continue
        }
        $result = Invoke-Operation $ask
        $failed = $failed -or -not $result['ok']
        [void]$results.Add($result)
    }
    $device['utc'] = [datetime]::UtcNow
    $seconds = [Math]::Round($whole.Elapsed.TotalSeconds, 3)
    return @{ v = 1; id = [string]$Asked['id']; device = $device; results = $results; seconds = $seconds }
}

function Compress-Text([string]$Text) {
    $bytes = [Text.Encoding]::UTF8.GetBytes($Text)
    $memory = [IO.MemoryStream]::new()
    $gzip = [IO.Compression.GZipStream]::new($memory, [IO.Compression.CompressionMode]::Compress)
    $gzip.Write($bytes, 0, $bytes.Length)
    $gzip.Dispose()
    return [Convert]::ToBase64String($memory.ToArray())
}

function Expand-Text([string]$Packed) {
    $memory = [IO.MemoryStream]::new([Convert]::FromBase64String($Packed))
    $gzip = [IO.Compression.GZipStream]::new($memory, [IO.Compression.CompressionMode]::Decompress)
    return [IO.StreamReader]::new($gzip, [Text.Encoding]::UTF8).ReadToEnd()
}
