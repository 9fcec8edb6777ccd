using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using System.Xml.Linq;
using Containerd.Testing;
using Xunit;

namespace Containerd.PowerShell.Tests.Module;

/// <summary>The manifest says by hand what the module has: it must not say less or more.</summary>
public sealed class ManifestTests
{
    private static readonly Hashtable Manifest = (Hashtable)Parser
        .ParseFile(Repository.PathOf("Containerd.psd1"), out _, out _)
        .Find(ast => ast is HashtableAst, searchNestedScriptBlocks: false)
        .SafeGetValue();

    [Fact]
    public void Every_cmdlet_of_the_assembly_is_exported()
    {
        using var host = new ModuleHost();

        var missing = CmdletClasses(host).Except(Strings("CmdletsToExport"));

        Assert.Empty(missing);
    }

    [Fact]
    public void Every_exported_cmdlet_exists()
    {
        using var host = new ModuleHost();

        Assert.Empty(Strings("CmdletsToExport").Except(CmdletClasses(host)));
    }

    [Fact]
    public void Every_file_of_views_is_loaded()
    {
        var files = Directory.EnumerateFiles(Repository.PathOf("module"), "*.Format.ps1xml", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(Repository.Root, file).Replace('\\', '/'));

        Assert.Equal(files.Order(), Strings("FormatsToProcess").Order());
    }

    [Fact]
    public void The_engine_accepts_it_and_its_version_is_the_assemblies()
    {
        using var host = new ModuleHost();

        var module = host.Invoke($"Test-ModuleManifest '{Repository.PathOf("Containerd.psd1")}'").WithoutErrors().Single<PSModuleInfo>();

        var version = XDocument.Load(Repository.PathOf("Directory.Build.props")).Descendants("Version").Single().Value;
        Assert.Equal(version, module.Version.ToString(3));
        Assert.Equal(new Version(7, 4), module.PowerShellVersion);
    }

    private static IEnumerable<string> CmdletClasses(ModuleHost host)
    {
        var module = host.Invoke("Get-Module Containerd").WithoutErrors().Single<PSModuleInfo>();
        return from type in module.ImplementingAssembly.GetExportedTypes()
               from CmdletAttribute cmdlet in type.GetCustomAttributes(typeof(CmdletAttribute), inherit: false)
               select $"{cmdlet.VerbName}-{cmdlet.NounName}";
    }

    private static IEnumerable<string> Strings(string key) => ((IEnumerable)Manifest[key]!).Cast<string>();
}
