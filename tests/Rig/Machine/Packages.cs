using System.Diagnostics;
using Montalegre.Vdi.Rig.Postgres;

namespace Montalegre.Vdi.Rig;

/// <summary>What a package is needed for. A purpose includes those before it.</summary>
public enum PackagePurpose
{
    /// <summary>To compile.</summary>
    Build = 1,

    /// <summary>To run the demonstration.</summary>
    Up = 2,

    /// <summary>To run the tests.</summary>
    Tests = 3,

    /// <summary>To measure against peers.</summary>
    Benchmarks = 4,
}

/// <summary>The Debian packages the project needs, each with its reason, and their installation.</summary>
public static class Packages
{
    // Program: where it is there already, from whatever source, the package is not asked for.
    private sealed record Need(string Package, PackagePurpose Purpose, string Why, string? Program = null);

    private const int LastLines = 12;

    private static readonly Need[] Needs =
    [
        new("cmake", PackagePurpose.Build, "builds the PAM module"),
        new("gcc", PackagePurpose.Build, "compiles the PAM module"),
        new("make", PackagePurpose.Build, "drives CMake's build"),
        new("libc6-dev", PackagePurpose.Build, "headers for the PAM module and the agent"),
        new("libpam0g-dev", PackagePurpose.Build, "PAM headers"),
        new("npm", PackagePurpose.Build, "brings the zstd reader of the portal's script", "/usr/bin/npm"),
        new("clang", PackagePurpose.Build, "links the agent, which is compiled ahead of time"),
        new("zlib1g-dev", PackagePurpose.Build, "the agent is linked with it"),
        new("pkg-config", PackagePurpose.Build, "finds the libraries of the browser desktop's worker"),
        new("freerdp2-dev", PackagePurpose.Build, "RDP for the browser desktop's worker"),
        new("libzstd-dev", PackagePurpose.Build, "compresses pictures exactly for browsers"),
        new("libturbojpeg0-dev", PackagePurpose.Build, "compresses photos for browsers"),
        new("libpng-dev", PackagePurpose.Build, "reads and writes pictures of a browser's clipboard"),
        new("libseccomp-dev", PackagePurpose.Build, "the inner wall of the worker's sandbox"),
        new("bubblewrap", PackagePurpose.Up, "the outer wall of the worker's sandbox"),
        new("libssl3", PackagePurpose.Up, "TLS of the gateway's RDP connections"),
        new("libldap-2.5-0", PackagePurpose.Up, "the library that speaks LDAP with directories"),
        new("ghostscript", PackagePurpose.Up, "makes PDF of what desktops in the browser print"),
        new("qemu-system-x86", PackagePurpose.Up, "runs the virtual machines"),
        new("qemu-utils", PackagePurpose.Up, "makes and checks disk images"),
        new("libvirt0", PackagePurpose.Up, "the library the broker drives hypervisors with"),
        new("libvirt-daemon", PackagePurpose.Up, "the hypervisor's daemon"),
        new("libvirt-daemon-driver-qemu", PackagePurpose.Up, "its QEMU driver"),
        new("mmdebstrap", PackagePurpose.Up, "builds the golden image"),
        new("e2fsprogs", PackagePurpose.Up, "makes the golden image's file system"),
        new("fakeroot", PackagePurpose.Up, "builds the golden image without being root"),
        new("uidmap", PackagePurpose.Up, "builds the golden image without being root"),
        new("grub-pc-bin", PackagePurpose.Up, "makes the golden image boot"),
        new("grub2-common", PackagePurpose.Up, "makes the golden image boot"),
        new("postgresql-15", PackagePurpose.Up, "the broker's private database"),
        new("util-linux", PackagePurpose.Up, "setpriv: services do not run as root"),
        new("slapd", PackagePurpose.Tests, "a real LDAP directory that people sign in against"),
        new("ldap-utils", PackagePurpose.Tests, "changes that directory under the broker"),
        new("samba-ad-dc", PackagePurpose.Tests, "a real Active Directory that people sign in against"),
        new("samba-ad-provision", PackagePurpose.Tests, "makes that domain"),
        new("python3-aiosmtpd", PackagePurpose.Tests, "a real mail server, with TLS and sign-in, that takes alerts"),
        new("rsyslog", PackagePurpose.Tests, "a real syslog server that takes the audit record"),
        new("rsyslog-gnutls", PackagePurpose.Tests, "its TLS"),
        new("softhsm2", PackagePurpose.Tests, "a real PKCS#11 token, in software, that keeps the key-encryption key"),
        new("xrdp", PackagePurpose.Tests, "a real RDP server for the gateway's tests"),
        new("xorgxrdp", PackagePurpose.Tests, "its display"),
        new("freerdp2-x11", PackagePurpose.Tests, "a real RDP client"),
        new("freerdp2-shadow-x11", PackagePurpose.Tests, "a real RDP server with network level authentication and H.264"),
        new("fuse3", PackagePurpose.Tests, "mounts the drive that a browser's files lie in, inside a desktop"),
        new("poppler-utils", PackagePurpose.Tests, "reads those PDFs"),
        new("xvfb", PackagePurpose.Tests, "a screen for the RDP client"),
        new("x11-apps", PackagePurpose.Tests, "takes pictures of that screen"),
        new("x11-utils", PackagePurpose.Tests, "asks that screen for its windows"),
        new("x11-xserver-utils", PackagePurpose.Tests, "colours a desktop's background so that a picture can tell it"),
        new("xclip", PackagePurpose.Tests, "copies and pastes inside a desktop"),
        new("xsecurelock", PackagePurpose.Tests, "locks a desktop whose person took the card out"),
        new("libnss3-tools", PackagePurpose.Tests, "puts a certificate into a browser's own store"),
        new("xterm", PackagePurpose.Tests, "something to see on a desktop"),
        new("xdotool", PackagePurpose.Tests, "types like a person"),
        new("imagemagick", PackagePurpose.Tests, "reads pixels from pictures"),
        new("fonts-dejavu-core", PackagePurpose.Tests, "the letters of the gateway's RDP pages are drawn from it"),
        new("winpr-utils", PackagePurpose.Tests, "makes that server's password file"),
        new("nodejs", PackagePurpose.Tests, "runs the tests of the portal's script", "/usr/bin/node"),
        new("chromium", PackagePurpose.Tests, "a real browser for portal and console"),
        new("chromium-headless-shell", PackagePurpose.Tests, "the same without windows, for most of the pages"),
        new("iproute2", PackagePurpose.Tests, "network namespaces"),
        new("dnsmasq-base", PackagePurpose.Tests, "gives addresses to machines on a bridge of the tests"),
        new("netcat-openbsd", PackagePurpose.Tests, "carries qemu+ssh:// to a private daemon's socket"),
        new("openssh-client", PackagePurpose.Tests, "reaches a host by qemu+ssh://"),
        new("openssh-server", PackagePurpose.Tests, "a host that is reached by qemu+ssh://"),
        new("haproxy", PackagePurpose.Benchmarks, "the relay's peer"),
        new("libvirt-clients", PackagePurpose.Benchmarks, "virsh, with which a shell loop makes machines as the controller's peer"),
    ];

    /// <summary>Installs what is missing, after saying what and why; without root it says which command to run instead.</summary>
    public static async Task EnsureAsync(PackagePurpose purpose, Progress progress, CancellationToken ct)
    {
        var installed = await InstalledAsync(ct);
        var missing = Needs.Where(n => n.Purpose <= purpose && !installed.Contains(n.Package) && !(n.Program is { } program && File.Exists(program))).ToList();
        if (missing.Count == 0) return;
        foreach (var need in missing) progress.Say($"  missing: {need.Package,-28} {need.Why}");
        string[] install = ["install", "-y", "--no-install-recommends", .. missing.Select(n => n.Package)];
        if (!Environment.IsPrivilegedProcess)
            throw new SetUpException($"Install the missing packages, then run this again:\n  {(PackageLists.AreFresh("/var/lib/apt/lists", DateTime.UtcNow) ? "" : "sudo apt-get update && ")}sudo apt-get {string.Join(' ', install)}");
        var updated = !PackageLists.AreFresh("/var/lib/apt/lists", DateTime.UtcNow) && await UpdateAsync(progress, ct);
        await using var step = progress.Step($"Installing {missing.Count} Debian packages");
        if (await AptAsync(install, step.Detail, ct) is not { } failure) return;
        // A list that was fresh may still name a version that the mirror has replaced; one update, one more try.
        if (!updated && await UpdateAsync(progress, ct)) failure = await AptAsync(install, step.Detail, ct);
        if (failure is not null) throw new SetUpException($"The Debian packages could not be installed. apt-get said:\n{failure}");
    }

    private static async Task<bool> UpdateAsync(Progress progress, CancellationToken ct)
    {
        await using var step = progress.Step("Reading Debian's package lists");
        if (await AptAsync(["update"], step.Detail, ct) is not { } failure) return true;
        // Some list may be there all the same; the installation says whether it was enough.
        progress.Say($"  apt-get update: {failure}");
        return false;
    }

    private static async Task<HashSet<string>> InstalledAsync(CancellationToken ct)
    {
        var listing = await Run.ToEndAsync("/usr/bin/dpkg-query", ["-W", "-f", "${db:Status-Abbrev} ${Package}\n"], ct: ct);
        return listing.Split('\n').Where(l => l.StartsWith("ii", StringComparison.Ordinal)).Select(l => l[3..].Trim()).ToHashSet();
    }

    // Null, or what it complained about.
    private static async Task<string?> AptAsync(string[] arguments, Action<string> tell, CancellationToken ct)
    {
        var start = new ProcessStartInfo("/usr/bin/apt-get", ["-q", "-o", "Dpkg::Use-Pty=0", "-o", "DPkg::Lock::Timeout=300", .. arguments]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["DEBIAN_FRONTEND"] = "noninteractive";
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var complaints = process.StandardError.ReadToEndAsync(ct);
        while (await process.StandardOutput.ReadLineAsync(ct) is { } line)
            if (line.Trim() is { Length: > 0 } said) tell(said);
        await process.WaitForExitAsync(ct);
        var last = (await complaints).Split('\n', StringSplitOptions.RemoveEmptyEntries).TakeLast(LastLines);
        return process.ExitCode == 0 ? null : $"ended with {process.ExitCode}\n{string.Join('\n', last)}";
    }
}
