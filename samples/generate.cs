#:project ../src/Inferometer.Inference
using Inferometer.Inference.Engine;
using Inferometer.Inference.Sampling;

// Loads a model and continues a text. What is not said of sampling is as the model's makers recommend.
using InferenceEngine engine = InferenceEngine.Load("assets/models/tales-5m-q8_0.gguf");
GenerationResult result = await engine.GenerateAsync(new GenerationRequest
{
    Prompt = "Once upon a time",
    MaxNewTokens = 24,
    Sampling = new SamplingOptions { Temperature = 0.8f, TopP = 0.95f, Seed = 1 },
});
Console.WriteLine(result.Text);
Console.WriteLine($"{result.Usage.OutputTokens} tokens, ended by {result.FinishReason}");
