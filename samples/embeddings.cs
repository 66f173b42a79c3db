#:project ../src/Inferometer.Inference
#:package System.Numerics.Tensors
using System.Numerics.Tensors;
using Inferometer.Inference.Engine;

// One vector per text: the mean of the last layer's states, scaled to length 1.
using InferenceEngine engine = InferenceEngine.Load("assets/models/tales-5m-q8_0.gguf");
float[] wolf = await engine.EmbedAsync("The wolf ran through the forest.");
foreach (string text in (string[])["A wolf was running in the wood.", "She counted the money twice."])
{
    float[] other = await engine.EmbedAsync(text);
    Console.WriteLine($"{TensorPrimitives.CosineSimilarity(wolf, other):0.000}  {text}");
}
