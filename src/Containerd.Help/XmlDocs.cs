using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Containerd.Help;

/// <summary>The documentation file that the compiler writes beside an assembly.</summary>
internal sealed partial class XmlDocs(XDocument file)
{
    private readonly Dictionary<string, XElement> _members = file.Descendants("member")
        .Where(member => member.Attribute("name") is not null)
        .ToDictionary(member => member.Attribute("name")!.Value, StringComparer.Ordinal);

    /// <summary>The docs of a class; null where it has none.</summary>
    public XElement? Of(Type type) => _members.GetValueOrDefault("T:" + type.FullName);

    /// <summary>The docs of a property, wherever in the base classes it is declared; null where it has none.</summary>
    public XElement? Of(PropertyInfo property) => _members.GetValueOrDefault($"P:{property.DeclaringType!.FullName}.{property.Name}");

    /// <summary>The paragraphs of an element: its para elements, or all of it as one.</summary>
    public static IEnumerable<string> Paragraphs(XElement? element)
    {
        if (element is null)
            return [];
        var paragraphs = element.Elements("para").ToArray();
        return (paragraphs.Length > 0 ? paragraphs : [element]).Select(Text).Where(text => text.Length > 0);
    }

    /// <summary>The plain text of an element on one line, references by their last name.</summary>
    public static string Text(XElement element) => Spaces().Replace(string.Concat(element.Nodes().Select(Plain)), " ").Trim();

    private static string Plain(XNode node) => node switch
    {
        XText text => text.Value,
        XElement { Name.LocalName: "see" or "seealso" } see => LastName(see.Attribute("cref")?.Value ?? see.Attribute("langword")?.Value ?? see.Attribute("href")?.Value ?? see.Value),
        XElement { Name.LocalName: "paramref" or "typeparamref" } name => name.Attribute("name")?.Value ?? "",
        XElement other => string.Concat(other.Nodes().Select(Plain)),
        _ => "",
    };

    private static string LastName(string reference) => reference.Contains("://", StringComparison.Ordinal) ? reference : reference[(reference.LastIndexOf('.') + 1)..];

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
