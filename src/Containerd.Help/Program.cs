// Containerd.Help MODULE.psd1 DOCS.xml OUT.xml: writes the help of all cmdlets of the module as MAML, from the XML docs of
// their classes and properties (text) and from the engine's own metadata of them (names, types, positions, pipeline input).
// Fails when a cmdlet lacks a synopsis, a description or an example, or a parameter its description.
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Xml.Linq;
using Containerd.Help;

if (args.Length != 3)
{
    Console.Error.WriteLine("usage: Containerd.Help MODULE.psd1 DOCS.xml OUT.xml");
    return 2;
}

var docs = new XmlDocs(XDocument.Load(args[1]));
using var runspace = RunspaceFactory.CreateRunspace(InitialSessionState.CreateDefault2());
runspace.Open();
using var shell = PowerShell.Create(runspace);
var cmdlets = shell
    .AddCommand("Import-Module").AddParameter("Name", Path.GetFullPath(args[0])).AddParameter("PassThru").AddParameter("ErrorAction", "Stop")
    .Invoke<PSModuleInfo>()
    .SelectMany(module => module.ExportedCmdlets.Values)
    .OrderBy(cmdlet => cmdlet.Noun, StringComparer.Ordinal).ThenBy(cmdlet => cmdlet.Verb, StringComparer.Ordinal)
    .ToArray();
if (cmdlets.Length == 0)
{
    Console.Error.WriteLine($"{args[0]} exports no cmdlets.");
    return 1;
}

var maml = new MamlWriter(docs);
var help = maml.Write(cmdlets);
foreach (var gap in maml.Gaps)
    Console.Error.WriteLine(gap);
if (maml.Gaps.Count > 0)
    return 1;
Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(args[2]))!);
help.Save(args[2]);
Console.WriteLine($"Help of {cmdlets.Length} cmdlets.");
return 0;
