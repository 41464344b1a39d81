using System.Text;

namespace Montalegre.Vdi.Cli;

/// <summary>Where passwords and codes come from: the keyboard, or lines of standard input. Never the command line.</summary>
internal interface IPasswords
{
    string Read(bool fromStandardInput);

    string ReadCode(bool fromStandardInput);

    /// <summary>Whether somebody sits there.</summary>
    bool MayAsk { get; }
}

internal sealed class TerminalPasswords(Screen screen) : IPasswords
{
    public bool MayAsk => !Console.IsInputRedirected;

    // A code is good once and for a minute: it may be seen while it is typed.
    public string ReadCode(bool fromStandardInput)
    {
        if (!fromStandardInput && Console.IsInputRedirected) throw new UsageException(screen.Words("use --authenticator-file ou MONTALEGRE_CODE sem terminal", "use --authenticator-file or MONTALEGRE_CODE without a terminal"));
        if (!fromStandardInput) screen.Ask("Código: ", "Code: ");
        return Console.In.ReadLine() ?? "";
    }

    public string Read(bool fromStandardInput)
    {
        if (fromStandardInput) return Console.In.ReadLine() ?? "";
        if (Console.IsInputRedirected) throw new UsageException(screen.Words("use --password-stdin sem terminal", "use --password-stdin without a terminal"));
        screen.Ask("Palavra-passe: ", "Password: ");
        var typed = new StringBuilder();
        while (true)
        {
            var key = Console.ReadKey(intercept: true);
            if (key.Key is ConsoleKey.Enter) break;
            if (key.Key is ConsoleKey.Backspace) typed.Length = Math.Max(0, typed.Length - 1);
            else if (!char.IsControl(key.KeyChar)) typed.Append(key.KeyChar);
        }
        screen.Say("", "");
        return typed.ToString();
    }
}
