using Montalegre.Vdi.Gateway.Tests.Desktops;

namespace Montalegre.Vdi.Gateway.Tests.Portal;

/// <summary>A real xrdp whose desktop writes what is typed into a file, in UTF-8, line by line.</summary>
public sealed class WritingMachine : XrdpMachine
{
    protected override string Programs => """
        export LC_ALL=C.UTF-8
        setxkbmap -query > "$HOME/layout"
        xterm -u8 -geometry 400x200+0+0 -b 0 +sb -bg '#2266CC' -fg white -xrm 'XTerm*VT100.translations: #override Ctrl <Key>v: insert-selection(CLIPBOARD)' -e sh -c 'cat > "$HOME/typed"' &
        """;

    /// <summary>What was typed so far.</summary>
    public string Typed => Read("typed");

    public string Layout => Read("layout");

    private string Read(string name)
    {
        var path = $"/home/{UserName}/{name}";
        return File.Exists(path) ? File.ReadAllText(path) : "";
    }
}
