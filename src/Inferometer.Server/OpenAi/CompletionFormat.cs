using System.Text.Json;
using Inferometer.Inference.Chat.Formats;
using Inferometer.Inference.Sampling;
using Inferometer.ModelFiles.Tokenization;
using Inferometer.Server.Generation;
using Inferometer.Server.Wire;

namespace Inferometer.Server.OpenAi;

/// <summary>What chat completions and text completions write differently.</summary>
internal abstract class CompletionFormat
{
    /// <summary>Of conversations.</summary>
    public static CompletionFormat Chat { get; } = new Conversations();

    /// <summary>Of texts.</summary>
    public static CompletionFormat Text { get; } = new Texts();

    /// <summary>The operation, in OpenTelemetry's words.</summary>
    public abstract string Operation { get; }

    /// <summary>The value of <c>object</c> in a whole answer.</summary>
    public abstract ReadOnlySpan<byte> WholeObject { get; }

    /// <summary>The value of <c>object</c> in a piece.</summary>
    public abstract ReadOnlySpan<byte> PieceObject { get; }

    /// <summary>
    /// Whether an answer begins with a piece of its own that tells the role: OpenAI's own service sends one, and the helper of its npm
    /// client (6.49.0) counts log-probabilities twice that come with an answer's first piece.
    /// </summary>
    public virtual bool BeginsWithRole => false;

    /// <summary>The whole of an answer.</summary>
    public abstract void WriteWhole(Utf8JsonWriter json, AnswerParts answer);

    /// <summary>A piece of an answer.</summary>
    /// <param name="json">Within a choice.</param>
    /// <param name="delta">The piece.</param>
    /// <param name="isFirst">Whether the answer begins with it.</param>
    public abstract void WritePiece(Utf8JsonWriter json, in AnswerDelta delta, bool isFirst);

    /// <summary>Log-probabilities of tokens.</summary>
    /// <param name="json">Within a choice.</param>
    /// <param name="tokens">The tokens in order.</param>
    /// <param name="top">Rivals of each that are told, where as many are known.</param>
    /// <param name="tokenizer">Their texts.</param>
    /// <param name="offsets">Where tokens begin in the text.</param>
    public abstract void WriteLogProbabilities(
        Utf8JsonWriter json, IReadOnlyList<TokenLogProbabilities> tokens, int top, Tokenizer tokenizer, TextOffsets offsets);

    private sealed class Conversations : CompletionFormat
    {
        public override string Operation => "chat";

        public override bool BeginsWithRole => true;

        public override ReadOnlySpan<byte> WholeObject => "chat.completion"u8;

        public override ReadOnlySpan<byte> PieceObject => "chat.completion.chunk"u8;

        public override void WriteWhole(Utf8JsonWriter json, AnswerParts answer)
        {
            string text = answer.Text;
            string reasoning = answer.Reasoning;
            json.WriteStartObject("message"u8);
            json.WriteString("role"u8, "assistant"u8);
            json.WriteText("content"u8, text.Length == 0 && answer.Calls.Count > 0 ? null : text);
            json.WriteNull("refusal"u8);
            if (reasoning.Length > 0)
            {
                json.WriteString("reasoning_content"u8, reasoning);
            }

            if (answer.Calls.Count > 0)
            {
                json.WriteStartArray("tool_calls"u8);
                foreach (ToolCall call in answer.Calls)
                {
                    json.WriteStartObject();
                    WriteCall(json, call, call.Arguments.GetRawText());
                    json.WriteEndObject();
                }

                json.WriteEndArray();
            }

            json.WriteEndObject();
        }

        public override void WritePiece(Utf8JsonWriter json, in AnswerDelta delta, bool isFirst)
        {
            json.WriteStartObject("delta"u8);
            if (isFirst)
            {
                json.WriteString("role"u8, "assistant"u8);
            }

            switch (delta.Kind)
            {
                case DeltaKind.Text:
                    json.WriteString("content"u8, delta.Text);
                    break;
                case DeltaKind.Reasoning:
                    json.WriteString("reasoning_content"u8, delta.Text);
                    break;
                case DeltaKind.Call or DeltaKind.Arguments:
                    json.WriteStartArray("tool_calls"u8);
                    json.WriteStartObject();
                    json.WriteNumber("index"u8, delta.CallIndex);
                    if (delta.Kind == DeltaKind.Call)
                    {
                        WriteCall(json, delta.Call!, arguments: "");
                    }
                    else
                    {
                        json.WriteStartObject("function"u8);
                        json.WriteString("arguments"u8, delta.Text);
                        json.WriteEndObject();
                    }

                    json.WriteEndObject();
                    json.WriteEndArray();
                    break;
                default:
                    break;
            }

            json.WriteEndObject();
        }

        public override void WriteLogProbabilities(
            Utf8JsonWriter json, IReadOnlyList<TokenLogProbabilities> tokens, int top, Tokenizer tokenizer, TextOffsets offsets)
        {
            json.WriteStartObject("logprobs"u8);
            json.WriteStartArray("content"u8);
            for (int i = 0; i < tokens.Count; i++)
            {
                json.WriteStartObject();
                LogProbabilityJson.WriteToken(json, tokens[i].Chosen, tokenizer);
                json.WriteStartArray("top_logprobs"u8);
                for (int rank = 0; rank < Math.Min(top, tokens[i].Top.Count); rank++)
                {
                    json.WriteStartObject();
                    LogProbabilityJson.WriteToken(json, tokens[i].Top[rank], tokenizer);
                    json.WriteEndObject();
                }

                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteNull("refusal"u8);
            json.WriteEndObject();
        }
    }

    private static void WriteCall(Utf8JsonWriter json, ToolCall call, string arguments)
    {
        json.WriteString("id"u8, call.Id);
        json.WriteString("type"u8, "function"u8);
        json.WriteStartObject("function"u8);
        json.WriteString("name"u8, call.Name);
        json.WriteString("arguments"u8, arguments);
        json.WriteEndObject();
    }

    private sealed class Texts : CompletionFormat
    {
        public override string Operation => "text_completion";

        public override ReadOnlySpan<byte> WholeObject => "text_completion"u8;

        public override ReadOnlySpan<byte> PieceObject => "text_completion"u8;

        public override void WriteWhole(Utf8JsonWriter json, AnswerParts answer) => json.WriteString("text"u8, answer.Text);

        public override void WritePiece(Utf8JsonWriter json, in AnswerDelta delta, bool isFirst) => json.WriteString("text"u8, delta.Text);

        public override void WriteLogProbabilities(
            Utf8JsonWriter json, IReadOnlyList<TokenLogProbabilities> tokens, int top, Tokenizer tokenizer, TextOffsets offsets) =>
            LogProbabilityJson.WriteLists(json, tokens, top, tokenizer, offsets);
    }
}
