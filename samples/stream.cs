#:project ../src/Inferometer.Inference
using Inferometer.Inference.Engine;

// Several requests at once: they share the steps of one engine and the blocks of a common beginning.
using InferenceEngine engine = InferenceEngine.Load("assets/models/tales-5m-q8_0.gguf");
string[] prompts = ["It was a dark and stormy night", "It was a bright cold day", "It was the best of times"];
await Task.WhenAll(prompts.Select(async prompt =>
{
    await foreach (GenerationUpdate update in engine.StreamAsync(new GenerationRequest { Prompt = prompt, MaxNewTokens = 16 }))
    {
        lock (prompts)
        {
            Console.WriteLine($"{prompt,-31} | {update.Text}");
        }
    }
}));
Console.WriteLine($"{engine.Statistics.MeanBatchSize:0.0} sequences per step");
