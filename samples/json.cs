#:project ../src/Inferometer.Inference
using Inferometer.Inference.Constraints;
using Inferometer.Inference.Engine;
using Inferometer.Inference.Sampling;

// The output fulfils the schema, whatever the model: tokens that would break it are never chosen.
using InferenceEngine engine = InferenceEngine.Load("assets/models/tales-5m-q8_0.gguf");
OutputConstraint person = OutputConstraint.FromJsonSchema("""
    {
      "type": "object",
      "properties": {
        "name": { "type": "string", "pattern": "^[A-Z][a-z]+$", "maxLength": 12 },
        "age": { "type": "integer", "minimum": 0, "maximum": 120 }
      },
      "required": ["name", "age"]
    }
    """);
GenerationResult result = await engine.GenerateAsync(new GenerationRequest
{
    Prompt = "The old man, as JSON: ",
    MaxNewTokens = 48,
    Sampling = new SamplingOptions { Constraint = person, Seed = 7 },
});
Console.WriteLine(result.Text);
