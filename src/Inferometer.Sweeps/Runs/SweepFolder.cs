using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Inferometer.Core;
using Inferometer.Sweeps.Rows;

namespace Inferometer.Sweeps.Runs;

/// <summary>
/// The folder beside a sweep's output in which its shards are kept until all are there. A shard is written under a name of its own attempt
/// and given its name when it is whole, so that what has the name is whole; the first attempt wins, and a later one must be equal to it.
/// </summary>
internal sealed class SweepFolder(string path)
{
    private const string ManifestName = "manifest.json";

    /// <summary>The folder of an output.</summary>
    public static SweepFolder For(string output) => new(System.IO.Path.GetFullPath(output) + ".sweep");

    public string Path => path;

    public string Jobs => System.IO.Path.Combine(path, "jobs");

    public string Logs => System.IO.Path.Combine(path, "logs");

    private string Shards => System.IO.Path.Combine(path, "shards");

    private string Attempts => System.IO.Path.Combine(path, "attempts");

    public bool HasManifest => File.Exists(System.IO.Path.Combine(path, ManifestName));

    /// <summary>Makes the folder.</summary>
    /// <exception cref="InferometerException">It cannot be made.</exception>
    public void Create()
    {
        try
        {
            foreach (string folder in new[] { Shards, Attempts, Jobs, Logs })
            {
                Directory.CreateDirectory(folder);
            }

            // Named for this process: a folder that is there may still not be writable.
            string probe = System.IO.Path.Combine(path, string.Create(CultureInfo.InvariantCulture, $"probe.{Environment.ProcessId}"));
            File.WriteAllBytes(probe, []);
            File.Delete(probe);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InferometerException(
                $"'{path}', where shards are kept beside the output, cannot be written: {FileFault.Describe(error, path)}", error);
        }
    }

    /// <summary>Holds the folder for one run at a time.</summary>
    /// <exception cref="InferometerException">Another run holds it.</exception>
    public FileStream Lock()
    {
        try
        {
            return new FileStream(
                System.IO.Path.Combine(path, "lock"), FileMode.OpenOrCreate, FileAccess.Write, FileShare.None, 1, FileOptions.None);
        }
        catch (IOException error)
        {
            throw new InferometerException($"'{path}' is in use: another sweep writes the same output. {error.Message}", error);
        }
    }

    public SweepManifest ReadManifest()
    {
        string file = System.IO.Path.Combine(path, ManifestName);
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllText(file), RunJson.Default.SweepManifest)
                ?? throw new InferometerException($"'{file}' holds nothing.");
        }
        catch (Exception error) when (error is IOException or JsonException or UnauthorizedAccessException)
        {
            throw new InferometerException($"'{file}' cannot be read: {FileFault.Describe(error, file)}", error);
        }
    }

    public void Write(SweepManifest manifest) =>
        WriteWhole(System.IO.Path.Combine(path, ManifestName), JsonSerializer.Serialize(manifest, RunJson.Default.SweepManifest));

    /// <summary>Forgets all shards.</summary>
    public void Clear()
    {
        foreach (string folder in new[] { Shards, Attempts, Jobs, Logs })
        {
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }
        }

        File.Delete(System.IO.Path.Combine(path, ManifestName));
        Create();
    }

    /// <summary>Removes the folder.</summary>
    public void Delete() => Directory.Delete(path, recursive: true);

    /// <summary>The file of a shard that is done.</summary>
    public string ShardFile(int shard, ResultFormat format) => System.IO.Path.Combine(Shards, NameOf(shard) + format.Ending());

    /// <summary>Which shards are done.</summary>
    public HashSet<int> Done(SweepManifest manifest)
    {
        string ending = manifest.Format.Ending();
        HashSet<int> done = [];
        foreach (string file in Directory.EnumerateFiles(Shards, "*" + ending))
        {
            if (int.TryParse(
                System.IO.Path.GetFileNameWithoutExtension(file), NumberStyles.None, CultureInfo.InvariantCulture, out int shard)
                && shard < manifest.Shards)
            {
                done.Add(shard);
            }
        }

        return done;
    }

    /// <summary>A name for an attempt at a shard that no other attempt has, on whatever machine.</summary>
    /// <param name="shard">The shard.</param>
    /// <param name="attempt">Who makes it: job, task, restart.</param>
    /// <param name="format">Format of the results.</param>
    public string AttemptFile(int shard, string attempt, ResultFormat format) => System.IO.Path.Combine(Attempts, string.Create(
        CultureInfo.InvariantCulture,
        $"{NameOf(shard)}.{attempt}.{Environment.MachineName}.{Environment.ProcessId}.{Guid.NewGuid():N}{format.Ending()}"));

    /// <summary>Gives an attempt that is whole the shard's name.</summary>
    /// <exception cref="InferometerException">The shard is there already and differs.</exception>
    public void Complete(int shard, string attemptFile, ShardRecord record, ResultFormat format)
    {
        string file = ShardFile(shard, format);

        // First, so that what has a file has a record. The record follows from the file's points and bytes: another attempt's is the same.
        if (!File.Exists(file))
        {
            WriteWhole(RecordFile(shard), JsonSerializer.Serialize(record, RunJson.Default.ShardRecord));
            try
            {
                File.Move(attemptFile, file, overwrite: false);
                return;
            }
            catch (IOException) when (File.Exists(file))
            {
                // Another attempt was faster by a moment.
            }
        }

        string other = HashOf(file);
        if (!string.Equals(other, record.Sha256, StringComparison.Ordinal))
        {
            throw new InferometerException(
                $"shard {shard}: two attempts at it differ, '{attemptFile}' and '{file}' (SHA-256 {record.Sha256[..12]} and "
                    + $"{other[..12]}). "
                + "Machines of one kind, and one version of the program, are needed for equal bytes.");
        }

        File.Delete(attemptFile);
    }

    /// <summary>What is known of a shard that is done; null where its file is not what was recorded, and is removed.</summary>
    public ShardRecord? Verified(int shard, SweepManifest manifest)
    {
        string file = ShardFile(shard, manifest.Format);
        ShardRecord? record = null;
        try
        {
            record = JsonSerializer.Deserialize(File.ReadAllText(RecordFile(shard)), RunJson.Default.ShardRecord);
        }
        catch (Exception error) when (error is IOException or JsonException)
        {
            // Treated as a shard that is not there.
        }

        if (record is not null && record.Points == manifest.Shard(shard).Count && new FileInfo(file).Length == record.Bytes)
        {
            return record;
        }

        File.Delete(file);
        return null;
    }

    /// <summary>SHA-256 of a file in hexadecimal digits.</summary>
    public static string HashOf(string file)
    {
        using FileStream stream = new(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1 << 20);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    /// <summary>Writes a small file so that it is either there and whole or not there.</summary>
    public static void WriteWhole(string file, string text)
    {
        string beside = $"{file}.{Guid.NewGuid():N}";
        File.WriteAllText(beside, text);
        File.Move(beside, file, overwrite: true);
    }

    private static string NameOf(int shard) => shard.ToString("D6", CultureInfo.InvariantCulture);

    private string RecordFile(int shard) => System.IO.Path.Combine(Shards, NameOf(shard) + ".json");
}
