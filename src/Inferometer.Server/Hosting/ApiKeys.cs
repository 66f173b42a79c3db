using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Inferometer.Server.Hosting;

/// <summary>
/// The keys that open the server. Their hashes are kept alone, and a key is compared with all of them in the same time whatever it is.
/// </summary>
internal sealed class ApiKeys(IEnumerable<string> keys)
{
    private const string Scheme = "Bearer ";

    private readonly byte[][] _hashes = [.. keys.Select(key => SHA256.HashData(Encoding.UTF8.GetBytes(key)))];

    /// <summary>Whether a key is asked for.</summary>
    public bool AreNeeded => _hashes.Length > 0;

    /// <summary>Whether a request may pass.</summary>
    public bool Admit(HttpRequest request)
    {
        if (!AreNeeded)
        {
            return true;
        }

        string header = request.Headers.Authorization.ToString();
        if (!header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(header[Scheme.Length..].Trim()), hash);
        bool known = false;
        foreach (byte[] each in _hashes)
        {
            known |= CryptographicOperations.FixedTimeEquals(each, hash);
        }

        return known;
    }
}
