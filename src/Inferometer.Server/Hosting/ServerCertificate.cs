using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Inferometer.Core;

namespace Inferometer.Server.Hosting;

/// <summary>A certificate with its key, and those between it and one that clients trust.</summary>
public sealed class ServerCertificate : IDisposable
{
    private ServerCertificate(X509Certificate2 own, X509Certificate2Collection chain) => (Own, Chain) = (own, chain);

    internal X509Certificate2 Own { get; }

    internal X509Certificate2Collection Chain { get; }

    /// <summary>Reads a certificate from PEM files.</summary>
    /// <param name="certificateFile">The server's own certificate, then those that signed it.</param>
    /// <param name="keyFile">Its key, not encrypted; null = it is in the same file.</param>
    /// <exception cref="InferometerException">A file cannot be read, or the key does not belong to the certificate.</exception>
    public static ServerCertificate Load(string certificateFile, string? keyFile)
    {
        ArgumentNullException.ThrowIfNull(certificateFile);
        try
        {
            X509Certificate2Collection chain = [];
            chain.ImportFromPemFile(certificateFile);
            return new ServerCertificate(X509Certificate2.CreateFromPemFile(certificateFile, keyFile), chain);
        }
        catch (Exception error) when (error is CryptographicException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            string files = keyFile is null ? $"'{certificateFile}'" : $"'{certificateFile}' and '{keyFile}'";
            throw new InferometerException(
                $"server: {files} cannot be used for TLS; needed are a certificate and its key in PEM. {error.Message}", error);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Own.Dispose();
        foreach (X509Certificate2 certificate in Chain)
        {
            certificate.Dispose();
        }
    }
}
