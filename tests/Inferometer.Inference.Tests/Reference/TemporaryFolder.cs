using System.Globalization;

namespace Inferometer.Inference.Tests.Reference;

/// <summary>A folder of a test's own, gone when the test ends.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("inferometer-test-");
    private int _created;

    public string Path => _root.FullName;

    /// <summary>Makes a new folder inside, each call another one.</summary>
    public string Create(string name) =>
        _root.CreateSubdirectory(string.Create(CultureInfo.InvariantCulture, $"{name}-{_created++}")).FullName;

    public void Dispose() => _root.Delete(recursive: true);
}
