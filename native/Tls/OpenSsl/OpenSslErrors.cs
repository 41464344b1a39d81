using System.Runtime.InteropServices;
using System.Security.Authentication;

namespace Montalegre.Vdi.Tls.OpenSsl;

/// <summary>OpenSSL's per-thread error queue, said in exceptions. Called on the thread that made the failing call.</summary>
internal static class OpenSslErrors
{
    /// <summary>A call that fails only when we or the installation are at fault.</summary>
    public static InvalidOperationException Unexpected(string function) => new($"{function} failed: {Reason() ?? "OpenSSL gives no reason"}.");

    /// <summary>Why a handshake failed: <see cref="AuthenticationException"/> for TLS itself, <see cref="IOException"/> for the connection.</summary>
    public static Exception Handshake(int error, int errno) =>
        Reason() is { } reason ? new AuthenticationException($"The TLS handshake failed: {reason}.")
        : error == SslApi.SystemCall && errno != 0 ? new IOException($"The connection broke in the TLS handshake: {Marshal.GetPInvokeErrorMessage(errno)}.")
        : new IOException("The peer closed the connection in the TLS handshake.");

    /// <summary>Why reading or writing failed.</summary>
    public static IOException Transfer(int error, int errno) => new(
        Reason() is { } reason ? $"The TLS connection broke: {reason}."
        : error == SslApi.SystemCall && errno != 0 ? $"The connection broke: {Marshal.GetPInvokeErrorMessage(errno)}."
        : "The peer closed the connection without ending TLS.");

    /// <summary>The first reason in the queue, which is the cause; the queue is empty afterwards.</summary>
    private static string? Reason()
    {
        var code = CryptoApi.NextError();
        if (code == 0) return null;
        var reason = Marshal.PtrToStringUTF8(CryptoApi.ErrorReason(code));
        CryptoApi.ClearErrors();
        return reason ?? $"OpenSSL error {code:X}";
    }
}
