using Inferometer.Cli.Settings;
using Inferometer.Simulation.Planning;
using Inferometer.Sweeps.Spaces;

namespace Inferometer.Sweeps.Tests;

/// <summary>Spaces for tests, read with the program's own settings.</summary>
internal static class TestSpaces
{
    public static PointReader Reader { get; } = new(Catalogs.From(null));

    public static SweepSpace Parse(string yaml, params string[] simulate) => SpaceReader.Parse(yaml, "space.yaml", Reader, simulate);
}
