namespace Montalegre.Vdi.Gateway.Assistance;

/// <summary>A connection whose desktop somebody else may be allowed to see.</summary>
internal interface IAssistedDesktop
{
    /// <summary>Who looks beside the person, and may they.</summary>
    DesktopAssistance Assistance { get; }
}
