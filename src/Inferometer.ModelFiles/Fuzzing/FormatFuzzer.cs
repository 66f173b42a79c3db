using System.Diagnostics;
using Inferometer.Core;

namespace Inferometer.ModelFiles.Fuzzing;

/// <summary>
/// Feeds a reader damaged copies of sound files and reports whatever comes out of it that is neither success nor a proper
/// <see cref="InferometerException"/>. Equal seeds give equal inputs. Not thread-safe; use one per thread with its own seed.
/// </summary>
/// <param name="target">The reader and its sound files.</param>
/// <param name="seed">Start of the random numbers.</param>
public sealed class FormatFuzzer(FuzzTarget target, int seed)
{
    /// <summary>Bytes a reader may allocate for one input: a fixed amount and a multiple of the input's length.</summary>
    private const long AllocationAllowance = 4 << 20;
    private const int MaxFailures = 20;
    private static readonly TimeSpan TimeAllowance = TimeSpan.FromSeconds(10);

    private readonly FileMutator _mutator = new(target.Seeds, seed);

    /// <summary>Tries <paramref name="count"/> inputs; stops early after 20 failures.</summary>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public FuzzReport Run(long count, CancellationToken cancellationToken = default)
    {
        long tried = 0, accepted = 0, largest = 0;
        var failures = new List<FuzzFailure>();
        while (tried < count && failures.Count < MaxFailures)
        {
            cancellationToken.ThrowIfCancellationRequested();
            byte[] input = _mutator.Next();
            long before = GC.GetAllocatedBytesForCurrentThread();
            long started = Stopwatch.GetTimestamp();
            string? fault = Try(input, out bool sound);
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            tried++;
            largest = Math.Max(largest, allocated);
            fault ??= allocated > AllocationAllowance + ((long)target.AllocationFactor * input.Length)
                ? $"allocated {allocated} bytes for {input.Length} bytes of input"
                : Stopwatch.GetElapsedTime(started) > TimeAllowance ? $"took {Stopwatch.GetElapsedTime(started).TotalSeconds:F1} s" : null;
            accepted += sound && fault is null ? 1 : 0;
            if (fault is not null)
            {
                failures.Add(new FuzzFailure(fault, input));
            }
        }

        return new FuzzReport(target.Name, tried, accepted, largest, failures);
    }

    /// <summary>The fault, or null when the reader took the input or refused it properly.</summary>
    private string? Try(byte[] input, out bool sound)
    {
        sound = false;
        try
        {
            target.Read(input);
            sound = true;
            return null;
        }
        catch (InferometerException error)
        {
            return string.IsNullOrWhiteSpace(error.Message) ? "an error without a message" : null;
        }
#pragma warning disable CA1031 // Whatever else comes out is what is being looked for.
        catch (Exception error)
#pragma warning restore CA1031
        {
            return $"{error.GetType().Name}: {error.Message}";
        }
    }
}

/// <summary>What a fuzzing run found.</summary>
/// <param name="TargetName">Name of the format.</param>
/// <param name="Tried">Inputs tried.</param>
/// <param name="Accepted">Inputs the reader took as sound.</param>
/// <param name="LargestAllocationBytes">Most bytes the reader allocated for one input.</param>
/// <param name="Failures">Inputs that made the reader fail in another way than by refusing them; empty when all is well.</param>
public sealed record FuzzReport(
    string TargetName, long Tried, long Accepted, long LargestAllocationBytes, IReadOnlyList<FuzzFailure> Failures);

/// <summary>An input that made a reader fail.</summary>
/// <param name="Fault">What happened.</param>
/// <param name="Input">The bytes that did it.</param>
public sealed record FuzzFailure(string Fault, byte[] Input);
