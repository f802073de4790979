# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# One PowerShell for many requests. driver.py listens on a port of this machine. It sends the bootstrap first, then a
# line for each request: the environment variables it is to see, and its payload. Back goes one line of base64 with all
# that the request put out. A line that is empty asks for the names of the cultures of this machine.
#
# A socket, because standard input belongs to the PowerShell itself: 5.1 reads it for a script that it runs by -File.
# Requests have a runspace of their own, so that they see nothing of this text, and each has a scope of its own there,
# so that what it defines is gone with it. Their thread is this one, and so is the culture.
param([int]$Port)

function Set-ProofCulture([Globalization.CultureInfo]$Culture) {
    [Threading.Thread]::CurrentThread.CurrentCulture = $Culture
    [Threading.Thread]::CurrentThread.CurrentUICulture = $Culture
    [Globalization.CultureInfo]::DefaultThreadCurrentCulture = $Culture
    [Globalization.CultureInfo]::DefaultThreadCurrentUICulture = $Culture
}

function ConvertFrom-Base64([string]$Text) {
    return [Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($Text))
}

function Invoke-Script([string]$Script, [string]$Data) {
    # What a device session does: the script, and the payload as its input.
    $shell = [PowerShell]::Create()
    $shell.Runspace = $runspace
    try {
        [void]$shell.AddScript($Script, $true)
        foreach ($one in $shell.Invoke([object[]]@($Data))) { [string]$one }
    }
    catch {
        # The script ended with an error: it is said instead of an answer.
        [string]$_
    }
    foreach ($problem in $shell.Streams.Error) { [string]$problem }
    $shell.Dispose()
}

$runspace = [Management.Automation.Runspaces.RunspaceFactory]::CreateRunspace(
    [Management.Automation.Runspaces.InitialSessionState]::CreateDefault2())
$runspace.ThreadOptions = [Management.Automation.Runspaces.PSThreadOptions]::UseCurrentThread
$runspace.Open()
$usual = [Globalization.CultureInfo]::CurrentCulture
$client = [Net.Sockets.TcpClient]::new('127.0.0.1', $Port)
$reader = [IO.StreamReader]::new($client.GetStream())
$writer = [IO.StreamWriter]::new($client.GetStream())
$writer.AutoFlush = $true
$bootstrap = ConvertFrom-Base64 $reader.ReadLine()
while ($null -ne ($line = $reader.ReadLine())) {
    $before = @{}
    if ($line.Length -eq 0) {
        $said = foreach ($one in [Globalization.CultureInfo]::GetCultures('AllCultures')) { $one.Name }
    }
    else {
        $given, $payload = $line.Split([char]' ')
        foreach ($entry in (ConvertFrom-Base64 $given).Split([char]0)) {
            $name, $value = $entry.Split([char[]]'=', 2)
            $before[$name] = [Environment]::GetEnvironmentVariable($name)
            [Environment]::SetEnvironmentVariable($name, $value)
        }
        # .NET reads TZ once.
        [TimeZoneInfo]::ClearCachedData()
        if ($env:WINOPS_PROOF_CULTURE) {
            Set-ProofCulture ([Globalization.CultureInfo]::GetCultureInfo($env:WINOPS_PROOF_CULTURE))
        }
        $said = Invoke-Script $bootstrap $payload
        Set-ProofCulture $usual
        foreach ($name in $before.get_Keys()) { [Environment]::SetEnvironmentVariable($name, $before[$name]) }
    }
    $writer.WriteLine([Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes(@($said) -join "`n")))
}
