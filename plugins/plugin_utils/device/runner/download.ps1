# needs: errors files own_paths
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Changing: download.

$Changing += 'download'

$MaxDownloadBytes = 4294967296

function Open-WebStream([Uri]$Uri, [int]$Milliseconds) {
    # Older systems offer TLS 1.0 only unless told; 0 means that the system chooses, which is right.
    $protocols = [Net.ServicePointManager]::SecurityProtocol
    if ([int]$protocols -ne 0) {
        [Net.ServicePointManager]::SecurityProtocol = $protocols -bor [Net.SecurityProtocolType]::Tls12
    }
    $call = [Net.WebRequest]::Create($Uri)
    $call.Timeout = $Milliseconds
    $response = $call.GetResponse()
    if ($response.ResponseUri.Scheme -cne 'https') {
        $response.Close()
        Stop-Operation InvalidOperationException 'The server redirects to an address that is not https.'
    }
    return $response.GetResponseStream()
}

function download($Ask) {
    $uri = [Uri]::new([string]$Ask['url'])
    if ($uri.Scheme -cne 'https') { Stop-Operation ArgumentException 'Only https addresses are fetched.' }
    $wanted = [string]$Ask['sha256']
    $path = Resolve-OwnPath ([string]$Ask['path'])
    [void](Confirm-OwnDirectory ([IO.Path]::GetDirectoryName($path)))
    $part = $path + '.part'
    try {
        $size = Save-WebFile $uri $part ([int]$Ask['timeout'])
        $sha256 = Get-FileSha256 $part
        if ($sha256 -ne $wanted) {
            Stop-Operation IO.InvalidDataException "The file has SHA-256 $sha256, not $wanted."
        }
        [IO.File]::Delete($path)
        [IO.File]::Move($part, $path)
    }
    finally {
        [IO.File]::Delete($part)
    }
    return @{ path = $path; size = $size; sha256 = $sha256 }
}

function Save-WebFile([Uri]$Uri, [string]$Path, [int]$Seconds) {
    $clock = [Diagnostics.Stopwatch]::StartNew()
    $size = [long]0
    $stream = Open-WebStream $Uri ($Seconds * 1000)
    try {
        $file = [IO.File]::Create($Path)
        try {
            $buffer = New-Object byte[] 131072
            while ($true) {
                # A read has no limit of its own that 5.1 and 7 agree on.
                $left = [Math]::Max([long]0, $Seconds * 1000 - $clock.ElapsedMilliseconds)
                $read = $stream.ReadAsync($buffer, 0, $buffer.Length)
                if (-not $read.Wait([int]$left)) {
                    Stop-Operation TimeoutException "The download did not end within $Seconds s."
                }
                if ($read.Result -eq 0) { break }
                $size += $read.Result
                if ($size -gt $MaxDownloadBytes) {
                    Stop-Operation IO.InvalidDataException "The file is larger than $MaxDownloadBytes bytes."
                }
                $file.Write($buffer, 0, $read.Result)
            }
        }
        finally {
            $file.Dispose()
        }
    }
    finally {
        $stream.Dispose()
    }
    return $size
}
