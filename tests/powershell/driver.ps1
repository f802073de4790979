# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# One PowerShell for many requests: driver.py writes a line of JSON for each, and reads a line of base64 with all that
# the request put out. Each has a runspace of its own: what it defines is gone with it.

[Console]::Out.WriteLine('ready')
while ($null -ne ($line = [Console]::In.ReadLine())) {
    $asked = ConvertFrom-Json $line
    $before = @{}
    foreach ($entry in $asked.environment.PSObject.Properties) {
        $before[$entry.Name] = [Environment]::GetEnvironmentVariable($entry.Name)
        [Environment]::SetEnvironmentVariable($entry.Name, $entry.Value)
    }
    $runspace = [Management.Automation.Runspaces.RunspaceFactory]::CreateRunspace(
        [Management.Automation.Runspaces.InitialSessionState]::CreateDefault2())
    $runspace.Open()
    $shell = [PowerShell]::Create()
    $shell.Runspace = $runspace
    $said = [Collections.ArrayList]::new()
    try {
        [void]$shell.AddScript($asked.script)
        foreach ($one in $shell.Invoke([object[]]@($asked.input))) { [void]$said.Add([string]$one) }
    }
    catch {
        [void]$said.Add([string]$_)
    }
    foreach ($problem in $shell.Streams.Error) { [void]$said.Add([string]$problem) }
    $shell.Dispose()
    $runspace.Dispose()
    foreach ($name in $before.get_Keys()) { [Environment]::SetEnvironmentVariable($name, $before[$name]) }
    [Console]::Out.WriteLine([Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes($said -join "`n")))
}
