using System.Management.Automation;
using System.Reflection;
using System.Xml.Linq;

namespace Containerd.Help;

/// <summary>Writes cmdlet help in the form that Get-Help reads.</summary>
internal sealed class MamlWriter(XmlDocs docs)
{
    private static readonly XNamespace s_msh = "http://msh";
    private static readonly XNamespace s_maml = "http://schemas.microsoft.com/maml/2004/10";
    private static readonly XNamespace s_command = "http://schemas.microsoft.com/maml/dev/command/2004/10";
    private static readonly XNamespace s_dev = "http://schemas.microsoft.com/maml/dev/2004/10";

    private readonly List<string> _gaps = [];

    /// <summary>What a reader would miss, a line each.</summary>
    public IReadOnlyList<string> Gaps => _gaps;

    /// <summary>The help of all cmdlets.</summary>
    public XDocument Write(IEnumerable<CmdletInfo> cmdlets) =>
        new(new XElement(s_msh + "helpItems", new XAttribute("schema", "maml"), cmdlets.Select(Command)));

    private XElement Command(CmdletInfo cmdlet)
    {
        var type = cmdlet.ImplementingType;
        var doc = docs.Of(type);
        var synopsis = XmlDocs.Paragraphs(doc?.Element("summary")).ToArray();
        var description = XmlDocs.Paragraphs(doc?.Element("remarks")).ToArray();
        var examples = doc?.Elements("example").ToArray() ?? [];
        if (synopsis.Length == 0)
            _gaps.Add($"{cmdlet.Name} has no synopsis (summary).");
        if (description.Length == 0)
            _gaps.Add($"{cmdlet.Name} has no description (remarks).");
        if (examples.Length == 0)
            _gaps.Add($"{cmdlet.Name} has no example.");
        var own = cmdlet.ParameterSets
            .SelectMany(set => set.Parameters)
            .Where(IsOurs)
            .DistinctBy(parameter => parameter.Name)
            .OrderBy(parameter => parameter.Position < 0 ? int.MaxValue : parameter.Position).ThenBy(parameter => parameter.Name, StringComparer.Ordinal)
            .ToArray();
        return new XElement(
            s_command + "command",
            new XAttribute(XNamespace.Xmlns + "maml", s_maml), new XAttribute(XNamespace.Xmlns + "command", s_command), new XAttribute(XNamespace.Xmlns + "dev", s_dev),
            new XElement(
                s_command + "details",
                new XElement(s_command + "name", cmdlet.Name),
                new XElement(s_command + "verb", cmdlet.Verb),
                new XElement(s_command + "noun", cmdlet.Noun),
                new XElement(s_maml + "description", Paras(synopsis))),
            new XElement(s_maml + "description", Paras(description)),
            new XElement(
                s_command + "syntax",
                cmdlet.ParameterSets.Select(set => new XElement(
                    s_command + "syntaxItem",
                    new XElement(s_maml + "name", cmdlet.Name),
                    set.Parameters.Where(IsOurs)
                        .OrderBy(parameter => parameter.Position < 0 ? int.MaxValue : parameter.Position).ThenByDescending(parameter => parameter.IsMandatory)
                        .Select(parameter => Parameter(cmdlet, type, parameter))))),
            new XElement(s_command + "parameters", own.Select(parameter => Parameter(cmdlet, type, parameter))),
            new XElement(
                s_command + "inputTypes",
                own.Where(parameter => parameter.ValueFromPipeline || parameter.ValueFromPipelineByPropertyName)
                    .Select(parameter => TypeOf("inputType", TypeName(parameter.ParameterType), $"-{parameter.Name}, {PipelineInput(parameter)}"))),
            new XElement(
                s_command + "returnValues",
                cmdlet.OutputType.Select(output => output.Name).Distinct().Select(name => TypeOf("returnValue", name, ""))),
            new XElement(
                s_command + "examples",
                examples.Select((example, index) => new XElement(
                    s_command + "example",
                    new XElement(s_maml + "title", $"--------------------- Example {index + 1} ---------------------"),
                    new XElement(s_dev + "code", Code(example.Element("code"))),
                    new XElement(s_dev + "remarks", Paras(example.Elements("para").Select(XmlDocs.Text)))))));
    }

    private XElement Parameter(CmdletInfo cmdlet, Type type, CommandParameterInfo parameter)
    {
        var property = type.GetProperty(parameter.Name, BindingFlags.Public | BindingFlags.Instance);
        var text = property is null ? [] : XmlDocs.Paragraphs(docs.Of(property)?.Element("summary")).ToArray();
        if (text.Length == 0)
            AddGapOnce($"{cmdlet.Name} -{parameter.Name} has no description.");
        var isSwitch = parameter.ParameterType == typeof(SwitchParameter);
        var accepted = parameter.ParameterType.IsEnum ? Enum.GetNames(parameter.ParameterType) : [];
        return new XElement(
            s_command + "parameter",
            new XAttribute("required", parameter.IsMandatory ? "true" : "false"),
            new XAttribute("variableLength", parameter.ParameterType.IsArray ? "true" : "false"),
            new XAttribute("globbing", parameter.Attributes.Any(attribute => attribute is SupportsWildcardsAttribute) ? "true" : "false"),
            new XAttribute("pipelineInput", PipelineInput(parameter)),
            new XAttribute("position", parameter.Position < 0 ? "named" : parameter.Position.ToString(System.Globalization.CultureInfo.InvariantCulture)),
            new XAttribute("aliases", parameter.Aliases.Count == 0 ? "none" : string.Join(", ", parameter.Aliases)),
            new XElement(s_maml + "name", parameter.Name),
            new XElement(s_maml + "description", Paras(text)),
            accepted.Length == 0
                ? null
                : new XElement(s_command + "parameterValueGroup", accepted.Select(name => new XElement(s_command + "parameterValue", new XAttribute("required", "false"), new XAttribute("variableLength", "false"), name))),
            isSwitch
                ? null
                : new XElement(s_command + "parameterValue", new XAttribute("required", "true"), new XAttribute("variableLength", "false"), TypeName(parameter.ParameterType)),
            new XElement(s_dev + "type", new XElement(s_maml + "name", TypeName(parameter.ParameterType))));
    }

    private void AddGapOnce(string gap)
    {
        if (!_gaps.Contains(gap))
            _gaps.Add(gap);
    }

    private static bool IsOurs(CommandParameterInfo parameter) =>
        !Cmdlet.CommonParameters.Contains(parameter.Name) && !Cmdlet.OptionalCommonParameters.Contains(parameter.Name);

    private static string PipelineInput(CommandParameterInfo parameter) => (parameter.ValueFromPipeline, parameter.ValueFromPipelineByPropertyName) switch
    {
        (true, true) => "true (ByValue, ByPropertyName)",
        (true, false) => "true (ByValue)",
        (false, true) => "true (ByPropertyName)",
        _ => "false",
    };

    private static string TypeName(Type type)
    {
        if (type.IsArray)
            return TypeName(type.GetElementType()!) + "[]";
        var plain = Nullable.GetUnderlyingType(type) ?? type;
        return Microsoft.PowerShell.ToStringCodeMethods.Type(PSObject.AsPSObject(plain));
    }

    private static XElement TypeOf(string element, string name, string text) => new(
        s_command + element,
        new XElement(s_dev + "type", new XElement(s_maml + "name", name)),
        new XElement(s_maml + "description", Paras([text])));

    private static IEnumerable<XElement> Paras(IEnumerable<string> paragraphs) => paragraphs.Select(text => new XElement(s_maml + "para", text));

    // The lines of an example as they stand, without the indentation of the comment they stand in.
    private static string Code(XElement? code)
    {
        var lines = (code?.Value ?? "").Split('\n').Select(line => line.TrimEnd()).ToList();
        while (lines.Count > 0 && lines[0].Length == 0)
            lines.RemoveAt(0);
        while (lines.Count > 0 && lines[^1].Length == 0)
            lines.RemoveAt(lines.Count - 1);
        var indent = lines.Skip(1).Where(line => line.Length > 0).Select(line => line.Length - line.TrimStart().Length).DefaultIfEmpty(0).Min();
        return string.Join("\n", lines.Select((line, index) => index == 0 ? line.TrimStart() : line.Length >= indent ? line[indent..] : line));
    }
}
