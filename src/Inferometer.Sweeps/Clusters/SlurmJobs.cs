using System.Globalization;
using Inferometer.Sweeps.Runs;

namespace Inferometer.Sweeps.Clusters;

/// <summary>
/// Which shards the tasks of which job do, in files: a run that takes a sweep up knows the tasks that an earlier one left in the queue.
/// </summary>
internal sealed class SlurmJobs(string folder)
{
    private readonly Dictionary<string, int[]> _jobs = Read(folder);

    /// <summary>A free name for a script.</summary>
    public string NextScript()
    {
        for (int i = 0; ; i++)
        {
            string file = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"array-{i:D3}.sh"));
            if (!File.Exists(file))
            {
                return file;
            }
        }
    }

    /// <summary>Notes the shards of a job, by index of its array.</summary>
    public void Add(string job, IReadOnlyList<int> shards)
    {
        _jobs[job] = [.. shards];
        SweepFolder.WriteWhole(
            Path.Combine(folder, job + ".shards"),
            string.Join('\n', shards.Select(s => s.ToString(CultureInfo.InvariantCulture))) + '\n');
    }

    /// <summary>The shards of tasks in the queue. A task of a job that is not known here counts as none.</summary>
    public HashSet<int> ShardsOf(IEnumerable<SlurmTask> queue) =>
        [.. queue.Where(t => _jobs.TryGetValue(t.Job, out int[]? shards) && t.Index < shards.Length).Select(t => _jobs[t.Job][t.Index])];

    private static Dictionary<string, int[]> Read(string folder) => Directory.EnumerateFiles(folder, "*.shards").ToDictionary(
        file => Path.GetFileNameWithoutExtension(file),
        file => File.ReadAllLines(file).Select(l => int.Parse(l, CultureInfo.InvariantCulture)).ToArray(),
        StringComparer.Ordinal);
}
