# needs: errors proxy web
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Observing: endpoints.

$Observing += 'endpoints'

function New-WebClient($Proxy) {
    # Windows PowerShell does not load it by itself.
    [void][Reflection.Assembly]::Load(
        'System.Net.Http, Version=4.0.0.0, Culture=neutral, PublicKeyToken=b03f5f7f11d50a3a')
    $handler = [Net.Http.HttpClientHandler]::new()
    $handler.AllowAutoRedirect = $false
    $handler.UseCookies = $false
    if ($Proxy -ceq 'none') {
        $handler.UseProxy = $false
    }
    elseif ($Proxy) {
        $handler.Proxy = New-MachineProxy $Proxy
    }
    $client = [Net.Http.HttpClient]::new($handler)
    $client.Timeout = [Threading.Timeout]::InfiniteTimeSpan
    return $client
}

function Enable-ManyThreads {
    # The pool of .NET Framework begins with a thread a processor and adds one or two a second: the clocks of requests
    # would run before the requests do.
    $workers = 0
    $ports = 0
    [Threading.ThreadPool]::GetMinThreads([ref]$workers, [ref]$ports)
    [void][Threading.ThreadPool]::SetMinThreads([Math]::Max(64, $workers), [Math]::Max(64, $ports))
}

function Test-MetadataService([Uri]$Uri) {
    # It answers inside the host of an Azure VM only, and has no https.
    return $Uri.Scheme -ceq 'http' -and $Uri.Authority -ceq '169.254.169.254'
}

function Start-WebCall($Client, [Uri]$Uri, $Headers, $Token) {
    if ($Uri.Scheme -cne 'https' -and -not (Test-MetadataService $Uri)) {
        Stop-Operation ArgumentException 'Only https addresses are asked.'
    }
    $message = [Net.Http.HttpRequestMessage]::new([Net.Http.HttpMethod]::Get, $Uri)
    foreach ($header in $Headers.GetEnumerator()) {
        [void]$message.Headers.TryAddWithoutValidation([string]$header.Key, [string]$header.Value)
    }
    return $Client.SendAsync($message, [Net.Http.HttpCompletionOption]::ResponseHeadersRead, $Token)
}

function Step-WebCall($Call) {
    # True where there is nothing more to wait for. First comes the head of the answer, then the start of its body.
    $result = $Call['result']
    $task = $Call['task']
    $whole = $task.Status -eq 'RanToCompletion'
    if ($null -ne $Call['buffer']) {
        if ($whole) {
            $text = [Text.Encoding]::UTF8.GetString($Call['buffer'], 0, $task.Result)
            $text = [regex]::Replace($text, '[\ud800-\udfff]', '?')
            $result['body_start'] = $text.Substring(0, [Math]::Min(200, $text.Length))
        }
        $Call['response'].Dispose()
        return $true
    }
    $result['seconds'] = [Math]::Round($Call['clock'].Elapsed.TotalSeconds, 3)
    if (-not $whole) {
        # A task that was cancelled has no exception, and nothing but the time limit cancels it.
        if ($null -ne $task.Exception) { $result['error'] = Get-WebFailure $task.Exception $Call['proxied'] }
        return $true
    }
    $Call['response'] = $task.Result
    $status = [int]$task.Result.StatusCode
    if ($status -eq 407) {
        $result['error'] = @{ type = 'proxy'; message = 'The proxy asks who it is (407).'; hresult = -2145844841 }
        $task.Result.Dispose()
        return $true
    }
    $result['status'] = $status
    $result['error'] = @{ type = $null; message = $null; hresult = $null }
    $Call['buffer'] = [Array]::CreateInstance([byte], 1024)
    $stream = $task.Result.Content.ReadAsStreamAsync().Result
    $Call['task'] = $stream.ReadAsync($Call['buffer'], 0, 1024, $Call['token'])
    return $false
}

function endpoints($Ask) {
    Enable-Tls12
    # Two a host is the default.
    [Net.ServicePointManager]::DefaultConnectionLimit = 64
    Enable-ManyThreads
    $proxy = Get-WinHttpProxy
    $direct = New-WebClient 'none'
    $plain = $direct
    $proxied = $direct
    if ($null -ne $proxy) { $proxied = New-WebClient $proxy['address'] }
    else { $plain = New-WebClient $null }
    $seconds = [int]$Ask['timeout']
    $late = @{ type = 'timeout'; message = "No answer within $seconds s."; hresult = -2147012894 }
    $results = New-List
    $pending = New-List
    $clock = [Diagnostics.Stopwatch]::StartNew()
    foreach ($target in $Ask['targets']) {
        $result = @{ name = $target['name']; status = $null; seconds = $seconds; error = $late; body_start = $null }
        [void]$results.Add($result)
        try {
            $uri = [Uri][string]$target['url']
            $near = Test-MetadataService $uri
            $around = $null -ne $proxy -and -not $near -and -not (Test-ProxyBypass $uri $proxy['bypass'])
            $client = $plain
            if ($near) { $client = $direct }
            elseif ($around) { $client = $proxied }
            $limit = [Threading.CancellationTokenSource]::new([int]($seconds * 1000))
            $call = @{ result = $result; proxied = $around; buffer = $null; token = $limit.Token }
            $call['clock'] = [Diagnostics.Stopwatch]::StartNew()
            $call['task'] = Start-WebCall $client $uri $target['headers'] $limit.Token
            [void]$pending.Add($call)
        }
        catch {
            $result['seconds'] = 0.0
            $result['error'] = Get-WebFailure $_.Exception $false
        }
    }
    while ($pending.Count -gt 0) {
        $tasks = [Threading.Tasks.Task[]]@(foreach ($call in $pending) { $call['task'] })
        # A look-up of a name cannot be cancelled: it is left alone a second after its time.
        $left = [Math]::Max([long]0, ($seconds + 1) * 1000 - $clock.ElapsedMilliseconds)
        $done = [Threading.Tasks.Task]::WaitAny($tasks, [int]$left)
        if ($done -lt 0) { break }
        if (Step-WebCall $pending[$done]) { $pending.RemoveAt($done) }
    }
    foreach ($client in $direct, $plain, $proxied) { $client.Dispose() }
    return @{ results = $results }
}
