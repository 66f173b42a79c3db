using System.Globalization;
using System.Text.Json.Nodes;
using Inferometer.Core;
using Inferometer.History.Records;
using Inferometer.History.Stores;
using Inferometer.Reports.Runs;
using Inferometer.Server.Simulator;
using Inferometer.Server.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Inferometer.Server.Runs;

/// <summary>
/// <c>/api/v1/runs</c>: runs that were kept, the latest first; one whole; two beside each other. Nothing is written. Names in addresses
/// are looked up in the store, never among files.
/// </summary>
/// <param name="store">Where runs are kept; null = this server shows none.</param>
internal sealed class RunEndpoints(IRunStore? store) : IEndpointGroup
{
    private const int UsualRuns = 200;
    private const int MostRuns = 2000;

    /// <inheritdoc/>
    public void Map(IEndpointRouteBuilder routes)
    {
        Get("/api/v1/runs", (context, runs) => List(context.Request.Query, runs));
        Get("/api/v1/runs/{id}", (context, runs) => RunJson.Of(Found(runs, Value(context, "id")), isWhole: true));
        Get("/api/v1/runs/{id}/diff/{other}", (context, runs) =>
            RunDifference.Json(Found(runs, Value(context, "id")), Found(runs, Value(context, "other"))));

        void Get(string path, Func<HttpContext, IRunStore, JsonObject> answer) => routes.MapRead(path, context =>
        {
            IRunStore runs = store ?? throw NotFound(
                "This server shows no history; start it with --store.", "no_store");
            try
            {
                return SimulatorEndpoints.WriteAsync(context, answer(context, runs).ToJsonString());
            }
            catch (InferometerException error)
            {
                // What the store says of itself, such as its path, is for the log and not for strangers.
                throw ApiException.Internal("The store of runs cannot be read.", error);
            }
        }).WithMetadata(ProblemStyle.Problem);
    }

    private static JsonObject List(IQueryCollection query, IRunStore runs)
    {
        string[] known = ["kind", "arm", "model", "tag", "name", "limit", "skip"];
        if (query.Keys.FirstOrDefault(k => !known.Contains(k, StringComparer.Ordinal)) is { } unknown)
        {
            throw ApiException.Invalid(unknown, $"{unknown}: there is no such field.{NameSuggestion.For(unknown, known)} Allowed: "
                + $"{string.Join(", ", known)}.");
        }

        RunFilter filter = new()
        {
            Kinds = Text(query, "kind") is { } kind ? [Kind(kind)] : [],
            Arm = Text(query, "arm") switch
            {
                null => null,
                "measured" => RunArm.Measured,
                "predicted" => RunArm.Predicted,
                { } arm => throw ApiException.Invalid("arm", $"arm: '{arm}' is not allowed; it must be measured or predicted."),
            },
            Model = Text(query, "model"),
            Tag = Text(query, "tag"),
            Name = Text(query, "name"),
            Limit = Number(query, "limit", 1, MostRuns) ?? UsualRuns,
            Skip = Number(query, "skip", 0, int.MaxValue) ?? 0,
        };
        return new JsonObject
        {
            ["runs"] = new JsonArray([.. runs.List(filter).Select(r => (JsonNode)RunJson.Of(r, isWhole: false))]),
        };
    }

    private static RunKind Kind(string word)
    {
        try
        {
            return RunWords.Kind(word, "kind");
        }
        catch (InferometerException error)
        {
            throw ApiException.Invalid("kind", error.Message);
        }
    }

    // A name, a tag or digits: whether there is such a run is told before its figures are read, so that a damaged store is told apart.
    private static RunRecord Found(IRunStore runs, string text)
    {
        try
        {
            return RunReference.Find(runs, text, "id");
        }
        catch (InferometerException error)
        {
            throw NotFound(
                $"There is no run '{text}', or several begin so; it must be {RunReference.Allowed}.", "not_found", error);
        }
    }

    private static ApiException NotFound(string message, string code, Exception? cause = null) =>
        new(StatusCodes.Status404NotFound, "invalid_request_error", message) { Code = code, Cause = cause };

    private static string Value(HttpContext context, string name) => (string)context.Request.RouteValues[name]!;

    private static string? Text(IQueryCollection query, string name) =>
        query.TryGetValue(name, out var values) && values.ToString() is { Length: > 0 } text ? text : null;

    private static int? Number(IQueryCollection query, string name, int least, int most)
    {
        if (Text(query, name) is not { } text)
        {
            return null;
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value >= least && value <= most
            ? value
            : throw ApiException.Invalid(name, string.Create(
                CultureInfo.InvariantCulture, $"{name}: '{text}' is not allowed; it must be a whole number from {least} to {most}."));
    }
}
