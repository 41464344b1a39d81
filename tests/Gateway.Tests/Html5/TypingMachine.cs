using Montalegre.Vdi.Gateway.Tests.Desktops;

namespace Montalegre.Vdi.Gateway.Tests.Html5;

/// <summary>A real xrdp whose desktop answers keys by colours: g makes it green, and whatever else is typed red.</summary>
public sealed class TypingMachine : XrdpMachine
{
    public const int Green = 0x00CD00;
    public const int Red = 0xCD0000;

    protected override string MoreChannels => "rdpdr=true";

    // Bits of xterm: a whole screen in one colour, drawn when a key arrives, nothing else on it.
    protected override string Programs => """
        xterm -geometry 400x200+0+0 -b 0 +sb -bg '#2266CC' -xrm 'XTerm*color2: #00CD00' -xrm 'XTerm*color1: #CD0000' -e sh -c '
          stty raw -echo; printf "\033[?25l"
          while true; do
            key=$(dd bs=1 count=1 2>/dev/null)
            if [ "$key" = g ]; then printf "\033[42m\033[2J"; else printf "\033[41m\033[2J"; fi
          done' &
        (
          # Takes over every clipboard that somebody else fills, with a word before it: the session serves several tests.
          while true; do
            text=$(timeout 10 xclip -selection clipboard -o 2>/dev/null)
            case "$text" in ""|"de volta: "*) ;; *) printf 'de volta: %s' "$text" | xclip -selection clipboard -i ;; esac
            sleep 0.2
          done
        ) &
        """;
}
