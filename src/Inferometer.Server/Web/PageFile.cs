using System.IO.Compression;
using System.Security.Cryptography;

namespace Inferometer.Server.Web;

/// <summary>A file of the page as it lies in the assembly: compressed once, when it was built. Thread-safe.</summary>
internal sealed class PageFile
{
    private readonly byte[] _brotli;
    private readonly Lazy<byte[]> _plain;
    private readonly Lazy<byte[]> _gzip;

    /// <summary>A file.</summary>
    /// <param name="name">Its name under the page's root.</param>
    /// <param name="brotli">What it holds, compressed.</param>
    public PageFile(string name, byte[] brotli)
    {
        Name = name;
        _brotli = brotli;
        _plain = new Lazy<byte[]>(Decompress);
        _gzip = new Lazy<byte[]>(Compress);
        ETag = $"\"{Convert.ToHexStringLower(SHA256.HashData(brotli)).AsSpan(0, 20)}\"";
    }

    /// <summary>Its name under the page's root, such as <c>index.html</c>.</summary>
    public string Name { get; }

    /// <summary>Changes with what it holds.</summary>
    public string ETag { get; }

    /// <summary>Whether its name changes with what it holds, so that it may be kept for ever.</summary>
    public bool IsImmutable => Name.StartsWith("assets/", StringComparison.Ordinal);

    /// <summary>Its media type.</summary>
    public string ContentType => Path.GetExtension(Name) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".svg" => "image/svg+xml",
        _ => "application/octet-stream",
    };

    /// <summary>What it holds in the shortest encoding that a client reads.</summary>
    /// <param name="accepted">Its <c>Accept-Encoding</c>.</param>
    public (byte[] Bytes, string? Encoding) For(string accepted) =>
        accepted.Contains("br", StringComparison.OrdinalIgnoreCase) ? (_brotli, "br")
        : accepted.Contains("gzip", StringComparison.OrdinalIgnoreCase) ? (_gzip.Value, "gzip")
        : (_plain.Value, null);

    private byte[] Decompress()
    {
        using BrotliStream stream = new(new MemoryStream(_brotli), CompressionMode.Decompress);
        using MemoryStream plain = new();
        stream.CopyTo(plain);
        return plain.ToArray();
    }

    private byte[] Compress()
    {
        using MemoryStream packed = new();
        using (GZipStream stream = new(packed, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            stream.Write(_plain.Value);
        }

        return packed.ToArray();
    }
}
