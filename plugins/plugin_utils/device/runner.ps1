param([string]$Request, [string]$Self)
