#:project ../src/Inferometer.Inference
using System.Text.Json;
using Inferometer.Inference.Engine;
using Inferometer.Inference.Sampling;

// The output is one complete JSON object, whatever the model: tokens that would break it are never chosen.
using InferenceEngine engine = InferenceEngine.Load("assets/models/tales-5m-q8_0.gguf");
GenerationResult result = await engine.GenerateAsync(new GenerationRequest
{
    Prompt = "A person as JSON: ",
    MaxNewTokens = 48,
    Sampling = new SamplingOptions { Json = true, Seed = 7 },
});
using JsonDocument document = JsonDocument.Parse(result.Text);
Console.WriteLine(document.RootElement.ValueKind);
