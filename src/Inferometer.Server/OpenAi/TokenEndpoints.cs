using System.Text;
using System.Text.Json;
using Inferometer.Core;
using Inferometer.ModelFiles.Templates;
using Inferometer.ModelFiles.Tokenization;
using Inferometer.Server.Generation;
using Inferometer.Server.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Inferometer.Server.OpenAi;

/// <summary>
/// <c>/tokenize</c>, <c>/detokenize</c> and <c>/tokenizer_info</c>, with vLLM's fields; llama.cpp's <c>content</c> stands for
/// <c>prompt</c>.
/// </summary>
internal sealed class TokenEndpoints(ModelService service) : IEndpointGroup
{
    private static readonly string[] OfConversations =
        ["tools", "chat_template_kwargs", "add_generation_prompt", "continue_final_message"];

    /// <inheritdoc/>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/tokenize", TokenizeAsync).WithMetadata(ErrorStyle.OpenAi);
        routes.MapPost("/detokenize", DetokenizeAsync).WithMetadata(ErrorStyle.OpenAi);
        routes.MapRead("/tokenizer_info", context => JsonBody.WriteAsync(context, WriteInfo)).WithMetadata(ErrorStyle.OpenAi);
    }

    /// <summary>What a client needs to count and to write prompts itself, in the names of <c>tokenizer_config.json</c>.</summary>
    private void WriteInfo(Utf8JsonWriter json)
    {
        Tokenizer tokenizer = service.Model.Engine.Tokenizer;
        json.WriteStartObject();
        WriteToken("bos_token"u8, tokenizer.BosId);
        WriteToken("eos_token"u8, tokenizer.EosIds.Count > 0 ? tokenizer.EosIds[0] : null);
        WriteToken("pad_token"u8, tokenizer.PadId);
        json.WriteBoolean("add_bos_token"u8, tokenizer.AddsBos);
        json.WriteBoolean("add_eos_token"u8, tokenizer.AddsEos);
        json.WriteNumber("model_max_length"u8, service.Model.Engine.MaxSequenceTokens);
        json.WriteString("chat_template"u8, service.Model.Template.Source);
        json.WriteEndObject();

        void WriteToken(ReadOnlySpan<byte> name, int? id) => json.WriteText(name, id is { } token ? tokenizer.TokenText(token) : null);
    }

    private async Task TokenizeAsync(HttpContext context)
    {
        using JsonDocument body = await RequestReader.ReadAsync(context).ConfigureAwait(false);
        var fields = RequestFields.Of(body.RootElement);
        service.RequireServed(fields);
        bool addSpecial = fields.Flag("add_special_tokens") ?? fields.Flag("add_special") ?? true;
        bool parsesSpecial = fields.Flag("parse_special") ?? true; // llama.cpp's name
        bool withTexts = fields.Flag("return_token_strs") ?? false;
        string? text = fields.Text("prompt") ?? fields.Text("content");
        int[] tokens;
        if (text is not null)
        {
            foreach (string name in OfConversations)
            {
                fields.Refuse(name, "it shapes a conversation, and a text is tokenized as it is; give messages, or leave it out.");
            }

            fields.RequireNothingElse();
            tokens = Encode(text, addSpecial, parsesSpecial);
        }
        else
        {
            (bool addPrompt, bool continues) = CompletionReader.EndOfChat(fields);
            var shape = AnswerShape.Read(fields, service.Format);
            List<ChatTurn> turns = fields.TryGet("messages", out _) ? Conversation.Read(fields, service.Format)
                : throw fields.Wrong("prompt", "a string; or give messages");
            fields.RequireNothingElse();
            tokens = shape.Plan(service, turns, addPrompt, addSpecial, continues).PromptTokens;
        }

        await JsonBody.WriteAsync(context, json => WriteTokens(json, tokens, withTexts)).ConfigureAwait(false);
    }

    private async Task DetokenizeAsync(HttpContext context)
    {
        using JsonDocument body = await RequestReader.ReadAsync(context).ConfigureAwait(false);
        var fields = RequestFields.Of(body.RootElement);
        service.RequireServed(fields);
        Tokenizer tokenizer = service.Model.Engine.Tokenizer;
        string allowed = FormattableString.Invariant($"a list of token ids from 0 to {tokenizer.VocabularySize - 1}");
        if (!fields.TryGet("tokens", out JsonElement list) || list.ValueKind != JsonValueKind.Array)
        {
            throw fields.Wrong("tokens", allowed);
        }

        fields.RequireNothingElse();
        int[] ids =
        [
            .. list.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out int id)
                && id >= 0 && id < tokenizer.VocabularySize ? id : throw fields.Wrong("tokens", allowed)),
        ];
        string text = tokenizer.Decode(ids, includeControl: true);
        await JsonBody.WriteAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteString("prompt"u8, text);
            json.WriteEndObject();
        }).ConfigureAwait(false);
    }

    private int[] Encode(string text, bool addSpecial, bool parsesSpecial)
    {
        try
        {
            return service.Model.Engine.Tokenizer.EncodePrompt(text, addSpecial, parsesSpecial);
        }
        catch (InferometerException error)
        {
            throw ApiException.Invalid("prompt", service.Model.Public(error.Message));
        }
    }

    private void WriteTokens(Utf8JsonWriter json, int[] tokens, bool withTexts)
    {
        json.WriteStartObject();
        json.WriteNumber("count"u8, tokens.Length);
        json.WriteNumber("max_model_len"u8, service.Model.Engine.MaxSequenceTokens);
        json.WriteStartArray("tokens"u8);
        foreach (int token in tokens)
        {
            json.WriteNumberValue(token);
        }

        json.WriteEndArray();
        if (withTexts)
        {
            json.WriteStartArray("token_strs"u8);
            foreach (int token in tokens)
            {
                json.WriteStringValue(Encoding.UTF8.GetString(service.Model.Engine.Tokenizer.TokenBytes(token)));
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }
}
