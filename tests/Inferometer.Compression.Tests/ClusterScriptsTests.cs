using System.Diagnostics;
using Inferometer.Tests;

namespace Inferometer.Compression.Tests;

public sealed class ClusterScriptsTests
{
    [Theory]
    [InlineData("setup.sh")]
    [InlineData("run.sh", "run", "model.gguf", "--kv", "q8")]
    [InlineData("start_container.sh")]
    [InlineData("benchmark.sh")]
    [InlineData("monitor.sh")]
    [InlineData("cleanup.sh")]
    public async Task A_dry_run_says_what_it_would_do_and_changes_nothing(params string[] command)
    {
        Assert.SkipUnless(File.Exists("/bin/bash"), "bash is not installed");
        string home = Directory.CreateTempSubdirectory("cluster").FullName;
        try
        {
            ProcessStartInfo start =
                new("/bin/bash") { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
            start.ArgumentList.Add(Path.Combine(SharedFolder.RepositoryRoot, "scripts", "cluster", command[0]));
            foreach (string argument in command.Skip(1))
            {
                start.ArgumentList.Add(argument);
            }

            start.Environment["INFEROMETER_DRY_RUN"] = "1";
            start.Environment["INFEROMETER_HOME"] = Path.Combine(home, "work");
            start.Environment["INFEROMETER_SOURCE"] = SharedFolder.RepositoryRoot;
            start.Environment["LLAMA_MODEL_PATH"] = "/models/model.gguf";
            using Process process = Process.Start(start)!;
            Task<string> errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.True(process.ExitCode == 0, $"{output}\n{await errors}");
            Assert.Contains("would run:", output, StringComparison.Ordinal);
            Assert.Empty(Directory.EnumerateFileSystemEntries(home));
        }
        finally
        {
            Directory.Delete(home, recursive: true);
        }
    }
}
