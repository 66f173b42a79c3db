using System.Globalization;
using System.Text.Json;
using Inferometer.Inference.Chat.Formats;
using Inferometer.Inference.Engine;
using Inferometer.Inference.Sampling;
using Inferometer.Scheduling;
using Inferometer.Server.Generation;
using Inferometer.Server.Wire;

namespace Inferometer.Server.OpenAi;

/// <summary>
/// Writes the answer to one request for completions, whole or in pieces. As all clients read them: the role in an answer's first piece,
/// <c>choices</c> always a list, usage in a last piece of its own whose list is empty, then <c>[DONE]</c>.
/// </summary>
internal sealed class CompletionAnswer(CompletionRequest request, ModelService service)
{
    private readonly Choice[] _choices =
    [
        .. request.Answers.Select((_, index) => new Choice(
            request.Plan, request.Streams,
            new TextOffsets(service.Model.Engine.Tokenizer, request.Echoes?[index / request.AnswersPerPrompt]))),
    ];
    private readonly TokenUsage _usage = new();
    private readonly AnswerTimings? _timings = request.HasTimings ? new AnswerTimings() : null;
    private readonly int _promptTokens = request.Answers.Where((_, i) => i % request.AnswersPerPrompt == 0).Sum(a => a.PromptTokens.Length);
    private int _outputTokens;
    private GenerationUsage? _ended;

    /// <summary>Collects all answers.</summary>
    public async Task CollectAsync(ChoiceStream stream)
    {
        do
        {
            ChoiceUpdate piece = stream.Current;
            Choice choice = _choices[piece.Choice];
            if (!choice.HasBegun)
            {
                choice.Parts.Begin(EchoOf(piece.Choice));
                choice.HasBegun = true;
            }

            choice.Parts.Keep(piece.Update);
            KeepPrompt(choice, piece);
            choice.Keep(piece.Update);
            Count(piece);
        }
        while (await stream.MoveNextAsync().ConfigureAwait(false));
    }

    /// <summary>Writes what was collected.</summary>
    public void WriteWhole(Utf8JsonWriter json)
    {
        WriteHead(json, request.Format.WholeObject);
        json.WriteStartArray("choices"u8);
        int index = 0;
        foreach (Choice choice in Kept())
        {
            json.WriteStartObject();
            json.WriteNumber("index"u8, index++);
            request.Format.WriteWhole(json, choice.Parts);
            WriteLogProbabilities(json, choice);
            if (request.Plan is null)
            {
                WriteOfPrompt(json, choice);
            }

            json.WriteString("finish_reason"u8, WordOf(choice));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        if (request.Plan is not null)
        {
            WriteOfPrompt(json, _choices[0]); // of a conversation there is one prompt, whatever the number of answers
        }

        _usage.Write(json);
        _timings?.Write(json, _ended);
        json.WriteEndObject();
    }

    /// <summary>Sends the answers as they come.</summary>
    public async Task SendAsync(ChoiceStream stream, MessageStream output)
    {
        await stream.ForwardAsync(output, piece => WritePieces(piece, output)).ConfigureAwait(false);
        if (request.IncludesUsage)
        {
            Utf8JsonWriter json = output.Start();
            WriteHead(json, request.Format.PieceObject);
            json.WriteStartArray("choices"u8);
            json.WriteEndArray();
            _usage.Write(json);
            json.WriteEndObject();
            output.End();
        }

        output.Done();
        await output.FlushAsync().ConfigureAwait(false);
    }

    private void WritePieces(ChoiceUpdate piece, MessageStream output)
    {
        Choice choice = _choices[piece.Choice];
        GenerationUpdate update = piece.Update;
        KeepPrompt(choice, piece);
        if (!choice.HasBegun && request.Format.BeginsWithRole)
        {
            WritePiece(output, piece.Choice, new AnswerDelta(DeltaKind.Text, ""));
        }

        if (!choice.HasBegun && EchoOf(piece.Choice) is { } prompt)
        {
            WritePiece(output, piece.Choice, new AnswerDelta(DeltaKind.Text, prompt));
        }

        _outputTokens += update.TokenId is null ? 0 : 1;
        choice.Keep(update);
        IReadOnlyList<AnswerPart> parts = choice.Parts.Take(update);
        Count(piece);
        for (int i = 0; i < parts.Count; i++)
        {
            AnswerPart part = parts[i];
            switch (part.Kind)
            {
                case AnswerPartKind.ToolCallStart:
                    WritePiece(output, piece.Choice, new AnswerDelta(DeltaKind.Call, "", part.Call, choice.CallsBegun++));
                    break;
                case AnswerPartKind.ToolCallArguments:
                    WritePiece(output, piece.Choice, new AnswerDelta(DeltaKind.Arguments, part.Text, null, choice.CallsBegun - 1));
                    break;
                case AnswerPartKind.ToolCall:
                    WriteCall(output, piece.Choice, part.Call!);
                    break;
                default:
                    DeltaKind kind = part.Kind == AnswerPartKind.Reasoning ? DeltaKind.Reasoning : DeltaKind.Text;
                    WritePiece(output, piece.Choice, new AnswerDelta(kind, part.Text));
                    break;
            }
        }

        if (update.Usage is not null)
        {
            WritePiece(output, piece.Choice, new AnswerDelta(DeltaKind.End, ""));
        }
    }

    /// <summary>A call that is whole, which may have been written in pieces.</summary>
    private void WriteCall(MessageStream output, int index, ToolCall call)
    {
        Choice choice = _choices[index];
        int place = choice.CallsWritten++;
        if (place < choice.CallsBegun)
        {
            return;
        }

        // Clients add the arguments up; some read the name in the first piece alone.
        choice.CallsBegun++;
        WritePiece(output, index, new AnswerDelta(DeltaKind.Call, "", call, place));
        WritePiece(output, index, new AnswerDelta(DeltaKind.Arguments, call.Arguments.GetRawText(), call, place));
    }

    private void WritePiece(MessageStream output, int index, in AnswerDelta delta)
    {
        Choice choice = _choices[index];
        Utf8JsonWriter json = output.Start();
        WriteHead(json, request.Format.PieceObject);
        json.WriteStartArray("choices"u8);
        json.WriteStartObject();
        json.WriteNumber("index"u8, index);
        request.Format.WritePiece(json, delta, isFirst: !choice.HasBegun);
        choice.HasBegun = true;
        WriteLogProbabilities(json, choice);
        json.WriteText("finish_reason"u8, delta.Kind == DeltaKind.End ? WordOf(choice) : null);
        json.WriteEndObject();
        json.WriteEndArray();
        if (request.HasRunningUsage)
        {
            TokenUsage.WriteRunning(json, _promptTokens, _outputTokens);
        }
        else if (request.IncludesUsage)
        {
            json.WriteNull("usage"u8);
        }

        _timings?.Write(json, delta.Kind == DeltaKind.End ? _ended : null);
        json.WriteEndObject();
        output.End();
    }

    /// <summary>The answers that are given: of each prompt's the most probable ones, by the mean over their tokens.</summary>
    private IEnumerable<Choice> Kept() => request.KeptPerPrompt == request.AnswersPerPrompt ? _choices
        : _choices.Chunk(request.AnswersPerPrompt).SelectMany(
            answers => answers.OrderByDescending(answer => answer.MeanLogProbability).Take(request.KeptPerPrompt));

    /// <summary>Keeps what is told of the tokens of a prompt: where it is echoed they are the answer's first ones.</summary>
    private void KeepPrompt(Choice choice, in ChoiceUpdate piece)
    {
        if (piece.Update.PromptLogProbabilities is not { } tokens)
        {
            return;
        }

        choice.OfPrompt = request.TopPromptLogProbabilities is null ? null : tokens;
        if (request.Echoes is not null && request.TopLogProbabilities is not null)
        {
            choice.LogProbabilities.AddRange(tokens);
        }
    }

    private void WriteOfPrompt(Utf8JsonWriter json, Choice choice)
    {
        if (choice.OfPrompt is { } tokens)
        {
            LogProbabilityJson.WriteOfPrompt(json, tokens, request.TopPromptLogProbabilities ?? 0, service.Model.Engine.Tokenizer);
        }
    }

    private string? EchoOf(int index) => request.Echoes?[index / request.AnswersPerPrompt];

    private void WriteHead(Utf8JsonWriter json, ReadOnlySpan<byte> kind)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, request.Id);
        json.WriteString("object"u8, kind);
        json.WriteNumber("created"u8, request.Created);
        json.WriteString("model"u8, service.Model.Name);
    }

    private void WriteLogProbabilities(Utf8JsonWriter json, Choice choice)
    {
        if (request.TopLogProbabilities is not { } top || choice.LogProbabilities.Count == 0)
        {
            json.WriteNull("logprobs"u8);
            return;
        }

        request.Format.WriteLogProbabilities(json, choice.LogProbabilities, top, service.Model.Engine.Tokenizer, choice.Offsets);
        choice.LogProbabilities.Clear();
    }

    private void Count(ChoiceUpdate piece)
    {
        _timings?.Count(piece.Update);
        if (piece.Update.Usage is { } usage)
        {
            _ended = usage;
            _usage.Add(usage, _choices[piece.Choice].Parts.ReasoningTokens, countsPrompt: piece.Choice % request.AnswersPerPrompt == 0);
        }
    }

    private static string WordOf(Choice choice) => choice.FinishReason switch
    {
        FinishReason.Stop => choice.Parts.Calls.Count > 0 ? "tool_calls" : "stop",
        FinishReason.Length => "length",
        _ => throw new InvalidOperationException(
            string.Create(CultureInfo.InvariantCulture, $"an answer that ended by {choice.FinishReason} is an error, not an answer")),
    };

    /// <summary>One answer on its way.</summary>
    private sealed class Choice(ChatPlan? plan, bool streams, TextOffsets offsets)
    {
        private double _logProbability;
        private int _counted;

        public TextOffsets Offsets { get; } = offsets;

        public AnswerParts Parts { get; } = new(plan, callsInPieces: streams);

        public int CallsBegun { get; set; }

        public int CallsWritten { get; set; }

        public List<TokenLogProbabilities> LogProbabilities { get; } = [];

        public IReadOnlyList<TokenLogProbabilities>? OfPrompt { get; set; }

        public FinishReason FinishReason { get; private set; }

        public bool HasBegun { get; set; }

        public double MeanLogProbability => _counted == 0 ? double.NegativeInfinity : _logProbability / _counted;

        /// <summary>Keeps what is written later: log-probabilities of tokens whose text is not certain yet, and the end.</summary>
        public void Keep(in GenerationUpdate update)
        {
            if (update.LogProbabilities is { } logs)
            {
                LogProbabilities.Add(logs);
                _logProbability += logs.Chosen.LogProbability;
                _counted++;
            }

            if (update.Usage is not null)
            {
                FinishReason = update.FinishReason;
            }
        }
    }
}
