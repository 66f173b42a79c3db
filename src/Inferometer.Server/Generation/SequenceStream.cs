using System.Diagnostics;
using System.Runtime.CompilerServices;
using Inferometer.Core;
using Inferometer.Inference.Engine;
using Inferometer.Scheduling;
using Inferometer.Server.Metrics;
using Inferometer.Server.Wire;

namespace Inferometer.Server.Generation;

/// <summary>
/// One sequence on its way through the engine: its pieces, the errors it may end in as clients are told them, and what it is counted as.
/// Disposing it early frees its blocks before the engine's next step.
/// </summary>
internal sealed class SequenceStream : IAsyncDisposable
{
    private readonly ModelService _service;
    private readonly string _operation;
    private readonly string _field;
    private readonly GenerationRequest _request;
    private readonly CancellationToken _cancellationToken;
    private readonly long _arrived = Stopwatch.GetTimestamp();
    private readonly double _timeoutSeconds;
    private IAsyncEnumerator<GenerationUpdate> _updates;
    private ReplicaWork _work;
    private ReplicaMask _tried;
    private long _lastToken;
    private LoadMeter.Reading _decodingSince;
    private LoadMeter.Reading _workingSince;
    private LoadMeter.Reading _workingAtFirst;
    private bool _decodes;
    private bool _hasEnded;

    /// <summary>Begins; its place has been taken, and is given back when it ends.</summary>
    /// <param name="service">The model.</param>
    /// <param name="operation">What was asked.</param>
    /// <param name="field">Where in the request the prompt is.</param>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">The client is gone.</param>
    public SequenceStream(
        ModelService service, string operation, string field, GenerationRequest request, CancellationToken cancellationToken)
    {
        _service = service;
        _operation = operation;
        _field = field;
        _cancellationToken = cancellationToken;
        _timeoutSeconds = request.Timeout?.TotalSeconds ?? 0;
        _request = service.Replicas.WithTokens(request);
        _updates = Begin();
    }

    /// <summary>What is counted of the replica that answers.</summary>
    public ServerMetrics Metrics => _work.Replica.Metrics;

    /// <summary>Whether the engine did not take it, so that it is counted nowhere.</summary>
    public bool IsRefused { get; private set; }

    /// <summary>The piece that came last.</summary>
    public GenerationUpdate Current { get; private set; }

    /// <summary>Waits for the next piece.</summary>
    /// <returns>False after the last.</returns>
    /// <exception cref="ApiException">The sequence did not end as its owner wished.</exception>
    /// <exception cref="OperationCanceledException">The client is gone.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<bool> MoveNextAsync()
    {
        bool isTaken = false;
        while (!isTaken)
        {
            try
            {
                if (!await _updates.MoveNextAsync().ConfigureAwait(false))
                {
                    return false;
                }

                isTaken = true;
            }
            catch (InferometerException error) when (GoesElsewhere(error))
            {
                await _updates.DisposeAsync().ConfigureAwait(false);
                _work.End();
                _updates = Begin();
            }
            catch (Exception error) when (error is InferometerException or ObjectDisposedException)
            {
                throw Failed(error);
            }
            catch (OperationCanceledException) when (_service.State.Stopping.IsCancellationRequested)
            {
                throw ModelService.Stopped();
            }
        }

        Current = _updates.Current;
        if (Current.TokenId is not null)
        {
            CountToken();
        }

        if (Current.Usage is { } usage)
        {
            End(Current.FinishReason, usage);
        }

        return true;
    }

    /// <summary>Gives up a sequence that is counted nowhere: nobody has asked for its first piece, or another of its request was refused.
    /// </summary>
    public void Abandon()
    {
        if (!_hasEnded)
        {
            Leave();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _updates.DisposeAsync().ConfigureAwait(false);
        if (!_hasEnded)
        {
            CountEnd(FinishReason.Cancelled);
        }
    }

    private IAsyncEnumerator<GenerationUpdate> Begin()
    {
        _work = _service.Replicas.Begin(_request, _tried);
        _workingSince = _service.Replicas.Working.Change(0);
        try
        {
            return _work.Replica.Engine.StreamAsync(_request, _cancellationToken).GetAsyncEnumerator(CancellationToken.None);
        }
        catch (InferometerException error)
        {
            _work.End();
            throw ApiException.Invalid(null, _service.Model.Public(error.Message));
        }
    }

    /// <summary>Whether another replica is to be asked: nothing was answered yet, and this one's queue is full, or it has failed.</summary>
    private bool GoesElsewhere(InferometerException error)
    {
        if (_lastToken != 0
            || (error is not RequestRejectedException { Reason: RejectionReason.QueueFull } && _work.Replica.Engine.Fault is null))
        {
            return false;
        }

        _tried = _tried.With(_work.Replica.Index);
        return _service.Replicas.HasOther(_tried);
    }

    private void CountToken()
    {
        ServerMetrics metrics = Metrics;
        _work.CountToken();
        long now = Stopwatch.GetTimestamp();
        if (_lastToken == 0)
        {
            metrics.FirstToken.Add(Stopwatch.GetElapsedTime(_arrived, now).TotalSeconds);
            _decodingSince = metrics.Decoding.Change(1);
            _workingAtFirst = _service.Replicas.Working.Change(0);
            _decodes = true;
        }
        else
        {
            metrics.TokenGap.Add(Stopwatch.GetElapsedTime(_lastToken, now).TotalSeconds);
        }

        _lastToken = now;
    }

    private void End(FinishReason reason, GenerationUsage usage)
    {
        if (reason is not (FinishReason.Length or FinishReason.Stop))
        {
            CountEnd(reason);
            throw reason == FinishReason.Deadline ? ApiException.TimedOut(_timeoutSeconds)
                : _service.State.Stopping.IsCancellationRequested ? ModelService.Stopped()
                : _cancellationToken.IsCancellationRequested ? new OperationCanceledException(_cancellationToken)
                : ApiException.Internal("The engine gave up the request.");
        }

        LoadMeter.Reading now = StopDecoding();
        LoadMeter.Reading working = _service.Replicas.Working.Change(0);
        Leave();
        if (_request.MaxNewTokens is { } limit)
        {
            Metrics.OutputLimit.Add(limit);
        }

        Metrics.Add(_operation, reason, new ServedRequest
        {
            PromptTokens = usage.PromptTokens,
            CachedTokens = usage.CachedPromptTokens,
            OutputTokens = usage.OutputTokens,
            ScoresPrompt = _request.TopPromptLogProbabilities is not null,
            QueueSeconds = usage.QueueSeconds,
            FirstTokenSeconds = usage.TimeToFirstTokenSeconds,
            TotalSeconds = usage.TotalSeconds,
            OtherPromptTokens = Math.Max(0, usage.PromptTokensUntilFirst - (usage.PromptTokens - usage.CachedPromptTokens)),
            Neighbours = _decodingSince.Running,
            MeanDecoding = now.MeanSince(_decodingSince),
            OthersInPrefill = _workingAtFirst.MeanSince(_workingSince) - 1,
            OthersInDecode = working.MeanSince(_workingAtFirst) - 1,
        });
    }

    private ApiException Failed(Exception error)
    {
        IsRefused = error is RequestRejectedException;
        if (IsRefused)
        {
            Leave();
        }
        else
        {
            CountEnd(FinishReason.Error);
        }

        ServedModel model = _service.Model;
        return error switch
        {
            RequestRejectedException { Reason: RejectionReason.QueueFull } =>
                ApiException.Busy(error.Message, Metrics.RetryAfterSeconds()),
            RequestRejectedException => ApiException.TooLong(_field, error.Message),
            ObjectDisposedException => ModelService.Stopped(),
            _ when _work.Replica.Engine.Fault is not null =>
                ApiException.Unavailable("The engine has failed and answers no more.", "engine_failed", cause: error),

            // In the engine's own words where it has some; the words of what it ran into are for the log.
            _ when error.InnerException is null => ApiException.Internal(model.Public(error.Message), error),
            _ => ApiException.Internal("The engine failed while it answered this request.", error),
        };
    }

    private void CountEnd(FinishReason reason)
    {
        Leave();
        Metrics.CountEnd(reason);
    }

    private void Leave()
    {
        _hasEnded = true;
        _ = StopDecoding();
        _work.End();
        _service.Replicas.FreePlaces(1);
    }

    private LoadMeter.Reading StopDecoding()
    {
        if (!_decodes)
        {
            return _decodingSince;
        }

        _decodes = false;
        return Metrics.Decoding.Change(-1);
    }
}
