using System.Security.Authentication;

namespace Montalegre.Vdi.Tls;

/// <summary>The peer proved a certificate, but not the one it is known by.</summary>
public sealed class WrongCertificateException() : AuthenticationException("The peer showed another certificate than the one it is known by.");
