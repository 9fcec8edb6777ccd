using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace Containerd.EngineHost;

/// <summary>Turns a command line into the arguments of a script, as <c>pwsh -File</c> does.</summary>
internal static class ScriptArguments
{
    /// <exception cref="ParseException">The script has errors of syntax.</exception>
    public static ScriptBlockAst Parse(string path)
    {
        var script = Parser.ParseFile(path, out _, out var errors);
        return errors.Length == 0 ? script : throw new ParseException(errors);
    }

    /// <summary>
    /// <c>-Name value</c>, <c>-Name:value</c> and <c>-Switch</c> by the script's own parameters; all else by position.
    /// </summary>
    public static (Hashtable Named, ArrayList Positional) Bind(ScriptBlockAst script, string[] arguments)
    {
        var named = new Hashtable(StringComparer.OrdinalIgnoreCase);
        var positional = new ArrayList();
        for (var i = 0; i < arguments.Length; i++)
        {
            if (arguments[i] is not ['-', var first, ..] || !char.IsLetter(first))
            {
                positional.Add(arguments[i]);
                continue;
            }
            var (name, value) = arguments[i][1..].Split(':', 2) is [var before, var after] ? (before, after) : (arguments[i][1..], null);
            if (IsSwitch(script, name))
                named[name] = value is null || LanguagePrimitives.IsTrue(value.TrimStart('$') is var word && word.Equals("true", StringComparison.OrdinalIgnoreCase));
            else
                named[name] = value ?? (i + 1 < arguments.Length ? arguments[++i] : throw new ParameterBindingException($"The parameter -{name} needs a value."));
        }
        return (named, positional);
    }

    private static bool IsSwitch(ScriptBlockAst script, string name)
    {
        if (name.Equals("Verbose", StringComparison.OrdinalIgnoreCase) || name.Equals("Debug", StringComparison.OrdinalIgnoreCase))
            return true;
        return script.ParamBlock?.Parameters.FirstOrDefault(parameter => parameter.Name.VariablePath.UserPath.StartsWith(name, StringComparison.OrdinalIgnoreCase))
            ?.StaticType == typeof(SwitchParameter);
    }
}
