using Inferometer.Core;
using Inferometer.Sweeps.Points;
using Inferometer.Sweeps.Rows;
using Inferometer.Sweeps.Spaces;

namespace Inferometer.Sweeps.Runs;

/// <summary>A sweep under way: its shards, of which some are done.</summary>
public sealed class SweepRun
{
    // Rows that are made before they are written.
    private const int BlockOfEstimates = 8192;
    private const int BlockOfServices = 16;

    private readonly SweepFolder _folder;
    private readonly ResultColumns _columns;
    private readonly IPointReader _reader;

    internal SweepRun(SweepSpace space, SweepManifest manifest, SweepFolder folder, IPointReader reader)
    {
        (Space, Manifest, _folder, _reader) = (space, manifest, folder, reader);
        _columns = new ResultColumns(space);
    }

    /// <summary>The points.</summary>
    public SweepSpace Space { get; }

    /// <summary>What is to be done.</summary>
    public SweepManifest Manifest { get; }

    /// <summary>Where shards are kept.</summary>
    public string FolderPath => _folder.Path;

    /// <summary>Opens the folder of a sweep that another process began, to do a shard of it.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="points">What can be said of points, given the folder of the user's catalog.</param>
    /// <exception cref="InferometerException">It is no such folder, or was begun by another version of the program.</exception>
    public static SweepRun Open(string folder, Func<string?, IPointReader> points)
    {
        ArgumentNullException.ThrowIfNull(points);
        SweepFolder opened = new(Path.GetFullPath(folder));
        SweepManifest manifest = opened.ReadManifest();
        if (!string.Equals(manifest.Program, Sweep.Program, StringComparison.Ordinal))
        {
            throw new InferometerException(
                $"'{folder}' was begun by version {manifest.Program} of the program; this is {Sweep.Program}. Shards of both would "
                    + $"differ.");
        }

        // Paths of models in the space are those that the first process saw.
        Directory.SetCurrentDirectory(manifest.WorkingFolder);
        IPointReader reader = points(manifest.Catalog);
        SweepSpace space = SpaceReader.Parse(manifest.SpaceText, manifest.SpaceOrigin, reader, manifest.Simulate);
        return new SweepRun(space, manifest, opened, reader);
    }

    /// <summary>Shards that are not done, in order.</summary>
    public IReadOnlyList<int> Missing()
    {
        HashSet<int> done = _folder.Done(Manifest);
        return [.. Enumerable.Range(0, Manifest.Shards).Where(s => !done.Contains(s))];
    }

    /// <summary>Points of the shards that are done.</summary>
    public long PointsDone() => _folder.Done(Manifest).Sum(s => Manifest.Shard(s).Count);

    /// <summary>Does one shard. Several may be done at once, in as many threads or processes.</summary>
    /// <param name="shard">Its number, from 0.</param>
    /// <param name="attempt">Who makes the attempt, as part of a file's name.</param>
    /// <param name="advanced">Told of points as they are done; null = nobody.</param>
    /// <param name="cancellationToken">Stops it; nothing of the shard is kept.</param>
    /// <exception cref="InferometerException">It was done before with other results.</exception>
    public async Task RunShardAsync(int shard, string attempt, Action<int>? advanced, CancellationToken cancellationToken)
    {
        (long first, long count) = Manifest.Shard(shard);
        string file = _folder.AttemptFile(shard, attempt, Manifest.Format);
        PointCounts counts = new();
        try
        {
            FileStream stream = new(file, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read, 1 << 16);
            await using (stream.ConfigureAwait(false))
            {
                await WriteAsync(stream, first, count, counts, advanced, cancellationToken).ConfigureAwait(false);
                stream.Flush(flushToDisk: true);
            }

            _folder.Complete(shard, file, RecordOf(file, counts), Manifest.Format);
        }
        catch (OperationCanceledException)
        {
            File.Delete(file);
            throw;
        }
    }

    private async Task WriteAsync(
        FileStream stream, long first, long count, PointCounts counts, Action<int>? advanced, CancellationToken cancellationToken)
    {
        IPointEvaluator evaluator = PointEvaluators.For(Space, _columns, _reader);
        RowBlock block = new(_columns.All, (int)Math.Min(count, Space.IsSimulated ? BlockOfServices : BlockOfEstimates));
        IRowWriter writer =
            await RowWriters.CreateAsync(Manifest.Format, stream, _columns.All, cancellationToken).ConfigureAwait(false);
        await using (writer.ConfigureAwait(false))
        {
            for (long at = 0; at < count;)
            {
                int rows = (int)Math.Min(block.Capacity, count - at);
                evaluator.Evaluate(first + at, rows, block, counts, cancellationToken);
                await writer.WriteAsync(block, cancellationToken).ConfigureAwait(false);
                at += rows;
                advanced?.Invoke(rows);
            }

            await writer.CompleteAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private static ShardRecord RecordOf(string file, PointCounts counts) => new()
    {
        Points = counts.Total,
        Bytes = new FileInfo(file).Length,
        Sha256 = SweepFolder.HashOf(file),
        Ok = counts.Ok,
        DoesNotFit = counts.DoesNotFit,
        Reasons = new(counts.Reasons.ToDictionary(StringComparer.Ordinal), StringComparer.Ordinal),
    };

    /// <summary>Removes shards whose files are not as they were recorded, as a crash of the machine may leave them.</summary>
    internal void Verify()
    {
        foreach (int shard in _folder.Done(Manifest))
        {
            _ = _folder.Verified(shard, Manifest);
        }
    }

    /// <summary>Puts the shards together in order, under the output's name when all is written.</summary>
    internal async Task<PointCounts> MergeAsync(string output, CancellationToken cancellationToken)
    {
        PointCounts counts = new();
        string beside = Path.Combine(_folder.Path, "merged" + Manifest.Format.Ending());
        FileStream stream = new(beside, FileMode.Create, FileAccess.ReadWrite, FileShare.Read, 1 << 16);
        await using (stream.ConfigureAwait(false))
        {
            if (Manifest.Format == ResultFormat.Parquet)
            {
                await MergeParquetAsync(stream, counts, cancellationToken).ConfigureAwait(false);
            }
            else
            {
                await MergeTextAsync(stream, counts, cancellationToken).ConfigureAwait(false);
            }

            stream.Flush(flushToDisk: true);
        }

        File.Move(beside, Path.GetFullPath(output), overwrite: true);
        _folder.Delete();
        return counts;
    }

    private async Task MergeTextAsync(FileStream stream, PointCounts counts, CancellationToken cancellationToken)
    {
        if (Manifest.Format == ResultFormat.Csv)
        {
            await stream.WriteAsync(CsvRows.Header(_columns.All), cancellationToken).ConfigureAwait(false);
        }

        for (int shard = 0; shard < Manifest.Shards; shard++)
        {
            counts.Add(Record(shard).ToCounts());
            FileStream part = File.OpenRead(_folder.ShardFile(shard, Manifest.Format));
            await using (part.ConfigureAwait(false))
            {
                await part.CopyToAsync(stream, 1 << 20, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task MergeParquetAsync(FileStream stream, PointCounts counts, CancellationToken cancellationToken)
    {
        ParquetRows writer = await ParquetRows.CreateAsync(stream, _columns.All, cancellationToken).ConfigureAwait(false);
        await using (writer.ConfigureAwait(false))
        {
            for (int shard = 0; shard < Manifest.Shards; shard++)
            {
                counts.Add(Record(shard).ToCounts());
                string file = _folder.ShardFile(shard, Manifest.Format);
                await foreach (RowBlock block in ParquetTable.ReadAsync(file, _columns.All, cancellationToken).ConfigureAwait(false))
                {
                    await writer.WriteAsync(block, cancellationToken).ConfigureAwait(false);
                }
            }

            await writer.CompleteAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private ShardRecord Record(int shard) => _folder.Verified(shard, Manifest)
        ?? throw new InferometerException($"shard {shard} is not as it was written; run the sweep again, which does it anew.");
}
