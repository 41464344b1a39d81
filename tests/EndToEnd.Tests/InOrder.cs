using Xunit.Sdk;
using Xunit.v3;

namespace Montalegre.Vdi.EndToEnd.Tests;

/// <summary>Puts tests so that one ends with what the next begins with. Each also runs alone; it then costs a boot more.</summary>
public sealed class InOrder : ITestClassOrderer, ITestMethodOrderer
{
    private static readonly Type[] Classes = [typeof(FaultTests), typeof(PasskeyTests), typeof(BrowserTests), typeof(DoorTests), typeof(AssistanceTests), typeof(DesktopTests), typeof(PhysicalComputerTests)];

    private static readonly string[] Methods =
    [
        nameof(FaultTests.A_machine_switched_off_behind_our_back_is_started_again),
        nameof(FaultTests.A_broker_killed_between_launch_and_connection_gives_the_same_machine_after_its_restart),
    ];

    public IReadOnlyCollection<TTestClass?> OrderTestClasses<TTestClass>(IReadOnlyCollection<TTestClass?> testClasses) where TTestClass : notnull, ITestClass =>
        [.. testClasses.OrderBy(c => Place(Array.FindIndex(Classes, known => known.FullName == c?.TestClassName)))];

    public IReadOnlyCollection<TTestMethod?> OrderTestMethods<TTestMethod>(IReadOnlyCollection<TTestMethod?> testMethods) where TTestMethod : notnull, ITestMethod =>
        [.. testMethods.OrderBy(m => Place(Array.IndexOf(Methods, m?.MethodName)))];

    private static int Place(int index) => index < 0 ? int.MaxValue : index;
}
