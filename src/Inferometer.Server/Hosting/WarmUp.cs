using System.Text.Json;
using Inferometer.Server.Generation;
using Inferometer.Server.OpenAi;
using Inferometer.Server.Simulator;
using Inferometer.Server.Wire;
using Microsoft.Extensions.Logging;

namespace Inferometer.Server.Hosting;

/// <summary>
/// Does once what first requests would find not compiled and not read yet: a conversation read, written by the template and tokenized, and
/// an estimate that does not fit, with its advice. Nothing of it is counted, and the engine is not asked.
/// </summary>
internal static class WarmUp
{
    private const string LargeModel = "llama-3.1-405b";
    private const string System = "h100";

    /// <summary>Does it. What goes wrong is for the log: a request would tell the same in its own words.</summary>
    /// <param name="simulator">The simulator.</param>
    /// <param name="model">The model; null = none is served.</param>
    /// <param name="logger">Told of faults.</param>
    public static void Run(SimulatorService simulator, ModelService? model, ILogger logger)
    {
        Try(() => Refuse(simulator));
        Try(() =>
        {
            if (model is not null)
            {
                using var body = JsonDocument.Parse(
                    """{"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Good morning."}],"stream":true}""");
                _ = CompletionReader.ReadChat(body.RootElement, model);
            }
        });

        void Try(Action part)
        {
            try
            {
                part();
            }
            catch (Exception error)
            {
                ServerLog.NotWarm(logger, error.Message);
            }
        }
    }

    private static void Refuse(SimulatorService simulator)
    {
        string? model = (simulator.Catalogs.Models.TryFind(LargeModel) ?? simulator.Catalogs.Models.Models.FirstOrDefault())?.Name;
        string? system = simulator.Catalogs.Hardware.TryFind(System)?.Name
            ?? simulator.Catalogs.Hardware.Systems.FirstOrDefault()?.System.Name;
        if (model is null || system is null)
        {
            return; // catalogs of one's own may be empty
        }

        JsonElement body = JsonBody.Element(json =>
        {
            json.WriteString("model"u8, model);
            json.WriteString("on"u8, system);
        });
        try
        {
            _ = simulator.Estimate(body).ToJson();
        }
        catch (DoesNotFitException refusal)
        {
            _ = refusal.Message.Length; // with its advice
        }
    }
}
