using System.Diagnostics;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Inferometer.Core;
using Inferometer.Sweeps.Points;
using Inferometer.Sweeps.Rows;
using Inferometer.Sweeps.Spaces;

namespace Inferometer.Sweeps.Runs;

/// <summary>Makes sweeps: begins one, or takes up what an earlier run left.</summary>
public static class Sweep
{
    /// <summary>Version of the program, with its commit where it is known.</summary>
    internal static string Program { get; } =
        typeof(Sweep).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    /// <summary>Does a sweep and writes its output.</summary>
    /// <param name="request">What to do.</param>
    /// <param name="engine">What does the shards.</param>
    /// <param name="progress">Told how far it is; null = nobody.</param>
    /// <param name="cancellationToken">Stops it; shards that are done are kept for the next run.</param>
    /// <exception cref="InferometerException">The space, the output or the engine is not in order, or a shard cannot be done.</exception>
    public static async Task<SweepOutcome> RunAsync(
        SweepRequest request, ISweepEngine engine, IProgress<SweepProgress>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(engine);
        var clock = Stopwatch.StartNew();
        SweepSpace space = SpaceReader.Load(request.SpaceFile, request.Points, request.Simulate);
        _ = new ResultColumns(space); // what is wrong with columns is said before anything is written
        ResultFormat format = ResultFormats.Of(request.Output, "-o");
        await engine.CheckAsync(cancellationToken).ConfigureAwait(false);
        var folder = SweepFolder.For(request.Output);
        folder.Create();
        FileStream held = folder.Lock();
        await using (held.ConfigureAwait(false))
        {
            SweepManifest manifest = await ManifestAsync(request, space, format, engine, folder, cancellationToken).ConfigureAwait(false);
            SweepRun run = new(space, manifest, folder, request.Points);
            run.Verify();
            long before = run.PointsDone();
            await engine.RunAsync(run, progress, cancellationToken).ConfigureAwait(false);
            PointCounts counts = await run.MergeAsync(request.Output, cancellationToken).ConfigureAwait(false);
            return new SweepOutcome(manifest.Points, before, manifest.Shards, counts, clock.Elapsed.TotalSeconds);
        }
    }

    private static async Task<SweepManifest> ManifestAsync(
        SweepRequest request, SweepSpace space, ResultFormat format, ISweepEngine engine, SweepFolder folder,
        CancellationToken cancellationToken)
    {
        string fingerprint = FingerprintOf(space, format, request.Catalog);
        if (folder.HasManifest)
        {
            SweepManifest found = folder.ReadManifest();
            if (string.Equals(found.Fingerprint, fingerprint, StringComparison.Ordinal))
            {
                return found;
            }

            if (!request.Restart)
            {
                throw new InferometerException(
                    $"'{folder.Path}' holds shards of another sweep: its space, catalog, format or program ({found.Program}) is "
                        + $"not that of "
                    + $"'{request.SpaceFile}'. --restart throws them away; another -o leaves them.");
            }

            folder.Clear();
        }

        int shards = request.Shards ?? await engine.ShardsForAsync(space, cancellationToken).ConfigureAwait(false);
        SweepManifest manifest = new()
        {
            SpaceText = await File.ReadAllTextAsync(request.SpaceFile, cancellationToken).ConfigureAwait(false),
            SpaceOrigin = request.SpaceFile,
            Simulate = request.Simulate,
            Catalog = request.Catalog is null ? null : Path.GetFullPath(request.Catalog),
            WorkingFolder = Directory.GetCurrentDirectory(),
            Fingerprint = fingerprint,
            Program = Program,
            Format = format,
            Points = space.Count,
            ShardPoints = (space.Count + Math.Min(shards, space.Count) - 1) / Math.Min(shards, space.Count),
        };
        folder.Write(manifest);
        return manifest;
    }

    private static string FingerprintOf(SweepSpace space, ResultFormat format, string? catalog)
    {
        StringBuilder text = new();
        text.Append(space.Fingerprint()).Append('\n').Append(format).Append('\n').Append(Program).Append('\n');
        if (catalog is not null)
        {
            foreach (string file in Directory.EnumerateFiles(catalog, "*.json", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
            {
                text.Append(Path.GetRelativePath(catalog, file)).Append(' ').Append(SweepFolder.HashOf(file)).Append('\n');
            }
        }

        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }
}
