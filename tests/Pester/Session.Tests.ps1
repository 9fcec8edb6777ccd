BeforeAll {
    . "$PSScriptRoot/Server.ps1"
    $server = Start-CtrServer
}
AfterAll { Get-CtrSession | Remove-CtrSession; $server | Stop-CtrServer; $server.Directory | Should -Not -Exist }

Describe 'Sessions' {
    AfterEach { Get-CtrSession | Remove-CtrSession }

    It 'opens from a server that is piped in, with its namespace' {
        $session = $server | New-CtrSession
        $session | Should -BeOfType Containerd.Session
        $session.Address | Should -Be $server.Address
        $session.Namespace | Should -Be $server.Namespace
    }

    It 'answers with the server''s version' {
        $null = $server | New-CtrSession
        Get-CtrVersion | Select-Object -ExpandProperty Version | Should -Be $server.Version
        Test-CtrServer -Quiet | Should -BeTrue
    }

    It 'says what is wrong when nobody listens' {
        { New-CtrSession /tmp/nobody.sock -ConnectTimeout 0.2 -ErrorAction Stop } |
            Should -Throw -ErrorId 'NoServer,Containerd.PowerShell.Commands.Sessions.NewCtrSessionCommand'
    }

    It 'survives ConvertTo-Json and Export-Clixml' {
        $session = $server | New-CtrSession
        ($session | ConvertTo-Json | ConvertFrom-Json).Address | Should -Be $server.Address
        $file = Join-Path $TestDrive 'version.xml'
        Get-CtrVersion | Export-Clixml $file
        (Import-Clixml $file).Version | Should -Be $server.Version
    }
}

Describe 'Help' {
    BeforeDiscovery {
        . "$PSScriptRoot/Server.ps1"
        $cmdlets = Get-Command -Module Containerd -CommandType Cmdlet | ForEach-Object Name
    }

    It '<_> has a synopsis, a description and an example' -ForEach $cmdlets {
        $help = Get-Help $_
        $help.Synopsis | Should -Not -BeNullOrEmpty
        $help.Synopsis | Should -Not -Match "$_ \["   # what Get-Help makes up where there is no help
        $help.description.Text | Should -Not -BeNullOrEmpty
        @($help.examples.example).Count | Should -BeGreaterThan 0
    }

    It 'has an about topic' { (Get-Help about_Containerd) -join "`n" | Should -BeLike '*New-CtrSession*' }
}
