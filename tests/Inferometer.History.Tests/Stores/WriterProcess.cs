using System.Diagnostics;

namespace Inferometer.History.Tests.Stores;

/// <summary>A process that writes runs; see tests/Inferometer.History.Writer.</summary>
internal sealed class WriterProcess : IDisposable
{
    private readonly Process _process;
    private readonly List<string> _acknowledged = [];
    private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public WriterProcess(string store, string name, int count)
    {
        ProcessStartInfo start = new("dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (string argument in (
            string[])[Path.Combine(AppContext.BaseDirectory, "Inferometer.History.Writer.dll"), store, name, $"{count}"])
        {
            start.ArgumentList.Add(argument);
        }

        // No code is compiled twice: what counts here is how soon a process writes.
        start.Environment["DOTNET_TieredCompilation"] = "1";
        start.Environment["DOTNET_TC_BackgroundWorkerTimeoutMs"] = "0";
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, line) =>
        {
            if (line.Data is { Length: 64 } id)
            {
                lock (_acknowledged)
                {
                    _acknowledged.Add(id);
                }

                _first.TrySetResult();
            }
        };
        _process.ErrorDataReceived += (_, line) => Errors += line.Data;
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public string Errors { get; private set; } = "";

    /// <summary>Waits until the first run is acknowledged.</summary>
    public Task BegunAsync(CancellationToken cancellationToken) => _first.Task.WaitAsync(TimeSpan.FromSeconds(60), cancellationToken);

    /// <summary>Kills it (SIGKILL) and gives the ids that it had said were kept.</summary>
    public async Task<IReadOnlyList<string>> KillAsync(CancellationToken cancellationToken)
    {
        _process.Kill();
        return await EndAsync(cancellationToken);
    }

    /// <summary>Waits for its end and gives the ids that it said were kept.</summary>
    public async Task<IReadOnlyList<string>> EndAsync(CancellationToken cancellationToken)
    {
        await _process.WaitForExitAsync(cancellationToken);
        lock (_acknowledged)
        {
            return [.. _acknowledged];
        }
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }
}
