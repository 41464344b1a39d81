namespace Montalegre.Vdi.Gateway.FrontEnd;

/// <summary>The portal's colours as 0xRRGGBB; a person who comes from there is at home.</summary>
internal static class PageColors
{
    public const int Ground = 0xF3F1ED;
    public const int Paper = 0xFFFFFF;
    public const int Line = 0xD5D0C8;
    public const int Ink = 0x23262B;
    public const int Soft = 0x575C64;
    public const int Heather = 0x6B2A58;
    public const int Broom = 0xE9B824;
    public const int Stone = 0xF4F0EA;
    public const int Bad = 0x9B1C1C;
}
