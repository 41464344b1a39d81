using System.Text;

namespace Montalegre.Vdi.Cli;

/// <summary>Where passwords come from: the keyboard without echo, or one line of standard input. Never the command line.</summary>
internal interface IPasswords
{
    string Read(bool fromStandardInput);
}

internal sealed class TerminalPasswords(Screen screen) : IPasswords
{
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
