using System.Reflection;

namespace Inferometer.Server.Web;

/// <summary>The files of the page in this assembly.</summary>
internal static class PageFiles
{
    private const string Prefix = "page/";
    private const string Packed = ".br";

    /// <summary>The files by name; empty where the page was left out, because Node.js was missing when the program was built.</summary>
    public static IReadOnlyDictionary<string, PageFile> All { get; } = Load(typeof(PageFiles).Assembly);

    private static Dictionary<string, PageFile> Load(Assembly assembly)
    {
        Dictionary<string, PageFile> files = new(StringComparer.Ordinal);
        foreach (string resource in assembly.GetManifestResourceNames())
        {
            if (resource.StartsWith(Prefix, StringComparison.Ordinal) && resource.EndsWith(Packed, StringComparison.Ordinal))
            {
                using Stream stream = assembly.GetManifestResourceStream(resource)!;
                byte[] bytes = new byte[stream.Length];
                stream.ReadExactly(bytes);
                string name = resource[Prefix.Length..^Packed.Length].Replace('\\', '/');
                files.Add(name, new PageFile(name, bytes));
            }
        }

        return files;
    }
}
