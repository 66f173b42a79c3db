using System.Runtime.CompilerServices;
using System.Text;
using Inferometer.Core;
using Inferometer.Core.Origins;
using Inferometer.Cpu.Execution;
using Inferometer.Cpu.Weights;
using Inferometer.Inference.Constraints.Decoding;
using Inferometer.Inference.Sampling;
using Inferometer.ModelFiles.Generation;
using Inferometer.ModelFiles.Tokenization;
using Inferometer.Runners;
using Inferometer.Scheduling;
using Inferometer.Scheduling.Blocks;
using Inferometer.Serving;

namespace Inferometer.Inference.Engine;

/// <summary>
/// Runs a model for many callers at once: requests are queued, batched continuously over a paged key/value cache, and streamed out. All
/// members may be called from any thread. Cancelling an enumeration, or leaving it early, frees the request's blocks before the next step.
/// </summary>
public sealed partial class InferenceEngine : IDisposable, IAsyncDisposable
{
    private readonly IModelRunner _runner;
    private readonly DraftModel? _draft;
    private readonly EngineLoop _loop;
    private readonly ServingRecorder _recorder;
    private readonly TimeProvider _time;
    private readonly Sampler _sampler;
    private readonly ConstraintCache _constraints;
    private readonly ModelStepExecutor _executor;
    private readonly int _maxTokens;
    private readonly int _choosableTokens;
    private int _isDisposed;

    /// <summary>Starts an engine over a model on a device. The engine owns the runners from here on.</summary>
    /// <param name="runner">The model and its cache.</param>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="options">Configuration; what concerns the loading of the model and its cache is the runner's business and not looked
    /// at.</param>
    /// <param name="plan">Memory plan that the runner was made by.</param>
    /// <param name="draft">Draft model when the options name one, with as many blocks as <paramref name="runner"/>; it must give the tokens
    /// of <paramref name="tokenizer"/> the same ids.</param>
    /// <param name="time">Clock for queueing and timeouts; null = the system's.</param>
    public InferenceEngine(
        IModelRunner runner, Tokenizer tokenizer, InferenceOptions options, MemoryPlan plan, IModelRunner? draft = null,
            TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(runner);
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(plan);
        _runner = runner;
        Tokenizer = tokenizer.FilledTo(runner.Architecture.VocabularySize);
        Options = options;
        MemoryPlan = plan;
        InferenceOptions used = options.For(runner.Architecture);
        SchedulerOptions policy = used.ToSchedulerOptions(runner.ContextTokens);
        BlockPool pool = new(new BlockPoolOptions
        {
            BlockCount = runner.BlockCount,
            BlockSize = runner.BlockSize,
            PrefixCaching = used.PrefixCache && used.KvCache,
            HashSeed = (ulong)Random.Shared.NextInt64(),
        });
        _maxTokens = (int)Math.Min(policy.MaxSequenceTokens, (long)runner.BlockCount * runner.BlockSize);
        _choosableTokens = Math.Min(
            runner.Architecture.VocabularySize, draft?.Architecture.VocabularySize ?? runner.Architecture.VocabularySize);
        _draft = draft is null ? null : new DraftModel(draft, _choosableTokens);
        _sampler = new Sampler(_choosableTokens);
        _constraints = new ConstraintCache(Tokenizer);
        _time = time ?? TimeProvider.System;
        _recorder = new ServingRecorder(options.Recording);
        _executor = new ModelStepExecutor(runner, _draft, _choosableTokens);
        bool keepsStates = PagedKvCache.BytesPerState(runner.Architecture) > 0;
        runner.WatchBlocks(pool.ReferenceCount);
        Scheduler scheduler = new(policy, pool, _time)
        {
            Observer = _recorder,
            CanResume = keepsStates ? runner.CanResume : null,
        };
        _loop = new EngineLoop(scheduler, _executor);
    }

    /// <summary>What the model is.</summary>
    public Core.Models.ModelArchitecture Architecture => _runner.Architecture;

    /// <summary>
    /// The model's tokenizer, its vocabulary filled up to the model's rows of logits: a row without a token stands for no text.
    /// </summary>
    public Tokenizer Tokenizer { get; }

    /// <summary>How the model's makers recommend to sample from it; requests that say nothing of sampling follow it.</summary>
    public SamplingDefaults SamplingDefaults { get; internal init; } = SamplingDefaults.None;

    /// <summary>How the model's makers turn the states of a text into its vector; embeddings that say nothing of it follow it.</summary>
    public EmbeddingDefaults EmbeddingDefaults { get; internal init; } = EmbeddingDefaults.None;

    /// <summary>Configuration.</summary>
    public InferenceOptions Options { get; }

    /// <summary>What was planned to be held in memory.</summary>
    public MemoryPlan MemoryPlan { get; }

    /// <summary>What came of the file of repacked weights beside the model.</summary>
    public RepackedFileReport RepackedFile { get; internal init; } = RepackedFileReport.None;

    /// <summary>
    /// What made the engine stop for good, so that every request is refused; null while it runs. A request that fails, or a step, does not
    /// stop it.
    /// </summary>
    public Exception? Fault => _loop.Fault;

    /// <summary>Longest sequence, prompt and output together, tokens.</summary>
    public int MaxSequenceTokens => _maxTokens;

    /// <summary>Tokens that prompts and answers may hold: ids from 0 to below it.</summary>
    public int VocabularySize => _choosableTokens;

    /// <summary>Tokens per block of the cache.</summary>
    public int BlockTokens => _runner.BlockSize;

    /// <summary>Adapters of its model, which engines over the same weights share.</summary>
    internal EngineAdapters Adapters { get; init; } = new();

    /// <summary>What the engine did so far.</summary>
    public PerformanceStatistics Statistics =>
        PerformanceStatistics.Of(_loop.Snapshot, _loop.Scheduler.Options, _loop.Scheduler.Pool.BlockCount, _runner.Statistics);

    /// <summary>The most the engine held up to the end of the last step; exact once it is idle or disposed.</summary>
    public EngineMemory PeakMemory
    {
        get
        {
            RunnerMemory held = _runner.Memory;
            long keysAndValues = MemoryPlan.KvFixedBytes + (MemoryPlan.KvBytesPerBlock * Statistics.PeakKvBlocksUsed);
            return new EngineMemory(held.WeightBytes, keysAndValues, held.ActivationBytes, held.ScratchBytes, held.OutputBytes);
        }
    }

    /// <summary>
    /// Reads a LoRA adapter (a PEFT folder or a GGUF adapter file) for use by requests; it stays until the engine, and those
    /// over the same weights, are disposed.
    /// </summary>
    /// <param name="path">The folder or file.</param>
    /// <param name="scale">Factor on what the adapter adds, on top of its own alpha over rank.</param>
    /// <exception cref="InferometerException">The adapter is damaged or does not fit the model.</exception>
    public IModelAdapter LoadAdapter(string path, double scale = 1)
    {
        if (!double.IsFinite(scale))
        {
            throw new InferometerException($"{path}: the adapter's scale is {scale}; allowed is any finite number.");
        }

        IModelAdapter adapter = _runner.LoadAdapter(path, scale);
        Adapters.Add(adapter);
        return adapter;
    }

    /// <summary>Generates, token by token.</summary>
    /// <param name="request">Prompt and settings; checked before the first update is awaited.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>An update per token and a last one with reason and usage.</returns>
    /// <exception cref="InferometerException">The request is not valid, or the model writes no text.</exception>
    /// <exception cref="RequestRejectedException">From the enumeration: the request was not taken.</exception>
    public IAsyncEnumerable<GenerationUpdate> StreamAsync(GenerationRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        ModelSupport.RequireHead(Architecture);
        int[] prompt = Prompt(request.Prompt, request.PromptTokens, request.AddSpecialTokens, request.ParseSpecialTokens);
        int maxNew = request.MaxNewTokens ?? Math.Max(1, _maxTokens - prompt.Length);
        int? top = request.TopPromptLogProbabilities;
        Require(
            top is null or (>= 0 and <= SamplingOptions.MostLogProbabilities),
            $"request: {nameof(request.TopPromptLogProbabilities)} is {top}; allowed is 0 to {SamplingOptions.MostLogProbabilities}.");
        Require(
            maxNew > 0 || (maxNew == 0 && top is not null),
            $"request: {nameof(request.MaxNewTokens)} is {maxNew}; allowed is 1 or more, and 0 with "
                + $"{nameof(request.TopPromptLogProbabilities)}.");
        SamplingOptions sampling = request.Sampling ?? new SamplingOptions().With(SamplingDefaults);
        Require(request.Timeout is null || request.Timeout > TimeSpan.Zero, $"request: {nameof(request.Timeout)} must be above zero.");
        sampling.Validate(_choosableTokens);
        sampling = WithStopTokens(sampling);
        request = request with { Sampling = sampling };
        ConstraintMachine? constraint = sampling.Constraint is { } wantedOutput ? _constraints.MachineOf(wantedOutput) : null;
        SamplerState state = new(sampling, prompt, Tokenizer, constraint, maxNew, (ulong)Random.Shared.NextInt64());
        GenerationSession session = new(request, state, _sampler, Tokenizer, Options.Speculation);
        SequenceRequest wanted = new()
        {
            Prompt = prompt,
            MaxNewTokens = maxNew,
            Priority = request.Priority,
            CacheSalt = Adapters.SaltOf(request.Adapter),
            UsePrefixCache = request.UsePrefixCache,
            WantsPromptRows = top is not null,
            Owner = session,
        };
        return StreamAsync(session, wanted, request.Timeout, cancellationToken);
    }

    /// <summary>Generates and returns the whole output.</summary>
    /// <inheritdoc cref="StreamAsync(GenerationRequest, CancellationToken)"/>
    public async Task<GenerationResult> GenerateAsync(GenerationRequest request, CancellationToken cancellationToken = default)
    {
        StringBuilder text = new();
        List<int> tokens = [];
        List<TokenLogProbabilities> logProbabilities = [];
        IReadOnlyList<TokenLogProbabilities> ofPrompt = [];
        GenerationUpdate last = default;
        await foreach (GenerationUpdate update in StreamAsync(request, cancellationToken).ConfigureAwait(false))
        {
            text.Append(update.Text);
            if (update.TokenId is { } token)
            {
                tokens.Add(token);
            }

            if (update.LogProbabilities is { } logs)
            {
                logProbabilities.Add(logs);
            }

            ofPrompt = update.PromptLogProbabilities ?? ofPrompt;
            last = update;
        }

        return new GenerationResult
        {
            Text = text.ToString(),
            TokenIds = tokens,
            LogProbabilities = logProbabilities,
            PromptLogProbabilities = ofPrompt,
            FinishReason = last.FinishReason,
            Usage = last.Usage!,
        };
    }

    /// <summary>The pooled hidden state of a text, [hidden size].</summary>
    /// <param name="text">Text to embed.</param>
    /// <param name="pooling">How states become one vector; null = as the options or the model's files say, else their mean.</param>
    /// <param name="normalise">Scales the vector to length 1; null = as the model's files say, else yes.</param>
    /// <param name="adapter">Adapter to run with, or null.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <exception cref="RequestRejectedException">The text is too long or too many requests wait.</exception>
    /// <exception cref="InferometerException">The model's files ask for a pooling that is not supported, and none is named.</exception>
    public Task<float[]> EmbedAsync(
        string text, EmbeddingPooling? pooling = null, bool? normalise = null, IModelAdapter? adapter = null,
            CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(text);
        return EmbedAsync(Tokenizer.Encode(text), pooling, normalise, adapter, cancellationToken);
    }

    /// <summary>The vector of a text in tokens, the special ones that the model expects among them.</summary>
    /// <inheritdoc cref="EmbedAsync(string, EmbeddingPooling?, bool?, IModelAdapter?, CancellationToken)"/>
    public async Task<float[]> EmbedAsync(
        ReadOnlyMemory<int> tokens, EmbeddingPooling? pooling = null, bool? normalise = null, IModelAdapter? adapter = null,
            CancellationToken cancellationToken = default)
    {
        pooling ??= Options.Pooling;
        if (pooling is null && EmbeddingDefaults.Refusal is { } refusal)
        {
            throw new InferometerException(refusal + " Name another pooling to get vectors of your own kind.");
        }

        return await PoolAsync(
            new TokenizedPair(tokens.ToArray(), []), pooling ?? EmbeddingDefaults.Pooling ?? EmbeddingPooling.Mean,
            normalise ?? EmbeddingDefaults.Normalises ?? true, adapter, cancellationToken).ConfigureAwait(false);
    }

    private async Task<float[]> PoolAsync(
        TokenizedPair text, EmbeddingPooling pooling, bool normalise, IModelAdapter? adapter, CancellationToken cancellationToken)
    {
        EmbeddingSession session = new(pooling, normalise, Architecture.HiddenSize, adapter)
        {
            Segments = Architecture.TokenTypes > 1 ? text.Segments : [],
        };
        SequenceRequest wanted = new()
        {
            Prompt = Checked(text.Ids),
            MaxNewTokens = 0,
            CacheSalt = Adapters.SaltOf(adapter),
            UsePrefixCache = false, // every token's state is needed
            Owner = session,
        };
        _loop.Post(() => session.Sequence = Submit(wanted, timeout: null), session);
        using CancellationTokenRegistration registration =
            cancellationToken.Register(() => _loop.TryPost(() => Cancel(session, session.Sequence), session));
        return await session.Result.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Searches for the most probable continuations.</summary>
    /// <returns>Up to <see cref="BeamSearchRequest.BeamWidth"/> hypotheses, best first.</returns>
    /// <exception cref="InferometerException">The request is not valid.</exception>
    /// <exception cref="RequestRejectedException">The beams cannot fit or too many requests wait.</exception>
    public async Task<IReadOnlyList<BeamHypothesis>> BeamSearchAsync(
        BeamSearchRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        ModelSupport.RequireHead(Architecture);
        request.Validate();
        BeamGroup group = new(request, Tokenizer);
        SequenceRequest wanted = new()
        {
            Prompt = Prompt(request.Prompt, request.PromptTokens, addSpecial: true, parseSpecial: false),
            MaxNewTokens = request.MaxNewTokens,
            CacheSalt = Adapters.SaltOf(request.Adapter),
            ParallelSequences = request.BeamWidth,
            Owner = group,
        };
        _loop.Post(() =>
        {
            if (Submit(wanted, timeout: null) is { } sequence)
            {
                group.Start(sequence);
                _loop.Follow(group);
            }
        }, group);
        using CancellationTokenRegistration registration =
            cancellationToken.Register(() => _loop.TryPost(() => group.Cancel(_loop.Scheduler), group));
        return await group.Result.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// How the engine served its requests so far: latencies, rates and how requests ended, as the serving simulation predicts them.
    /// </summary>
    /// <param name="machine">What to call the machine that was measured.</param>
    /// <param name="cancellationToken">Ends the wait for the step in progress.</param>
    /// <exception cref="ObjectDisposedException">The engine was disposed.</exception>
    public async Task<Measured<ServingReport>> ServingReportAsync(string machine, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(machine);
        TaskCompletionSource<Measured<ServingReport>> report = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _loop.Post(() => report.TrySetResult(_recorder.Measured(machine, _time.GetUtcNow())));
        return await report.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Keeps the engine from its next step until the result is disposed, so that requests made meanwhile are there together.
    /// </summary>
    public IDisposable Hold() => _loop.Hold();

    /// <summary>
    /// Has somebody told of the tokens of every step once it is computed, on the engine's thread: who listens must neither wait nor throw.
    /// </summary>
    /// <param name="listener">Given the tokens.</param>
    public void WatchSteps(Action<int> listener) => _executor.Watch(listener);

    /// <summary>Ends <see cref="WatchSteps"/>.</summary>
    /// <param name="listener">The one that was given.</param>
    public void UnwatchSteps(Action<int> listener) => _executor.Unwatch(listener);

    /// <summary>Forgets every cached prefix.</summary>
    public void ForgetPrefixes() => _loop.Post(_loop.Scheduler.Pool.ForgetPrefixes);

    /// <summary>
    /// Ends all requests (their callers get an <see cref="ObjectDisposedException"/>), waits for the step in progress, and frees cache and
    /// weights.
    /// </summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
        {
            return;
        }

        _loop.Dispose();
        _draft?.Dispose();
        Adapters.Release();
        _runner.Dispose();
    }

    /// <inheritdoc cref="Dispose"/>
    public async ValueTask DisposeAsync() => await Task.Run(Dispose).ConfigureAwait(false);

    private async IAsyncEnumerable<GenerationUpdate> StreamAsync(
        GenerationSession session, SequenceRequest wanted, TimeSpan? timeout, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        _loop.Post(() => session.Sequence = Submit(wanted, timeout), session);

        // Not through the reader's own token, with which every wait for a token would allocate.
        using CancellationTokenRegistration registration =
            cancellationToken.UnsafeRegister(static (state, token) => ((GenerationSession)state!).Abandon(token), session);
        try
        {
            await foreach (GenerationUpdate update in session.Updates.ReadAllAsync(CancellationToken.None).ConfigureAwait(false))
            {
                cancellationToken.ThrowIfCancellationRequested();
                yield return update;
            }
        }
        finally
        {
            if (!session.HasEnded)
            {
                _loop.TryPost(() => Cancel(session, session.Sequence), session);
            }
        }
    }

    /// <summary>Loop thread: hands the request to the scheduler, or its owner the refusal.</summary>
    private Sequence? Submit(SequenceRequest request, TimeSpan? timeout)
    {
        Scheduler scheduler = _loop.Scheduler;
        if (timeout is { } limit)
        {
            request = request with { DeadlineSeconds = scheduler.NowSeconds + limit.TotalSeconds };
        }

        if (!scheduler.TrySubmit(request, out Sequence? sequence, out Rejection? rejection))
        {
            ((ISequenceOwner)request.Owner!).Fail(new RequestRejectedException(rejection));
        }

        return sequence;
    }

    private void Cancel(ISequenceOwner owner, Sequence? sequence)
    {
        if (sequence is { State: not SequenceState.Finished })
        {
            _loop.Scheduler.Cancel(sequence);
            owner.OnEnded(sequence);
        }
    }

    /// <summary>A control token is not part of the text in which stop strings are looked for; its written form stands for its id.</summary>
    private SamplingOptions WithStopTokens(SamplingOptions sampling)
    {
        int[] ids = [.. sampling.StopStrings.Select(text => Tokenizer.TryGetId(text, out int id) && Tokenizer.IsControl(id) ? id : -1)
            .Where(id => id >= 0)];
        return ids.Length == 0 ? sampling : sampling with { StopTokens = [.. sampling.StopTokens, .. ids] };
    }

    private int[] Prompt(string? text, ReadOnlyMemory<int> tokens, bool addSpecial, bool parseSpecial)
    {
        Require(text is null != tokens.IsEmpty, "request: give either a prompt text or prompt tokens.");
        return Checked(text is null ? tokens.ToArray() : Tokenizer.EncodePrompt(text, addSpecial, parseSpecial));
    }

    private int[] Checked(int[] prompt)
    {
        Require(prompt.Length > 0, "request: the prompt has no tokens.");
        int vocabulary = _choosableTokens;
        foreach (int token in prompt)
        {
            if (token < 0 || token >= vocabulary)
            {
                throw new InferometerException($"request: prompt token {token} is outside the vocabulary of {vocabulary} tokens.");
            }
        }

        return prompt;
    }

    private static void Require(bool condition, string message)
    {
        if (!condition)
        {
            throw new InferometerException(message);
        }
    }
}
