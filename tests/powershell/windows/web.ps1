# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The network: rules of which the first that fits says what a request meets. A host without a rule has no DNS entry.

if ([IO.Path]::DirectorySeparatorChar -cne '\') {
    # What the account has set, and what .NET offers; .NET keeps both for as long as its process lives. On Windows nobody
    # sets them, and .NET Framework has no such property.
    $account = [Net.WebProxy]::new()
    if ($env:WINOPS_PROOF_PROXY) { $account.Address = $env:WINOPS_PROOF_PROXY }
    [Net.WebRequest]::DefaultWebProxy = $account
    [Net.Http.HttpClient].GetProperty('DefaultProxy').SetValue($null, $account)
    [Net.ServicePointManager]::SecurityProtocol = 0
    if ($env:WINOPS_PROOF_OLD_TLS) { [Net.ServicePointManager]::SecurityProtocol = [Net.SecurityProtocolType]::Tls11 }
}

function Assert-Offered {
    # An old .NET offers what it is told and nothing else; 0, the system's choice, is nothing that it knows.
    if (-not $env:WINOPS_PROOF_OLD_TLS) { return }
    if ([Net.ServicePointManager]::SecurityProtocol -ne [Net.SecurityProtocolType]'Tls11, Tls12') {
        $status = [Net.WebExceptionStatus]::SecureChannelFailure
        throw [Net.WebException]::new('Could not create a secure channel.', $status)
    }
}

${function:New-RealMachineProxy} = ${function:New-MachineProxy}

function New-MachineProxy([string]$Address) {
    # Windows' own services show who they are; that this needs Windows' sign-in, nobody can try elsewhere.
    $server = New-RealMachineProxy $Address
    $shown = (Get-Windows 'callers')[[string]$env:WINOPS_PROOF_CALLER]['system']
    if ($server.UseDefaultCredentials -ne $shown) { throw [InvalidOperationException]::new('It shows the wrong account.') }
    return $server
}

${function:Start-RealWebCall} = ${function:Start-WebCall}

function Start-WebCall($Client, [Uri]$Uri, $Headers, $Cancel) {
    Assert-Offered
    # A limit of its own is 100 s unless it is told, and would end what somebody still waits for.
    if ($Client.Timeout.Ticks -ge 0) { throw [InvalidOperationException]::new('The client has a time limit of its own.') }
    $rule = Find-WebRule $Uri $Headers
    if ($null -ne $rule -and $rule.ContainsKey('real')) { return Start-RealWebCall $Client $Uri $Headers $Cancel }
    return Start-ProofCall $Uri $rule
}

${function:Send-RealWebCall} = ${function:Send-WebCall}

function Send-WebCall([Uri]$Uri, [int]$Milliseconds) {
    Assert-Offered
    $rule = Find-WebRule $Uri @{}
    if ($null -ne $rule -and $rule.ContainsKey('real')) { return Send-RealWebCall $Uri $Milliseconds }
    return Send-ProofCall $Uri
}

# How each kind of problem looks from .NET: what is thrown, and in it the status that says why.
$WebProblems = @{
    dns = 'NameResolutionFailure'; connect = 'ConnectFailure'; certificate = 'TrustFailure'; tls = ''
    timeout = 'Timeout'
}

function Find-WebRule([Uri]$Uri, $Headers) {
    $system = (Get-Windows 'callers')[[string]$env:WINOPS_PROOF_CALLER]['system']
    foreach ($rule in (Get-Windows 'web')) {
        if ($Uri.Host -cnotlike $rule['host']) { continue }
        if ($null -ne $rule['system'] -and $rule['system'] -ne $system) { continue }
        if ($rule['path'] -and $Uri.AbsolutePath.ToLowerInvariant() -cnotlike $rule['path']) { continue }
        if ($rule['query'] -and $Uri.Query.IndexOf($rule['query'], [StringComparison]::Ordinal) -lt 0) { continue }
        if ($rule['header'] -and [string]$Headers[$rule['header'][0]] -cne $rule['header'][1]) { continue }
        return $rule
    }
}

function Start-ProofCall([Uri]$Uri, $Rule) {
    $source = New-Object 'System.Threading.Tasks.TaskCompletionSource[System.Net.Http.HttpResponseMessage]'
    if ($Uri.Scheme -cne 'https' -and -not (Test-MetadataService $Uri)) {
        Stop-Operation ArgumentException 'Only https addresses are asked.'
    }
    $problem = 'dns'
    if ($null -ne $Rule) { $problem = $Rule['problem'] }
    if (-not $problem) {
        $response = [Net.Http.HttpResponseMessage]::new([Net.HttpStatusCode][int]$Rule['status'])
        $response.Content = [Net.Http.StringContent]::new($Rule['body'])
        $source.SetResult($response)
    }
    elseif ($problem -ceq 'tls') {
        $inner = [Security.Authentication.AuthenticationException]::new('A call to SSPI failed')
        $source.SetException([Net.Http.HttpRequestException]::new('An error occurred', $inner))
    }
    elseif ($problem -cne 'silence') {
        $status = [Net.WebExceptionStatus]$WebProblems[$problem]
        $inner = [Net.WebException]::new("It failed: $problem", $status)
        $source.SetException([Net.Http.HttpRequestException]::new('An error occurred', $inner))
    }
    return $source.Task
}

class ProofAnswer {
    [string]$File
    [int]$StatusCode = 200
    [Collections.Hashtable]$Headers = @{}
    [long]$ContentLength = -1
    hidden [bool]$Aborted
    [object] GetResponseStream() { return [IO.File]::OpenRead($this.File) }
    [void] Abort() { $this.Aborted = $true }
    [void] Close() {
        # Windows PowerShell would read the whole file from the net before it closes this.
        if ($this.File -and -not $this.Aborted) { throw [InvalidOperationException]::new('Its request was not aborted.') }
        Remove-ProofHandle $this
    }
}

function Send-ProofCall([Uri]$Uri) {
    $known = (Get-Windows 'downloads')[$Uri.AbsoluteUri]
    if ($null -eq $known) {
        $status = [Net.WebExceptionStatus]$WebProblems['dns']
        Stop-Download (Get-WebFailure ([Net.WebException]::new('It failed: dns', $status)) $false)
    }
    $answer = [ProofAnswer]::new()
    if ($known -is [string]) { $known = @{ file = $known } }
    if ($known['file']) { $answer.File = [IO.Path]::Combine($Proof, $known['file']) }
    if ($known['length']) { $answer.ContentLength = $known['length'] }
    if ($known['status']) { $answer.StatusCode = $known['status'] }
    if ($known['location']) { $answer.Headers['Location'] = $known['location'] }
    Add-ProofHandle $answer
    return @{ call = $answer; response = $answer; proxied = $false }
}
