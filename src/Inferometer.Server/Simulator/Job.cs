using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Inferometer.Core;

namespace Inferometer.Server.Simulator;

/// <summary>Work that takes longer than a client should wait for: asked for by its id until it is old. Thread-safe.</summary>
internal sealed class Job : IDisposable
{
    private readonly CancellationTokenSource _cancel;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly long _start = Stopwatch.GetTimestamp();
    private double _progress;
    private volatile JobState _state;
    private TimeSpan? _took;

    /// <summary>A job that has not begun.</summary>
    /// <param name="kind">What it does.</param>
    /// <param name="stopping">The server stops.</param>
    public Job(string kind, CancellationToken stopping)
    {
        Kind = kind;
        _cancel = CancellationTokenSource.CreateLinkedTokenSource(stopping);
    }

    /// <summary>Its name, which nobody can guess.</summary>
    public string Id { get; } = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

    /// <summary>What it does, such as <c>simulate</c>.</summary>
    public string Kind { get; }

    /// <summary>How far it is.</summary>
    public JobState State => _state;

    /// <summary>Whether it has ended.</summary>
    public bool IsOver => _ended.Task.IsCompleted;

    /// <summary>Ends with the job.</summary>
    public Task Ended => _ended.Task;

    /// <summary>When it ended; null while it has not.</summary>
    public DateTimeOffset? EndedAt { get; private set; }

    /// <summary>Its result as JSON; null where it has none.</summary>
    public string? Result { get; private set; }

    /// <summary>Why it has no result; null where it has one, or may have.</summary>
    public string? Error { get; private set; }

    /// <summary>Share that is done, 0 to 1.</summary>
    public double Progress => Volatile.Read(ref _progress);

    /// <summary>Does the work; called once.</summary>
    /// <param name="work">The work: tells its progress, gives JSON.</param>
    /// <param name="turn">Held while it runs.</param>
    public async Task RunAsync(Func<Action<double>, CancellationToken, string> work, SemaphoreSlim turn)
    {
        try
        {
            await turn.WaitAsync(_cancel.Token).ConfigureAwait(false);
            try
            {
                _state = JobState.Running;
                _cancel.CancelAfter(SimulatorLimits.Job);
                Result = await Task.Run(() => work(share => Volatile.Write(ref _progress, share), _cancel.Token), _cancel.Token)
                    .ConfigureAwait(false);
                Volatile.Write(ref _progress, 1);
                End(JobState.Done);
            }
            finally
            {
                turn.Release();
            }
        }
        catch (OperationCanceledException)
        {
            bool late = _state == JobState.Running && Stopwatch.GetElapsedTime(_start) >= SimulatorLimits.Job;
            Error = late
                ? string.Create(CultureInfo.InvariantCulture, $"it took longer than {SimulatorLimits.Job.TotalSeconds:0} s")
                : "it was cancelled";
            End(late ? JobState.Failed : JobState.Cancelled);
        }
        catch (InferometerException error)
        {
            Error = EstimateReader.Plain(error.Message);
            End(JobState.Failed);
        }
        catch (Exception)
        {
            Error = "the server failed at this job; its log says why";
            End(JobState.Failed);
            throw;
        }
    }

    /// <summary>Ends it, if it has not ended.</summary>
    public void Cancel()
    {
        if (!IsOver)
        {
            _cancel.Cancel();
        }
    }

    /// <summary>How it stands, as JSON.</summary>
    /// <param name="json">Where it is written.</param>
    /// <param name="withResult">With the result where there is one.</param>
    public void Write(Utf8JsonWriter json, bool withResult)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, Id);
        json.WriteString("kind"u8, Kind);
        json.WriteString("state"u8, JsonNamingPolicy.SnakeCaseLower.ConvertName(State.ToString()));
        json.WriteNumber("progress"u8, Progress);
        json.WriteNumber("seconds"u8, (_took ?? Stopwatch.GetElapsedTime(_start)).TotalSeconds);
        if (Error is { } error)
        {
            json.WriteString("error"u8, error);
        }

        if (withResult && Result is { } result)
        {
            json.WritePropertyName("result"u8);
            using var document = JsonDocument.Parse(result); // on one line, as an event must be
            document.RootElement.WriteTo(json);
        }

        json.WriteEndObject();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Cancel();
        _cancel.Dispose();
    }

    private void End(JobState state)
    {
        _took = Stopwatch.GetElapsedTime(_start);
        EndedAt = DateTimeOffset.UtcNow;
        _state = state;
        _ended.TrySetResult();
    }
}
