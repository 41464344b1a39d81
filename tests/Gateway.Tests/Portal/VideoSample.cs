namespace Montalegre.Vdi.Gateway.Tests.Portal;

/// <summary>Two H.264 access units (Annex B, baseline, 128 x 64, made with x264): a red picture, and one that turns it green.</summary>
internal static class VideoSample
{
    public static readonly byte[] RedKeyUnit = Convert.FromBase64String(
        "AAAAAWdCwAraCCbAWoCAgKAAAAMAIAAAB5HiRNQAAAABaM4PyAAAAWWIhDoRigACJHHAAEB+OAAId0nJycnJycnXXXXXXXXXXXXXXXXXXXXXXX" +
        "Xg");

    public static readonly byte[] GreenDeltaUnit = Convert.FromBase64String(
        "AAAAAUGaICqjcUAAR3o4AAjoxwABIpxPifE+J8T4nxPn8/n8/n8/n8/n8/n8/n8/n8/n8/n8/n8/n8/g");
}
