using System.Runtime.CompilerServices;

namespace Inferometer.Cli.Tests;

/// <summary>Commands that tests run keep nothing in the history of whoever runs the tests.</summary>
internal static class NoHistory
{
    [ModuleInitializer]
    internal static void TurnOff() => Environment.SetEnvironmentVariable("INFEROMETER_STORE", "none");
}
