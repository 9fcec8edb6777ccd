using System.Management.Automation;
using System.Management.Automation.Language;

namespace Containerd.PowerShell.Commands.Events;

/// <summary>
/// Looks at the code of an action for what may end its own subscription. PowerShell hangs when an action does so while another
/// event of the subscription waits in its queue (it waits for the action to end, in the action), and everything with it.
/// </summary>
internal static class ActionCode
{
    private static readonly HashSet<string> s_mayEnd = new(StringComparer.OrdinalIgnoreCase)
    {
        "Unregister-Event", "Stop-Job", "Remove-Job", "Remove-CtrSession", "Remove-Module", "Import-Module", "Invoke-Expression", "Invoke-Command",
    };

    // The event manager's own way, and code that is run from somewhere else.
    private static readonly string[] s_methods = ["Unsubscribe", "Invoke"];

    /// <summary>Whether the action may end its subscription: it calls what does, or something whose code is not to be seen here.</summary>
    /// <param name="action">The action.</param>
    /// <param name="commands">Finds commands as the action will.</param>
    /// <returns>False only where it certainly does not.</returns>
    public static bool MayEndSubscription(ScriptBlock action, CommandInvocationIntrinsics commands) =>
        action.Ast.Find(node => node switch
        {
            CommandAst call => !IsHarmless(call.GetCommandName(), commands),
            InvokeMemberExpressionAst { Member: not StringConstantExpressionAst } => true,
            InvokeMemberExpressionAst { Member: StringConstantExpressionAst member } => s_methods.Any(
                begin => member.Value.StartsWith(begin, StringComparison.OrdinalIgnoreCase)),
            _ => false,
        }, searchNestedScriptBlocks: true) is not null;

    private static bool IsHarmless(string? name, CommandInvocationIntrinsics commands)
    {
        var command = name is null ? null : commands.GetCommand(name, CommandTypes.All);
        if (command is AliasInfo alias)
            command = alias.ResolvedCommand;
        return command is ApplicationInfo || (command is CmdletInfo && !s_mayEnd.Contains(command.Name));
    }
}
