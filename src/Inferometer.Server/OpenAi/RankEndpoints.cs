using System.Text.Json;
using Inferometer.Server.Generation;
using Inferometer.Server.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Inferometer.Server.OpenAi;

/// <summary>
/// <c>/v1/rerank</c> as Jina and vLLM have it: texts in the order in which they answer a question; <c>/v1/score</c> as vLLM has it: the
/// score of each pair of texts.
/// </summary>
internal sealed class RankEndpoints(ModelService service) : IEndpointGroup
{
    private const int MostTexts = 1024;

    /// <inheritdoc/>
    public void Map(IEndpointRouteBuilder routes)
    {
        foreach (string route in (ReadOnlySpan<string>)["/v1/rerank", "/rerank", "/v2/rerank"])
        {
            routes.MapPost(route, RankAsync).WithMetadata(ErrorStyle.OpenAi);
        }

        foreach (string route in (ReadOnlySpan<string>)["/v1/score", "/score"])
        {
            routes.MapPost(route, ScoreAsync).WithMetadata(ErrorStyle.OpenAi);
        }
    }

    private async Task RankAsync(HttpContext context)
    {
        string query;
        string[] documents;
        string? instruction;
        int? most;
        bool returnsTexts;
        using (JsonDocument body = await RequestReader.ReadAsync(context).ConfigureAwait(false))
        {
            var fields = RequestFields.Of(body.RootElement);
            service.RequireServed(fields);
            query = fields.Text("query") ?? throw fields.Wrong("query", "a string");
            documents = Texts(fields, "documents", takesObjects: true);
            instruction = fields.Text("instruction");
            most = fields.Count("top_n", 1);
            returnsTexts = fields.Flag("return_documents") ?? true;
            fields.Ignore("user");
            fields.RequireNothingElse();
        }

        float[] scores = await service.EachAsync(
            documents.Length, (i, token) => service.ScoreAsync(query, documents[i], instruction, token), context.RequestAborted)
            .ConfigureAwait(false);
        int tokens = documents.Sum(document => service.Model.Engine.RankPrompt(query, document, instruction).Length);
        int[] order = [.. Enumerable.Range(0, scores.Length).OrderByDescending(i => scores[i]).Take(most ?? int.MaxValue)];
        await JsonBody.WriteAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteString("id"u8, "rerank-" + context.TraceIdentifier);
            json.WriteString("model"u8, service.Model.Name);
            WriteUsage(json, tokens);
            json.WriteStartArray("results"u8);
            foreach (int i in order)
            {
                json.WriteStartObject();
                json.WriteNumber("index"u8, i);
                if (returnsTexts)
                {
                    json.WriteStartObject("document"u8);
                    json.WriteString("text"u8, documents[i]);
                    json.WriteEndObject();
                }

                json.WriteNumber("relevance_score"u8, scores[i]);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }).ConfigureAwait(false);
    }

    private async Task ScoreAsync(HttpContext context)
    {
        string[] first, second;
        string? instruction;
        using (JsonDocument body = await RequestReader.ReadAsync(context).ConfigureAwait(false))
        {
            var fields = RequestFields.Of(body.RootElement);
            service.RequireServed(fields);
            first = Texts(fields, "text_1", takesObjects: false);
            second = Texts(fields, "text_2", takesObjects: false);
            instruction = fields.Text("instruction");
            if (first.Length != 1 && first.Length != second.Length)
            {
                throw fields.Wrong("text_1", FormattableString.Invariant($"one text, or as many as text_2 has ({second.Length})"));
            }

            fields.Ignore("user", "encoding_format");
            fields.RequireNothingElse();
        }

        string One(int i) => first.Length == 1 ? first[0] : first[i];
        float[] scores = await service.EachAsync(
            second.Length, (i, token) => service.ScoreAsync(One(i), second[i], instruction, token), context.RequestAborted)
            .ConfigureAwait(false);
        int tokens = Enumerable.Range(0, second.Length).Sum(i => service.Model.Engine.RankPrompt(One(i), second[i], instruction).Length);
        await JsonBody.WriteAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteString("id"u8, "score-" + context.TraceIdentifier);
            json.WriteString("object"u8, "list"u8);
            json.WriteNumber("created"u8, DateTimeOffset.UtcNow.ToUnixTimeSeconds());
            json.WriteString("model"u8, service.Model.Name);
            json.WriteStartArray("data"u8);
            for (int i = 0; i < scores.Length; i++)
            {
                json.WriteStartObject();
                json.WriteNumber("index"u8, i);
                json.WriteString("object"u8, "score"u8);
                json.WriteNumber("score"u8, scores[i]);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            WriteUsage(json, tokens);
            json.WriteEndObject();
        }).ConfigureAwait(false);
    }

    private static void WriteUsage(Utf8JsonWriter json, int tokens)
    {
        json.WriteStartObject("usage"u8);
        json.WriteNumber("prompt_tokens"u8, tokens);
        json.WriteNumber("total_tokens"u8, tokens);
        json.WriteEndObject();
    }

    /// <summary>A text or a list of texts; Jina's clients may send objects with a text each.</summary>
    private static string[] Texts(RequestFields fields, string name, bool takesObjects)
    {
        string allowed = FormattableString.Invariant($"a string, or a list of 1 to {MostTexts} strings");
        if (!fields.TryGet(name, out JsonElement value))
        {
            throw fields.Wrong(name, allowed);
        }

        JsonElement[] items = value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : [value];
        return items.Length is 0 or > MostTexts ? throw fields.Wrong(name, allowed) : [.. items.Select(item =>
        {
            JsonElement text = takesObjects && item.ValueKind == JsonValueKind.Object && item.TryGetProperty("text", out JsonElement inner)
                ? inner : item;
            return text.ValueKind == JsonValueKind.String ? fields.StringOf(text, name) : throw fields.Wrong(name, allowed);
        })];
    }
}
