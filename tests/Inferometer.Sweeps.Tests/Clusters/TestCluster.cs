using System.Diagnostics;
using System.Globalization;
using System.Net.NetworkInformation;
using Inferometer.Tests;

namespace Inferometer.Sweeps.Tests.Clusters;

/// <summary>A real Slurm on loopback, started and ended by the scripts of scripts/cluster/test-cluster.</summary>
internal sealed class TestCluster : IDisposable
{
    private static readonly string s_scripts = Path.Combine(SharedFolder.RepositoryRoot, "scripts", "cluster", "test-cluster");
    private readonly string _folder;
    private readonly string? _conf = Environment.GetEnvironmentVariable("SLURM_CONF");

    private TestCluster(string folder) => _folder = folder;

    /// <summary>Starts one; skips the calling test, with the reason, where Slurm is not installed.</summary>
    public static async Task<TestCluster> StartAsync(ScratchFolder folder, int nodes)
    {
        string[] programs = ["munged", "slurmctld", "slurmd", "sbatch"];
        string[] places = [.. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':'), "/usr/sbin"];
        string? missing = Array.Find(programs, program => !places.Any(place => File.Exists(Path.Combine(place, program))));
        Assert.SkipUnless(missing is null, $"'{missing}' is not installed (slurmctld, slurmd, slurm-client, munge)");
        Assert.SkipUnless(Environment.UserName is "root", "slurmd needs root");
        TestCluster cluster = new(folder["cluster"]);
        Environment.SetEnvironmentVariable("SLURM_CONF", Path.Combine(cluster._folder, "slurm.conf"));
        Environment.SetEnvironmentVariable("SLURM_TEST_PORT", Text(FreePort()));
        (int code, string said) = await RunAsync("bash", Path.Combine(s_scripts, "start.sh"), cluster._folder, Text(nodes));
        if (code != 0)
        {
            cluster.Dispose();
            Assert.Fail(said);
        }

        return cluster;
    }

    /// <summary>Runs a program to its end.</summary>
    public static async Task<(int Code, string Said)> RunAsync(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        Task<string> error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);

        // Daemons keep the streams open: what is said counts when the script has ended.
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        await Task.WhenAny(Task.WhenAll(output, error), Task.Delay(500, TestContext.Current.CancellationToken));
        return (process.ExitCode,
            (output.IsCompletedSuccessfully ? await output : "") + (error.IsCompletedSuccessfully ? await error : ""));
    }

    /// <summary>Ends a node at once with all that runs on it, as a power cut would.</summary>
    public void KillNode(int number)
    {
        int daemon = int.Parse(
            File.ReadAllText(Path.Combine(_folder, "run", $"slurmd-n{Text(number)}.pid")), NumberStyles.AllowTrailingWhite,
            CultureInfo.InvariantCulture);
        HashSet<int> doomed = [daemon];
        Dictionary<int, int> parents = [];
        foreach (string process in Directory.EnumerateDirectories("/proc").Where(p => Path.GetFileName(p).All(char.IsAsciiDigit)))
        {
            int pid = int.Parse(Path.GetFileName(process), CultureInfo.InvariantCulture);
            parents[pid] = ParentOf(process);
            if (IsTaskOf(process, $"n{Text(number)}"))
            {
                doomed.Add(pid);
            }
        }

        // A task's parent is the daemon's helper for it, which would tell the controller of its end.
        foreach (int task in doomed.Where(d => d != daemon).ToArray())
        {
            if (parents.TryGetValue(task, out int parent) && CommandOf(parent).StartsWith("slurmstepd", StringComparison.Ordinal))
            {
                doomed.Add(parent);
            }
        }

        foreach (int pid in doomed.OrderByDescending(pid => CommandOf(pid).StartsWith("slurm", StringComparison.Ordinal)))
        {
            try
            {
                Process.GetProcessById(pid).Kill();
            }
            catch (ArgumentException)
            {
                // It ended by itself meanwhile.
            }
        }
    }

    public void Dispose()
    {
        using Process stop = Process.Start("bash", [Path.Combine(s_scripts, "stop.sh"), _folder]);
        stop.WaitForExit();
        Environment.SetEnvironmentVariable("SLURM_CONF", _conf);
    }

    // Tasks of this cluster alone: its own configuration stands in their environment.
    private bool IsTaskOf(string process, string node)
    {
        string environment = Read(Path.Combine(process, "environ"));
        return environment.Contains($"SLURMD_NODENAME={node}\0", StringComparison.Ordinal)
            && environment.Contains($"SLURM_CONF={_folder}/", StringComparison.Ordinal);
    }

    // The controller's, with those of the nodes behind it; below the range from which the system hands out ports.
    private static int FreePort()
    {
        HashSet<int> taken = [.. IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Select(l => l.Port)];
        return Enumerable.Range(0, 500).Select(i => 16_817 + (20 * i))
            .First(port => !Enumerable.Range(port, 20).Any(taken.Contains));
    }

    private static string CommandOf(int pid) => Read($"/proc/{Text(pid)}/cmdline");

    private static int ParentOf(string process)
    {
        string stat = Read(Path.Combine(process, "stat"));
        string[] fields = stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length > 1 ? int.Parse(fields[1], CultureInfo.InvariantCulture) : 0;
    }

    private static string Read(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
