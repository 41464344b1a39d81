using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Identity;

/// <summary>What came of a name and a password, whoever checked them: this store or a directory.</summary>
internal abstract record PasswordVerdict
{
    private PasswordVerdict() { }

    /// <summary>The password is right and the person may come in; what else a sign-in asks for comes after this.</summary>
    /// <param name="User">Who it is.</param>
    /// <param name="NewHash">A hash by today's rules, where the stored one is older.</param>
    public sealed record Right(KnownUser User, string? NewHash = null) : PasswordVerdict;

    /// <summary>No such name, a wrong password or a disabled user: nobody outside is told which.</summary>
    public sealed record Wrong(KnownUser? User) : PasswordVerdict;

    /// <summary>Something else stands in the way; it does not count as a guess.</summary>
    public sealed record Refused(RefusalReason Reason, string Detail = "", KnownUser? User = null) : PasswordVerdict;
}
