@{
    RootModule             = 'module/bin/Containerd.PowerShell.dll'
    ModuleVersion          = '0.1.0'
    GUID                   = '30f179c9-c282-43f5-826a-9b163656b052'
    Author                 = 'Containerd for PowerShell'
    Copyright              = 'MIT licensed'
    Description            = 'Drives containerd from PowerShell: containers, tasks, processes, images and events as objects in the pipeline, on one host or many, without docker, nerdctl or text to parse.'
    PowerShellVersion      = '7.4'
    CompatiblePSEditions   = @('Core')

    # In the default load context, so that [Containerd.Container] resolves as a type. What the client needs lies in
    # module/bin/deps and loads into a context of the module's own.
    RequiredAssemblies     = @('module/bin/Containerd.Model.dll')
    FormatsToProcess       = @(
        'module/formats/Containers.Format.ps1xml'
        'module/formats/Images.Format.ps1xml'
        'module/formats/Metrics.Format.ps1xml'
        'module/formats/Namespaces.Format.ps1xml'
        'module/formats/Events.Format.ps1xml'
        'module/formats/Processes.Format.ps1xml'
        'module/formats/Servers.Format.ps1xml'
        'module/formats/Sessions.Format.ps1xml'
        'module/formats/Tasks.Format.ps1xml'
    )

    FunctionsToExport      = @()
    VariablesToExport      = @()
    AliasesToExport        = @()
    CmdletsToExport        = @(
        # Sessions and servers
        'New-CtrSession', 'Get-CtrSession', 'Remove-CtrSession'
        'Get-CtrVersion', 'Get-CtrPlugin', 'Test-CtrServer', 'Start-CtrServer', 'Stop-CtrServer'
        # Namespaces
        'New-CtrNamespace', 'Get-CtrNamespace', 'Remove-CtrNamespace'
        # Images
        'Import-CtrImage', 'Get-CtrImage', 'Remove-CtrImage'
        # Containers
        'New-CtrContainer', 'Get-CtrContainer', 'Set-CtrContainer', 'Remove-CtrContainer'
        # Tasks
        'Start-CtrTask', 'Get-CtrTask', 'Wait-CtrTask', 'Stop-CtrTask', 'Suspend-CtrTask', 'Resume-CtrTask', 'Remove-CtrTask'
        'Set-CtrTaskLimit', 'Send-CtrSignal', 'Get-CtrProcess', 'Get-CtrStats', 'Get-CtrLog'
        # Processes
        'Invoke-CtrContainer', 'Invoke-CtrExec', 'Start-CtrExec'
        # Events
        'Watch-CtrEvent', 'Register-CtrEvent'
    )

    PrivateData            = @{
        PSData = @{
            Tags         = @('containerd', 'container', 'containers', 'oci', 'runc', 'PSEdition_Core', 'Linux', 'Windows')
            ReleaseNotes = 'See CHANGELOG.md.'
        }
    }
}
