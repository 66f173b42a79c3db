using System.Text;
using System.Text.Json;
using Inferometer.Core;
using Inferometer.ModelFiles.Fuzzing;
using Inferometer.Server.Generation;
using Inferometer.Server.Metrics;
using Inferometer.Server.Ollama;
using Inferometer.Server.OpenAi;
using Inferometer.Server.Wire;

namespace Inferometer.Server.Fuzzing;

/// <summary>
/// The readers of requests for answers: read, checked and made into a prompt of the model; none is answered. Dispose it after its last use.
/// </summary>
public sealed class RequestTargets : IDisposable
{
    private readonly Lazy<(ModelService Service, ServerMetrics Metrics, Telemetry Telemetry, ServerState State)> _parts;

    /// <summary>Targets over a model.</summary>
    /// <param name="load">Loads it, once, when a request is first read.</param>
    public RequestTargets(Func<ServedModel> load) => _parts = new(() =>
    {
        ServedModel model = load();
        Telemetry telemetry = new();
        ServerMetrics metrics = new(model.Engine, 0, model.Name, predictions: null, telemetry);
        ServerState state = new();
        return (new ModelService(model, new ReplicaSet([metrics]), new ServerLimits(), state, cache: null), metrics, telemetry, state);
    });

    /// <summary>OpenAI's chat, completions and responses, Ollama's chat and generate: the first byte says which.</summary>
    public FuzzTarget Requests => new("requests", SeedsOfLoaded, Read) { AllocationFactor = 4096 }; // schemas and grammars are compiled

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_parts.IsValueCreated)
        {
            _parts.Value.Metrics.Dispose();
            _parts.Value.Telemetry.Dispose();
            _parts.Value.State.Dispose();
            _parts.Value.Service.Model.Engine.Dispose();
        }
    }

    private byte[][] SeedsOfLoaded()
    {
        _ = _parts.Value; // so that no input is blamed for what loading takes
        return Seeds();
    }

    private static byte[][] Seeds() =>
    [
        Seed('0', """
            {"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":[{"type":"text","text":"Hi 🙂"}]},{"role":"assistant","content":"Hello."},{"role":"user","content":"And now?"}],
            "temperature":0.5,"top_p":0.9,"top_k":20,"min_p":0.05,"seed":7,"stop":["\n\n","END"],"max_completion_tokens":20,"n":2,"logprobs":true,"top_logprobs":3,"presence_penalty":0.1,
            "frequency_penalty":0.1,"logit_bias":{"5":-100},"stream":true,"stream_options":{"include_usage":true},"user":"u"}
            """),
        Seed('0', """
            {"messages":[{"role":"user","content":"A person"}],"response_format":{"type":"json_schema","json_schema":{"name":"p","strict":true,"schema":{"type":"object",
            "properties":{"name":{"type":"string","maxLength":9},"age":{"type":"integer","minimum":0}},"required":["name"],"additionalProperties":false}}}}
            """),
        Seed('1', """{"prompt":["Once upon","a time"],"max_tokens":5,"logprobs":2,"temperature":0,"ignore_eos":true,"repetition_penalty":1.1,"stop_token_ids":[3]}"""),
        Seed('1', """{"prompt":[1,2,3],"max_tokens":1,"grammar":"root ::= \"yes\" | \"no\""}"""),
        Seed('2', """
            {"input":[{"role":"user","content":[{"type":"input_text","text":"Hi"}]},{"type":"message","role":"assistant","content":[{"type":"output_text","text":"Yes?"}]},{"role":"user","content":"Go on"}],
            "instructions":"Be kind.","max_output_tokens":32,"temperature":0.3,"text":{"format":{"type":"json_object"}},"store":false,"metadata":{"a":"b"}}
            """),
        Seed('3', """{"messages":[{"role":"user","content":"Hi"}],"options":{"temperature":0.2,"num_predict":5,"top_k":10,"seed":1,"stop":["x"]},"format":"json","stream":false,"keep_alive":"5m"}"""),
        Seed('4', """{"prompt":"Why?","system":"Be brief.","options":{"num_predict":3},"raw":false,"format":{"type":"array","items":{"enum":["a","b"]}}}"""),
    ];

    private static byte[] Seed(char route, string body) => Encoding.UTF8.GetBytes(route + body);

    private void Read(byte[] input)
    {
        ModelService service = _parts.Value.Service;
        try
        {
            using JsonDocument body = RequestReader.RequireText(
                JsonDocument.Parse(input.AsMemory(Math.Min(1, input.Length)), RequestReader.Options));
            object read = (input[0] % 5) switch // '0' leaves 3
            {
                3 => CompletionReader.ReadChat(body.RootElement, service),
                4 => CompletionReader.ReadText(body.RootElement, service),
                0 => ResponseRequest.Read(body.RootElement, service),
                1 => OllamaRequest.ReadChat(body.RootElement, service),
                _ => OllamaRequest.ReadGenerate(body.RootElement, service),
            };
            GC.KeepAlive(read);
        }
        catch (Exception error) when (error is ApiException or JsonException)
        {
            throw new InferometerException(error.Message, error); // what the client is told
        }
    }
}
