using System.Text;

namespace Inferometer.Server.Tests;

/// <summary>Reads answers that may break off.</summary>
internal static class BrokenStream
{
    /// <summary>All that came, and whether the connection said that it was all there was.</summary>
    public static async Task<(string Text, bool IsWhole)> ReadAsync(HttpResponseMessage response)
    {
        await using Stream body = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        using MemoryStream read = new();
        bool isWhole = true;
        try
        {
            await body.CopyToAsync(read, TestContext.Current.CancellationToken);
        }
        catch (Exception broken) when (broken is HttpRequestException or IOException)
        {
            isWhole = false;
        }

        return (Encoding.UTF8.GetString(read.ToArray()), isWhole);
    }
}
