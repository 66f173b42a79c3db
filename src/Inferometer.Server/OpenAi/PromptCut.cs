using Inferometer.Core;
using Inferometer.Inference.Engine;
using Inferometer.Server.Generation;
using Inferometer.Server.Wire;

namespace Inferometer.Server.OpenAi;

/// <summary>How much of a prompt is used, as vLLM's <c>truncate_prompt_tokens</c> has it.</summary>
/// <param name="Tokens">Tokens that are used; null = all.</param>
/// <param name="KeepsFirst">Whether those are its first ones rather than its last.</param>
internal sealed record PromptCut(int? Tokens, bool KeepsFirst)
{
    private const string Name = "truncate_prompt_tokens";
    private const string SideName = "truncation_side";

    /// <summary>Reads it.</summary>
    /// <param name="fields">The request.</param>
    /// <param name="service">The model.</param>
    /// <param name="limit">Longest answer; null = as long as fits.</param>
    /// <param name="isChat">Whether the prompt is a conversation, whose end makes the model answer.</param>
    /// <exception cref="ApiException">It is none that is done.</exception>
    public static PromptCut Read(RequestFields fields, ModelService service, int? limit, bool isChat)
    {
        int? tokens = fields.Count(Name, -1);
        bool keepsFirst = fields.Text(SideName) switch
        {
            null or "left" => false,
            "right" when !isChat => true,
            "right" => throw ApiException.Unsupported(SideName, "a conversation is cut at its beginning; its end asks for the answer."),
            _ => throw fields.Wrong(SideName, "\"left\" or \"right\", the side that is cut"),
        };
        if (tokens is 0)
        {
            throw fields.Wrong(Name, "1 or more, or -1 for as many as fit the context");
        }

        // -1: what the context holds beside the answer.
        return new PromptCut(tokens is -1 ? Math.Max(1, service.Model.Engine.MaxSequenceTokens - (limit ?? 1)) : tokens, keepsFirst);
    }

    /// <summary>The request with its prompt cut, in tokens where that is needed.</summary>
    /// <exception cref="ApiException">The prompt cannot be tokenized.</exception>
    public GenerationRequest Apply(GenerationRequest request, ModelService service)
    {
        if (Tokens is not { } most)
        {
            return request;
        }

        GenerationRequest inTokens = InTokens(request, service);
        ReadOnlyMemory<int> tokens = inTokens.PromptTokens;
        return tokens.Length <= most ? request : inTokens with { PromptTokens = KeepsFirst ? tokens[..most] : tokens[^most..] };
    }

    /// <summary>The request with its prompt in tokens.</summary>
    /// <exception cref="ApiException">The prompt cannot be tokenized.</exception>
    public static GenerationRequest InTokens(GenerationRequest request, ModelService service)
    {
        if (request.Prompt is not { } text)
        {
            return request;
        }

        try
        {
            int[] tokens = service.Model.Engine.Tokenizer.EncodePrompt(text, request.AddSpecialTokens, request.ParseSpecialTokens);
            return tokens.Length == 0 ? request : request with { Prompt = null, PromptTokens = tokens };
        }
        catch (InferometerException error)
        {
            throw ApiException.Invalid("prompt", service.Model.Public(error.Message));
        }
    }
}
