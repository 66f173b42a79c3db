using System.Diagnostics;
using Inferometer.Core;
using Inferometer.Inference.Chat.Formats;
using Inferometer.Inference.Engine;
using Inferometer.Scheduling;
using Inferometer.Server.Metrics;
using Inferometer.Server.Wire;

namespace Inferometer.Server.Generation;

/// <summary>The model as endpoints use it: its answers counted, limited, and refused in words for clients. Thread-safe.</summary>
/// <param name="model">The model.</param>
/// <param name="replicas">The engines that answer.</param>
/// <param name="limits">What one client may take.</param>
/// <param name="state">Whether the server is on its way down.</param>
/// <param name="cache">Answers that were given; null = none is kept.</param>
internal sealed class ModelService(
    ServedModel model, ReplicaSet replicas, ServerLimits limits, ServerState state, AnswerCache? cache)
{
    private const int LettersPerToken = 4; // as replicas take texts that are not tokenized

    private readonly Lazy<ChatFormat> _format = new(() => ChatFormat.For(model.Template, model.Engine.Tokenizer));

    private readonly Lazy<int[]> _controlTokens = new(() =>
        [.. Enumerable.Range(0, model.Engine.Tokenizer.VocabularySize).Where(model.Engine.Tokenizer.IsControl)]);

    /// <summary>The model.</summary>
    public ServedModel Model => model;

    /// <summary>Tokens that stand for no text unless they are asked for.</summary>
    public IReadOnlyCollection<int> ControlTokens => _controlTokens.Value;

    /// <summary>How it writes calls of tools and reasoning.</summary>
    public ChatFormat Format => _format.Value;

    /// <summary>The engines that answer.</summary>
    public ReplicaSet Replicas => replicas;

    /// <summary>Answers that one request may ask for: no more than can be generated or wait at once.</summary>
    public int MaxChoices => (int)Math.Min(limits.MaxChoices, replicas.Places);

    /// <summary>What one client may take.</summary>
    public ServerLimits Limits => limits;

    /// <summary>Whether the server is on its way down.</summary>
    public ServerState State => state;

    /// <summary>The name that the answer to a request may be kept under; null = none is kept.</summary>
    /// <param name="route">What was asked.</param>
    /// <param name="body">The request.</param>
    public string? KeyOf(string route, System.Text.Json.JsonElement body) => cache is null ? null : AnswerCache.KeyOf(route, body);

    /// <summary>The answer where the server stops before it is given.</summary>
    public static ApiException Stopped() => ApiException.Unavailable("The server is stopping.", "server_stopping");

    /// <summary>Reads the name of the model that is asked for; none means the one that is served.</summary>
    /// <exception cref="ApiException">Another one is asked for.</exception>
    public void RequireServed(RequestFields fields)
    {
        if (fields.Text("model") is { } name && !model.GoesBy(name))
        {
            throw ApiException.UnknownModel(name.Length <= 200 ? name : name[..200], model.Name);
        }
    }

    /// <summary>Begins the answers to a request and waits for the first piece, so that a refusal still has a status of its own.</summary>
    /// <param name="operation">What was asked: <c>chat</c>, <c>text_completion</c>.</param>
    /// <param name="field">Where in the request the prompts are, for errors.</param>
    /// <param name="requests">One for each answer.</param>
    /// <param name="key">The name that the answers may be kept under; null = they are not kept.</param>
    /// <param name="cancellationToken">The client is gone.</param>
    /// <returns>The answers, standing at their first piece.</returns>
    public async Task<ChoiceStream> StartAsync(
        string operation, string field, IReadOnlyList<GenerationRequest> requests, string? key, CancellationToken cancellationToken)
    {
        bool isKept = cache is not null && key is not null && AnswerCache.IsCertain(requests);
        ChoiceStream stream = isKept && cache!.Find(key!) is { } pieces
            ? new ChoiceStream(pieces)
            : new ChoiceStream(this, operation, field, requests, isKept ? cache!.Record(key!) : null, cancellationToken);
        try
        {
            await stream.MoveNextAsync().ConfigureAwait(false);
            return stream;
        }
        catch
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>The vector of a text in tokens.</summary>
    public Task<float[]> EmbedAsync(int[] tokens, CancellationToken cancellationToken) =>
        AskAsync(
            "input", LettersPerToken * tokens.Length, _ => tokens.Length,
            engine => engine.EmbedAsync(tokens, adapter: model.Adapter, cancellationToken: cancellationToken));

    /// <summary>How well a text answers a question, 0 to 1.</summary>
    public Task<float> ScoreAsync(string query, string document, string? instruction, CancellationToken cancellationToken) =>
        AskAsync(
            "model", query.Length + document.Length, engine => engine.RankPrompt(query, document, instruction).Length,
            engine => engine.ScoreAsync(query, document, instruction, model.Adapter, cancellationToken));

    /// <summary>Answers to parts of one request, computed beside each other as the engine has room.</summary>
    /// <param name="count">Parts.</param>
    /// <param name="part">The answer to one.</param>
    /// <param name="cancellationToken">The client is gone.</param>
    public async Task<T[]> EachAsync<T>(int count, Func<int, CancellationToken, Task<T>> part, CancellationToken cancellationToken)
    {
        var answers = new T[count];
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, state.Stopping);
        ParallelOptions options = new()
        {
            MaxDegreeOfParallelism = replicas.MaxSequences,
            CancellationToken = either.Token,
        };
        try
        {
            await Parallel.ForEachAsync(
                Enumerable.Range(0, count), options,
                async (i, token) => answers[i] = await part(i, token).ConfigureAwait(false)).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (state.Stopping.IsCancellationRequested)
        {
            throw Stopped();
        }

        return answers;
    }

    private async Task<T> AskAsync<T>(
        string field, int letters, Func<InferenceEngine, int> promptTokens, Func<InferenceEngine, Task<T>> answer)
    {
        long start = Stopwatch.GetTimestamp();
        replicas.TakePlace();
        ReplicaWork work = replicas.BeginReading(letters);
        ServerMetrics metrics = work.Replica.Metrics;
        try
        {
            T given = await answer(work.Replica.Engine).ConfigureAwait(false);
            metrics.AddRead(promptTokens(work.Replica.Engine), Stopwatch.GetElapsedTime(start).TotalSeconds);
            return given;
        }
        catch (OperationCanceledException)
        {
            metrics.CountEnd(FinishReason.Cancelled);
            throw;
        }
        catch (RequestRejectedException error) when (error.Reason == RejectionReason.QueueFull)
        {
            throw ApiException.Busy(error.Message, work.Replica.Metrics.RetryAfterSeconds());
        }
        catch (RequestRejectedException error)
        {
            throw ApiException.TooLong(field, error.Message);
        }
        catch (InferometerException error)
        {
            throw ApiException.Invalid(field, model.Public(error.Message));
        }
        finally
        {
            work.End();
            replicas.FreePlaces(1);
        }
    }
}
