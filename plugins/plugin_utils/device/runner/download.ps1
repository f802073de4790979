# needs: files own_directories proxy web
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Changing: download.

$Changing += 'download'

$MaxDownloadBytes = 4294967296

$MaxRedirects = 10

function Stop-Download($Failure) {
    $problem = [Net.WebException]::new($Failure['message'])
    $problem.Data['winops'] = $Failure
    throw $problem
}

function Send-WebCall([Uri]$Uri, [int]$Milliseconds) {
    # One request, its answer whatever its status, and by whom it went. Redirects are followed by the caller: each may
    # lead away from https, or past the proxy.
    $call = [Net.WebRequest]::Create($Uri)
    $call.Timeout = [Math]::Max(1, $Milliseconds)
    $call.AllowAutoRedirect = $false
    $proxy = Get-WinHttpProxy
    $around = $null -ne $proxy -and -not (Test-ProxyBypass $Uri $proxy['bypass'])
    # As endpoints does: the machine's proxy, and where none is set, the one of the account.
    if ($around) { $call.Proxy = New-MachineProxy $proxy['address'] }
    elseif ($null -ne $proxy) { $call.Proxy = $null }
    $answer = @{ call = $call; proxied = $around; response = $null }
    try {
        $answer['response'] = $call.GetResponse()
    }
    catch {
        # 400 and above is an error here, with the answer in it.
        $cause = Get-Cause $_
        $answer['response'] = Get-PropertyValue $cause 'Response'
        if ($null -eq $answer['response']) { Stop-Download (Get-WebFailure $cause $around) }
    }
    return $answer
}

function Get-StatusFailure([int]$Status) {
    # 0x8019....: the status as Windows has it; -2145845248 is 0x80190000.
    $failure = @{ type = 'http'; message = "The server refuses with status $Status."; hresult = -2145845248 + $Status }
    if (@(404, 410) -contains $Status) {
        $failure['type'] = 'not_found'
        $failure['message'] = "The server has nothing at this address ($Status)."
    }
    elseif ($Status -eq 407) {
        $failure['type'] = 'proxy'
        $failure['message'] = 'The proxy asks who it is (407).'
    }
    return $failure
}

function Resolve-Redirect([Uri]$Uri, $Response) {
    $target = [Uri]::new($Uri, [string]$Response.Headers['Location'])
    if ($target.Scheme -cne 'https') {
        # Not the whole address: it may hold a key. 0x80072f7c: WinHTTP's code for a redirect that failed.
        $where = '{0}://{1}' -f $target.Scheme, $target.Host
        $message = "The server redirects to $where, which is not https."
        Stop-Download @{ type = 'redirect'; message = $message; hresult = -2147012740 }
    }
    return $target
}

function Open-WebAnswer([Uri]$Uri, [int]$Seconds, $Clock) {
    # The answer that has the file, after all redirects. The caller closes it.
    for ($step = 0; $step -le $MaxRedirects; $step++) {
        $answer = Send-WebCall $Uri ($Seconds * 1000 - $Clock.ElapsedMilliseconds)
        $status = [int]$answer['response'].StatusCode
        if ($status -eq 200) { return $answer }
        try {
            if (@(301, 302, 303, 307, 308) -notcontains $status) { Stop-Download (Get-StatusFailure $status) }
            $Uri = Resolve-Redirect $Uri $answer['response']
        }
        finally {
            $answer['response'].Close()
        }
    }
    $message = "The server redirects more than $MaxRedirects times."
    Stop-Download @{ type = 'redirect'; message = $message; hresult = -2147012740 }
}

function Read-WebStream($Stream, [byte[]]$Buffer, [int]$Milliseconds, [bool]$Proxied) {
    # How many bytes came; 0 at the end, -1 where none came in time. A read has no limit that 5.1 and 7 agree on.
    $read = $Stream.ReadAsync($Buffer, 0, $Buffer.Length)
    try {
        if (-not $read.Wait($Milliseconds)) { return -1 }
    }
    catch {
        $failure = Get-WebFailure (Get-Cause $_) $Proxied
        Stop-Download @{ type = 'cut'; message = $failure['message']; hresult = $failure['hresult'] }
    }
    return $read.Result
}

function Copy-WebStream($Answer, $Stream, $File, [int]$Seconds, $Clock) {
    $size = [long]0
    $length = [long]$Answer['response'].ContentLength
    $buffer = [Array]::CreateInstance([byte], 131072)
    while ($true) {
        $left = [Math]::Max([long]0, $Seconds * 1000 - $Clock.ElapsedMilliseconds)
        $count = Read-WebStream $Stream $buffer ([int]$left) $Answer['proxied']
        if ($count -lt 0) {
            # 0x80072ee2
            $message = "The download did not end within $Seconds s; $size bytes came."
            Stop-Download @{ type = 'timeout'; message = $message; hresult = -2147012894 }
        }
        if ($count -eq 0) { break }
        $size += $count
        if ($size -gt $MaxDownloadBytes) {
            Stop-Download @{ type = 'too_large'; message = "It is larger than $MaxDownloadBytes bytes."; hresult = $null }
        }
        $File.Write($buffer, 0, $count)
    }
    if ($size -lt $length) {
        # .NET Framework takes a connection that ends for the end of the file. 0x80072efe
        $message = "The answer broke off after $size of $length bytes."
        Stop-Download @{ type = 'cut'; message = $message; hresult = -2147012866 }
    }
    return $size
}

function Save-WebFile([Uri]$Uri, [string]$Path, [int]$Seconds) {
    $clock = [Diagnostics.Stopwatch]::StartNew()
    $answer = Open-WebAnswer $Uri $Seconds $clock
    try {
        $stream = $answer['response'].GetResponseStream()
        $file = [IO.File]::Create($Path)
        try {
            return Copy-WebStream $answer $stream $file $Seconds $clock
        }
        finally {
            $file.Dispose()
        }
    }
    finally {
        # First the request: to close an answer in the middle means to read it to its end, which may take minutes.
        $answer['call'].Abort()
        $answer['response'].Close()
    }
}

function download($Ask) {
    $uri = [Uri]::new([string]$Ask['url'])
    if ($uri.Scheme -cne 'https') { Stop-Operation ArgumentException 'Only https addresses are fetched.' }
    $wanted = ([string]$Ask['sha256']).ToLowerInvariant()
    $path = Resolve-OwnPath ([string]$Ask['path'])
    [void](Confirm-OwnDirectory ([IO.Path]::GetDirectoryName($path)))
    $part = $path + '.part'
    Enable-Tls12
    try {
        $size = Save-WebFile $uri $part ([int]$Ask['timeout'])
        $sha256 = Get-FileSha256 $part
        if ($sha256 -cne $wanted) {
            Stop-Download @{ type = 'hash'; message = "The file has SHA-256 $sha256, not $wanted."; hresult = $null }
        }
        [IO.File]::Delete($path)
        [IO.File]::Move($part, $path)
    }
    finally {
        [IO.File]::Delete($part)
    }
    return @{ path = $path; size = $size; sha256 = $sha256 }
}
