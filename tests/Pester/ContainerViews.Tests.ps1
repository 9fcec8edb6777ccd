# How containers look at a prompt: their views, their help, and what other commands make of them.
BeforeAll {
    . "$PSScriptRoot/Server.ps1"
    Start-SpecServer
    # A root file system that nothing is started in needs no image.
    $null = New-CtrContainer web -RootFs /tmp -Command sleep, 600, ('a' * 50) -Label @{ tier = 'front' }
    $null = New-CtrContainer db -RootFs /tmp -Command sleep, 600
}

AfterAll { Stop-SpecServer }

Describe 'Get-CtrContainer at the prompt' {
    It 'shows id, state, image, command and age in a table' {
        $text = Get-CtrContainer | Out-String -Width 160
        $text | Should -Match 'Id\s+State\s+Pid\s+Image\s+Command\s+Age'
        $text | Should -Match 'db\s+None\s+sleep 600\s+\d+[smhd]'
    }

    It 'cuts a long command' {
        Get-CtrContainer web | Out-String -Width 160 | Should -Match 'sleep 600 a+…'
    }

    It 'shows everything but the spec in a list' {
        $text = Get-CtrContainer web | Format-List | Out-String
        $text | Should -Match 'Labels\s+:\s+\{\[tier, front\]\}'
        $text | Should -Not -Match 'ociVersion'
    }

    It 'gives typed objects' {
        $container = Get-CtrContainer web
        $container | Should -BeOfType ([Containerd.Container])
        $container.CreatedAt | Should -BeOfType ([DateTimeOffset])
        $container.State | Should -Be 'None'
        $container.Labels.tier | Should -Be 'front'
        "$container" | Should -Be 'web'
    }

    It 'has the spec as JSON' {
        ((Get-CtrContainer web).Spec | ConvertFrom-Json).process.args | Should -HaveCount 3
    }

    It 'is understood by ConvertTo-Json and survives Export-Clixml' {
        $json = Get-CtrContainer web | ConvertTo-Json -Depth 3 | ConvertFrom-Json
        $json.Id | Should -Be 'web'
        $json.Labels.tier | Should -Be 'front'
        $path = Join-Path $TestDrive web.xml
        Get-CtrContainer web | Export-Clixml $path
        $again = Import-Clixml $path
        $again.Id | Should -Be 'web'
        $again.Command | Should -HaveCount 3
    }

    It 'sorts, groups and filters like any object' {
        (Get-CtrContainer | Sort-Object Id -Descending)[0].Id | Should -Be 'web'
        (Get-CtrContainer | Where-Object { $_.Labels.tier -eq 'front' }).Id | Should -Be 'web'
        (Get-CtrContainer | Group-Object State).Count | Should -Be 2
    }

    It 'ends the pipeline early without an error' {
        (Get-CtrContainer | Select-Object -First 1).Id | Should -Be 'db'
    }
}

Describe 'The container cmdlets' {
    It '<_> has help with a synopsis and examples' -ForEach 'New-CtrContainer', 'Get-CtrContainer', 'Set-CtrContainer', 'Remove-CtrContainer' {
        $help = Get-Help $_ -Full
        $help.Synopsis | Should -Not -BeLike "*$_*"
        @($help.examples.example).Count | Should -BeGreaterOrEqual 2
        $help.parameters.parameter | Where-Object { $_.name -notin 'WhatIf', 'Confirm' } | ForEach-Object { $_.description.Text | Should -Not -BeNullOrEmpty -Because $_.name }
    }

    It 'ask nothing where nothing can be answered' {
        { New-CtrContainer -WhatIf -Image x; Remove-CtrContainer web -WhatIf -Force } | Should -Not -Throw
        Get-CtrContainer web | Should -Not -BeNullOrEmpty
    }

    It 'respect -ErrorAction and -ErrorVariable' {
        Get-CtrContainer nobody -ErrorAction SilentlyContinue -ErrorVariable missing | Should -BeNullOrEmpty
        $missing[0].FullyQualifiedErrorId | Should -BeLike 'NoSuchContainer,*'
        { Get-CtrContainer nobody -ErrorAction Stop } | Should -Throw "No such container 'nobody'."
    }

    It 'run from ForEach-Object -Parallel with the session of the prompt' {
        $ids = 1..4 | ForEach-Object -Parallel {
            Import-Module "$using:PSScriptRoot/../../Containerd.psd1"
            (New-CtrContainer "p$_" -RootFs /tmp -Command true -Session $using:session).Id
        }
        $ids | Sort-Object | Should -Be 'p1', 'p2', 'p3', 'p4'
        Remove-CtrContainer p*
        Get-CtrContainer p* | Should -BeNullOrEmpty
    }
}
