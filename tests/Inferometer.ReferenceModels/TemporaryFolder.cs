using System.Globalization;

namespace Inferometer.ReferenceModels;

/// <summary>A folder of a test's own, gone when the test ends.</summary>
public sealed class TemporaryFolder : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("inferometer-test-");
    private int _created;

    public string Path => _root.FullName;

    /// <summary>Makes a new folder inside, each call another one.</summary>
    public string Create(string name) =>
        _root.CreateSubdirectory(string.Create(CultureInfo.InvariantCulture, $"{name}-{_created++}")).FullName;

    /// <summary>Path of a file inside, which need not exist.</summary>
    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Writes a file inside and returns its path.</summary>
    public string Write(string name, byte[] content)
    {
        System.IO.File.WriteAllBytes(File(name), content);
        return File(name);
    }

    public void Dispose() => _root.Delete(recursive: true);
}
