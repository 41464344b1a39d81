using System.ComponentModel;
using System.Runtime.Versioning;

namespace Montalegre.Vdi.Native.Windows;

/// <summary>A session with a person in it, as Remote Desktop Services knows it.</summary>
public sealed record WtsSession(uint Id, string User, bool Connected, DateTimeOffset LoggedOnAt, TimeSpan? Idle);

/// <summary>The sessions of this computer and what can be done to one, through wtsapi32.</summary>
[SupportedOSPlatform("windows")]
public static class WtsSessions
{
    private const int StateActive = 0;
    private const int StateConnected = 1;
    private const uint InformationIcon = 0x40;

    /// <summary>All sessions with a person signed in; session 0 and listeners have none.</summary>
    public static unsafe IReadOnlyList<WtsSession> All()
    {
        if (!WtsApi.EnumerateSessions(0, 0, 1, out var first, out var count)) throw new Win32Exception();
        try
        {
            var sessions = new List<WtsSession>();
            foreach (var session in new ReadOnlySpan<WtsApi.SessionInfo>((void*)first, (int)count))
            {
                if (Read(session.SessionId) is { } read) sessions.Add(read);
            }
            return sessions;
        }
        finally
        {
            WtsApi.FreeMemory(first);
        }
    }

    /// <summary>Signs the person out; returns when the session has ended.</summary>
    public static void LogOff(uint session)
    {
        if (!WtsApi.LogoffSession(0, session, wait: true)) throw new Win32Exception();
    }

    /// <summary>Ends the connection; the session stays.</summary>
    public static void Disconnect(uint session)
    {
        if (!WtsApi.DisconnectSession(0, session, wait: false)) throw new Win32Exception();
    }

    /// <summary>Shows a message box in the session without waiting for the answer.</summary>
    public static void ShowMessage(uint session, string title, string text)
    {
        if (!WtsApi.SendMessage(0, session, title, (uint)title.Length * 2, text, (uint)text.Length * 2, InformationIcon, 0, out _, wait: false)) throw new Win32Exception();
    }

    // A session may end between the list and the question: then it is no session.
    private static unsafe WtsSession? Read(uint id)
    {
        if (!WtsApi.QuerySessionInformation(0, id, WtsApi.ClassSessionInfo, out var buffer, out var length)) return null;
        try
        {
            if (length < sizeof(WtsApi.Info)) return null;
            var info = (WtsApi.Info*)buffer;
            var user = new string(info->UserName);
            if (user.Length == 0 || info->LogonTime <= 0) return null;
            // Zero while nobody has touched anything yet.
            TimeSpan? idle = info->LastInputTime > 0 && info->CurrentTime >= info->LastInputTime ? TimeSpan.FromTicks(info->CurrentTime - info->LastInputTime) : null;
            return new WtsSession(id, user, info->State is StateActive or StateConnected, DateTimeOffset.FromFileTime(info->LogonTime), idle);
        }
        finally
        {
            WtsApi.FreeMemory(buffer);
        }
    }
}
