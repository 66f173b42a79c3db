using System.Text;
using Inferometer.ModelFiles.Tokenization;

namespace Inferometer.ModelFiles.Templates;

/// <summary>How a question and a text are put before a model that judges whether the text answers it.</summary>
/// <param name="Text">The prompt, with <c>{query}</c>, <c>{document}</c> and, where there may be one, <c>{instruction}</c>.</param>
public sealed record RankTemplate(string Text)
{
    /// <summary>The instruction where a request gives none; that of Qwen3-Reranker's makers.</summary>
    public const string DefaultInstruction = "Given a web search query, retrieve relevant passages that answer the query";

    // Noncharacters: no text means anything by them, so that one is free to stand before what must not become a control token.
    private const char FirstGuard = '\uFDD0', LastGuard = '\uFDEF';

    /// <summary>Qwen3-Reranker's, from its model card.</summary>
    public static RankTemplate Qwen3 { get; } = new(
        "<|im_start|>system\nJudge whether the Document meets the requirements based on the Query and the Instruct provided. "
        + "Note that the answer can only be \"yes\" or \"no\".<|im_end|>\n<|im_start|>user\n<Instruct>: {instruction}\n"
        + "<Query>: {query}\n<Document>: {document}<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n");

    /// <summary>The one that a model carries (a template of the name <c>rerank</c>), else Qwen3-Reranker's where it has ChatML's
    /// marks; null where neither is the case.</summary>
    /// <param name="tokenizer">The model's tokenizer.</param>
    public static RankTemplate? For(Tokenizer tokenizer)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        return tokenizer.ChatTemplates.GetValueOrDefault("rerank") is { } own ? new RankTemplate(own)
            : tokenizer.TryGetId("<|im_start|>", out _) && tokenizer.TryGetId("<|im_end|>", out _) ? Qwen3
            : null;
    }

    /// <summary>The tokens of the prompt. What the texts hold is text, whatever it looks like.</summary>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="query">The question.</param>
    /// <param name="document">The text.</param>
    /// <param name="instruction">What is looked for; null = <see cref="DefaultInstruction"/>. Templates without a place for it ignore
    /// it.</param>
    public int[] Encode(Tokenizer tokenizer, string query, string document, string? instruction = null)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(query);
        ArgumentNullException.ThrowIfNull(document);
        instruction ??= DefaultInstruction;
        char guard = FirstGuard;
        while (guard < LastGuard && (query + document + instruction + Text).Contains(guard, StringComparison.Ordinal))
        {
            guard++;
        }

        // In one pass, so that a text that holds a placeholder is not filled in itself.
        StringBuilder prompt = new();
        (string Mark, string Value)[] places = [("{query}", query), ("{document}", document), ("{instruction}", instruction)];
        for (int at = 0; at < Text.Length;)
        {
            int place = Array.FindIndex(places, one => Text.AsSpan(at).StartsWith(one.Mark, StringComparison.Ordinal));
            prompt.Append(place < 0 ? Text[at].ToString() : tokenizer.Guarded(places[place].Value, guard));
            at += place < 0 ? 1 : places[place].Mark.Length;
        }

        return tokenizer.EncodeGuarded(prompt.ToString(), guard, addSpecial: true);
    }
}
