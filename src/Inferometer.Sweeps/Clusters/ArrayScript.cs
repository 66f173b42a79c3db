using System.Globalization;
using System.Text;

namespace Inferometer.Sweeps.Clusters;

/// <summary>The script of a job array whose tasks do a shard each.</summary>
internal static class ArrayScript
{
    private const string InContainer = "/opt/inferometer/inferometer";

    /// <summary>The text.</summary>
    /// <param name="shards">Shards by index of the array.</param>
    /// <param name="options">How the program is started.</param>
    /// <param name="folder">Folder of the sweep.</param>
    /// <param name="others">Further folders that a task reads, where it runs in a container.</param>
    public static string Of(IReadOnlyList<int> shards, SlurmOptions options, string folder, IEnumerable<string> others)
    {
        StringBuilder text = new("#!/bin/bash\n");
        text.Append("shards=(");
        text.AppendJoin(' ', shards.Select(s => s.ToString(CultureInfo.InvariantCulture)));
        text.Append(")\nexec ");
        IEnumerable<string> program = options.Container is { } image
            ? ["apptainer", "exec", .. others.Prepend(folder).SelectMany(f => new[] { "--bind", f }), image, InContainer]
            : options.Program;
        text.AppendJoin(' ', program.Select(Quote)).Append(" sweep shard ").Append(Quote(folder));
        return text.Append(" --number \"${shards[$SLURM_ARRAY_TASK_ID]}\"\n").ToString();
    }

    // As a shell reads it back, whatever is in it.
    private static string Quote(string word) => $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
