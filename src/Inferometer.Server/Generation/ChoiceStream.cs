using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Inferometer.Inference.Engine;
using Inferometer.Server.Metrics;
using Inferometer.Server.Wire;

namespace Inferometer.Server.Generation;

/// <summary>
/// The answers to one request as their pieces come. One answer goes straight through; several run beside each other, and the failure of
/// one is the failure of all.
/// </summary>
internal sealed class ChoiceStream : IAsyncDisposable
{
    private readonly SequenceStream[] _sequences;
    private readonly CancellationTokenSource _cancel;
    private readonly Channel<ChoiceUpdate>? _merged;
    private readonly Task _pumps = Task.CompletedTask;
    private readonly Activity? _activity;
    private readonly AnswerCache.Recording? _recording;
    private readonly IReadOnlyList<ChoiceUpdate>? _kept;
    private int _next;
    private int _ended;
    private int _longest;
    private int _inputTokens;
    private int _outputTokens;

    /// <summary>Answers that are generated.</summary>
    /// <param name="service">The model.</param>
    /// <param name="operation">What was asked.</param>
    /// <param name="field">Where in the request the prompts are.</param>
    /// <param name="requests">One for each answer.</param>
    /// <param name="recording">Keeps them once they are whole; null = nothing does.</param>
    /// <param name="cancellationToken">The client is gone.</param>
    public ChoiceStream(
        ModelService service, string operation, string field, IReadOnlyList<GenerationRequest> requests,
        AnswerCache.Recording? recording, CancellationToken cancellationToken)
    {
        service.Replicas.TakePlaces(requests, field);
        _recording = recording;
        _activity = Telemetry.Source.StartActivity($"{operation} {service.Model.Name}", ActivityKind.Server);
        _activity?.SetTag("gen_ai.operation.name", operation).SetTag("gen_ai.provider.name", "inferometer")
            .SetTag("gen_ai.request.model", service.Model.Name).SetTag("gen_ai.request.choice.count", requests.Count);
        _cancel = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, service.State.Stopping);
        List<SequenceStream> begun = new(requests.Count);
        try
        {
            foreach (GenerationRequest request in requests)
            {
                begun.Add(new SequenceStream(service, operation, field, request, _cancel.Token));
            }

            _sequences = [.. begun];
        }
        catch
        {
            begun.ForEach(sequence => sequence.Abandon());
            service.Replicas.FreePlaces(requests.Count - begun.Count);
            _cancel.Dispose();
            _activity?.Dispose();
            throw;
        }

        if (_sequences.Length > 1)
        {
            _merged = Channel.CreateUnbounded<ChoiceUpdate>(new UnboundedChannelOptions { SingleReader = true });
            _pumps = PumpAllAsync(_merged.Writer);
        }
    }

    /// <summary>Answers that were given before.</summary>
    /// <param name="kept">Their pieces in order.</param>
    public ChoiceStream(IReadOnlyList<ChoiceUpdate> kept)
    {
        _kept = kept;
        _sequences = [];
        _cancel = new CancellationTokenSource();
    }

    /// <summary>Whether the answers were given before.</summary>
    public bool IsKept => _kept is not null;

    /// <summary>The piece that came last.</summary>
    public ChoiceUpdate Current { get; private set; }

    /// <summary>Waits for the next piece.</summary>
    /// <returns>False after the last one of all answers.</returns>
    /// <exception cref="ApiException">An answer did not end as its owner wished.</exception>
    /// <exception cref="OperationCanceledException">The client is gone.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<bool> MoveNextAsync()
    {
        if (_kept is not null)
        {
            if (_next == _kept.Count)
            {
                return false;
            }

            Current = _kept[_next++];
        }
        else if (_merged is null)
        {
            if (!await _sequences[0].MoveNextAsync().ConfigureAwait(false))
            {
                _recording?.Complete();
                return false;
            }

            Current = new ChoiceUpdate(0, _sequences[0].Current);
        }
        else
        {
            ChoiceUpdate update;
            while (!_merged.Reader.TryRead(out update))
            {
                if (!await _merged.Reader.WaitToReadAsync(CancellationToken.None).ConfigureAwait(false))
                {
                    _recording?.Complete();
                    return false;
                }
            }

            Current = update;
        }

        _recording?.Add(Current);
        if (Current.Update.Usage is { } usage)
        {
            _inputTokens += usage.PromptTokens;
            _outputTokens += usage.OutputTokens;
            _longest = Math.Max(_longest, usage.OutputTokens);
            if (++_ended == _sequences.Length)
            {
                ServerMetrics metrics = _sequences[0].Metrics; // one request counts once, whoever generated its answers
                metrics.Answers.Add(_ended);
                metrics.LongestOutput.Add(_longest);
            }
        }

        return true;
    }

    /// <summary>Writes all pieces from the current one on as they come; what is there already goes out together.</summary>
    /// <param name="output">Where they go.</param>
    /// <param name="write">Writes a piece.</param>
    /// <exception cref="ApiException">An answer did not end as its owner wished.</exception>
    /// <exception cref="OperationCanceledException">The client is gone.</exception>
    public async Task ForwardAsync(MessageStream output, Action<ChoiceUpdate> write)
    {
        ValueTask<bool> next;
        do
        {
            write(Current);
            next = MoveNextAsync();
            if (!next.IsCompleted)
            {
                try
                {
                    await output.FlushAsync().ConfigureAwait(false);
                }
                catch
                {
                    await GiveUpAsync(next).ConfigureAwait(false);
                    throw;
                }
            }
        }
        while (await next.ConfigureAwait(false));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _cancel.CancelAsync().ConfigureAwait(false);
        await _pumps.ConfigureAwait(false);
        bool isRefused = Array.Exists(_sequences, sequence => sequence.IsRefused);
        foreach (SequenceStream sequence in _sequences)
        {
            if (isRefused)
            {
                sequence.Abandon(); // the engine took none of the request, whatever it did with its parts
            }

            await sequence.DisposeAsync().ConfigureAwait(false);
        }

        _activity?.SetTag("gen_ai.usage.input_tokens", _inputTokens).SetTag("gen_ai.usage.output_tokens", _outputTokens);
        _activity?.Dispose();
        _cancel.Dispose();
    }

    /// <summary>Ends the answers and waits for the wait for their next piece: nothing can be disposed of in the middle of it.</summary>
    private async Task GiveUpAsync(ValueTask<bool> next)
    {
        await _cancel.CancelAsync().ConfigureAwait(false);
        try
        {
            await next.ConfigureAwait(false);
        }
        catch (Exception end) when (end is ApiException or OperationCanceledException)
        {
            // Nobody is there to be told.
        }
    }

    private async Task PumpAllAsync(ChannelWriter<ChoiceUpdate> writer)
    {
        Exception?[] ends = await Task.WhenAll(_sequences.Select((sequence, choice) => PumpAsync(sequence, choice, writer)))
            .ConfigureAwait(false);

        // Those that were cancelled because another failed say nothing of why.
        writer.TryComplete(Array.Find(ends, end => end is ApiException) ?? Array.Find(ends, end => end is not null));
    }

    private async Task<Exception?> PumpAsync(SequenceStream sequence, int choice, ChannelWriter<ChoiceUpdate> writer)
    {
        try
        {
            while (await sequence.MoveNextAsync().ConfigureAwait(false))
            {
                writer.TryWrite(new ChoiceUpdate(choice, sequence.Current));
            }

            return null;
        }
        catch (Exception error)
        {
            await _cancel.CancelAsync().ConfigureAwait(false);
            return error;
        }
    }
}
