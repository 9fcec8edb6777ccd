# How images and namespaces look at a prompt: their views, their help, and what other commands make of them.
BeforeAll {
    Import-Module "$PSScriptRoot/../../Containerd.psd1"
    $servers = $env:CTR_SERVERS ? $env:CTR_SERVERS : '/opt/ctr-servers'
    $script:server = Start-CtrServer -Path "$servers/trixie/bin/containerd"
    $script:session = New-CtrSession $server.Address -Namespace $server.Namespace
    $script:rootfs = Join-Path $TestDrive rootfs
    $null = New-Item -ItemType Directory $rootfs/bin
    Copy-Item (Get-Command busybox -CommandType Application)[0].Source $rootfs/bin/busybox
    $null = Import-CtrImage -RootFs $rootfs -Name tool:1 -Command /bin/busybox, sh -Label made=here
}

AfterAll {
    Get-CtrImage -ErrorAction Ignore | Remove-CtrImage -Wait
    $session | Remove-CtrSession
    $server | Stop-CtrServer
}

Describe 'Images at the prompt' {
    It 'are shown by short name, digest, size, platforms and age in a table' {
        $text = Get-CtrImage | Out-String -Width 160
        $text | Should -Match 'Name\s+Digest\s+Size\s+Platforms\s+Age'
        $text | Should -Match '(?m)^tool:1\s+[0-9a-f]{12}\s+[0-9.]+ MiB\s+linux/\w+\s+\d+[smhd]\s*$'
    }

    It 'are shown whole in a list' {
        $text = Get-CtrImage | Format-List | Out-String
        $text | Should -Match 'Name\s+:\s+docker\.io/library/tool:1'
        $text | Should -Match 'Digest\s+:\s+sha256:[0-9a-f]{64}'
        $text | Should -Match 'Labels\s+:\s+\{\[made, here\]\}'
    }

    It 'are typed objects with numbers and times' {
        $image = Get-CtrImage tool:1
        $image | Should -BeOfType ([Containerd.Image])
        $image.Size | Should -BeOfType ([long])
        $image.Size | Should -BeGreaterThan 500KB
        $image.CreatedAt | Should -BeOfType ([DateTimeOffset])
        $image.Labels.made | Should -Be 'here'
        "$image" | Should -Be 'docker.io/library/tool:1'
    }

    It 'are understood by ConvertTo-Json and survive Export-Clixml' {
        (Get-CtrImage | ConvertTo-Json -Depth 3 | ConvertFrom-Json).Name | Should -Be 'docker.io/library/tool:1'
        $path = Join-Path $TestDrive image.xml
        Get-CtrImage | Export-Clixml $path
        (Import-Clixml $path).Platforms | Should -HaveCount 1
    }

    It 'are imported from what Get-ChildItem finds' {
        $tar = Join-Path $TestDrive 'saved [1].tar'
        & "$servers/trixie/bin/ctr" --address ($server.Address -replace '^unix://') --namespace $server.Namespace images export $tar docker.io/library/tool:1
        $LASTEXITCODE | Should -Be 0
        (Get-ChildItem $TestDrive -Filter *.tar | Import-CtrImage).Name | Should -Be 'docker.io/library/tool:1'
        Get-ChildItem $TestDrive -Filter *.tar | Import-CtrImage -Name again:1 | ForEach-Object Name | Should -Be 'docker.io/library/again:1'
    }

    It 'ask for nothing with -WhatIf and -Confirm:$false' {
        Remove-CtrImage * -WhatIf
        Get-CtrImage | Should -Not -BeNullOrEmpty
        Remove-CtrImage again:1 -Confirm:$false
        Get-CtrImage again* | Should -BeNullOrEmpty
    }
}

Describe 'Namespaces at the prompt' {
    It 'are shown with their labels, and lead other cmdlets' {
        $null = New-CtrNamespace "$($server.Namespace)-1" -Label tier=test
        Get-CtrNamespace *-1 | Out-String | Should -Match 'tier=test'
        (Get-CtrNamespace $server.Namespace | Get-CtrImage tool:1).Namespace | Should -Be $server.Namespace
        (Get-CtrNamespace *-1 | Get-CtrImage tool* ) | Should -BeNullOrEmpty
        Get-CtrNamespace *-1 | Remove-CtrNamespace
        Get-CtrNamespace *-1 | Should -BeNullOrEmpty
    }
}

Describe 'Help of <_>' -ForEach 'Import-CtrImage', 'Get-CtrImage', 'Remove-CtrImage', 'New-CtrNamespace', 'Get-CtrNamespace', 'Remove-CtrNamespace' {
    It 'has a synopsis, a description, examples and every parameter' {
        $help = Get-Help $_ -Full
        $help.Synopsis | Should -Match '\.$'
        $help.Description | Out-String | Should -Not -BeNullOrEmpty
        @($help.Examples.Example).Count | Should -BeGreaterOrEqual 1
        foreach ($parameter in $help.Parameters.Parameter) {
            $parameter.Description | Out-String | Should -Not -BeNullOrEmpty -Because $parameter.Name
        }
    }
}
