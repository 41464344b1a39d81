using Montalegre.Vdi.Rig;

namespace Montalegre.Vdi.EndToEnd.Tests;

/// <summary>A fresh machine has no package lists; set-up must know before apt complains about every package.</summary>
public sealed class PackageListTests : IDisposable
{
    private readonly string _lists = Directory.CreateTempSubdirectory("package-lists-").FullName;

    [Fact]
    public void A_machine_without_lists_needs_an_update()
    {
        Directory.CreateDirectory(Path.Combine(_lists, "partial"));
        File.WriteAllText(Path.Combine(_lists, "lock"), "");
        Assert.False(PackageLists.AreFresh(_lists, DateTime.UtcNow));
        Assert.False(PackageLists.AreFresh(Path.Combine(_lists, "none"), DateTime.UtcNow));
    }

    [Fact]
    public void A_list_is_old_a_day_after_the_last_update_whatever_its_publisher_wrote()
    {
        var partial = Directory.CreateDirectory(Path.Combine(_lists, "partial")).FullName;
        var list = Path.Combine(_lists, "mirror.example_debian_dists_bookworm_main_binary-amd64_Packages.lz4");
        File.WriteAllText(list, "");
        var now = DateTime.UtcNow;
        File.SetLastWriteTimeUtc(list, now.AddDays(-90));
        Directory.SetLastWriteTimeUtc(partial, now.AddHours(-23));
        Assert.True(PackageLists.AreFresh(_lists, now));
        Directory.SetLastWriteTimeUtc(partial, now.AddHours(-25));
        Assert.False(PackageLists.AreFresh(_lists, now));
    }

    public void Dispose() => Directory.Delete(_lists, recursive: true);
}
