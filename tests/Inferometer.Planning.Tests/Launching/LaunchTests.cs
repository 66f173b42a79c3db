using Inferometer.Core;
using Inferometer.Core.Catalog;
using Inferometer.Core.Deployments;
using Inferometer.Planning.Deployments;
using Inferometer.Planning.Launching;
using Inferometer.Planning.Programs;

namespace Inferometer.Planning.Tests.Launching;

public sealed class LaunchTests
{
    [Fact]
    public void Vllm_is_told_degrees_formats_and_limits()
    {
        LaunchCommand command = LaunchCommand.Of(Deployment("vllm", new Parallelism(4), "fp8", "fp8"), Of("org/model"), 4096);
        Assert.Equal(
            ["vllm", "serve", "org/model", "--tensor-parallel-size", "4", "--max-num-seqs", "64", "--max-num-batched-tokens", "2048",
                "--max-model-len", "4096", "--quantization", "fp8", "--kv-cache-dtype", "fp8", "--port", "8000"],
            command.Arguments);
        Assert.Equal(
            "--max-model-len is the longest request of the question, 4096 tokens: raise it where longer ones come.",
            Assert.Single(command.Notes));
    }

    [Fact]
    public void Each_framework_has_words_for_ranks_that_share_experts()
    {
        Parallelism ranks = new(1, 1, 8, 8, AttentionDataParallel: true);
        Assert.Contains("--enable-expert-parallel", LaunchCommand.Of(Deployment("vllm", ranks), Of("m"), 4096).Arguments);
        Assert.Contains("--enable-dp-attention", LaunchCommand.Of(Deployment("sglang", ranks), Of("m"), 4096).Arguments);
        LaunchCommand trt = LaunchCommand.Of(Deployment("trtllm", ranks, "published", "fp8"), Of("m"), 4096);
        Assert.Equal(["kv_cache_config:", "  dtype: fp8", "enable_attention_dp: true"], trt.ConfigLines);
        Assert.Contains("--config config.yaml", trt.ToShell(), StringComparison.Ordinal);
    }

    [Fact]
    public void Llama_cpp_is_given_a_file_and_the_whole_cache()
    {
        LaunchCommand command = LaunchCommand.Of(Deployment("llama.cpp", new Parallelism(1), "q4_k_m", "published"), Of("org/Model"), 4096);
        Assert.Contains("Model.q4_k_m.gguf", command.Arguments);
        Assert.Contains($"{64 * 4096}", command.Arguments);
        Assert.Contains("checkpoint of org/Model in q4_k_m", Assert.Single(command.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void Words_with_quotes_are_quoted_for_a_shell()
    {
        string shell = LaunchCommand.Of(Deployment("vllm", new Parallelism(2)) with { IsDisaggregated = true }, Of("m"), 4096,
            "decode").ToShell();
        Assert.Contains("'{\"kv_connector\":\"NixlConnector\",\"kv_role\":\"kv_both\"}'", shell, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("vllm", "vllm-router", "--prefill http://prefill-0:8000", "--decode http://decode-1:8000")]
    [InlineData(
        "sglang", "python3 -m sglang_router.launch_router", "--prefill http://prefill-0:30000 8998", "--decode http://decode-1:30000")]
    public void A_router_is_told_every_replica(string framework, string program, string prefill, string decode)
    {
        Deployment deployment = Deployment(framework, new Parallelism(2)) with { IsDisaggregated = true };
        string shell = RouterCommand.Of(deployment, new ReplicaCount(3, 1), (role, i) => $"{role}-{i}").ToString();
        Assert.Contains($"\n{program} ", shell, StringComparison.Ordinal);
        Assert.Contains($"  {prefill} \\\n", shell, StringComparison.Ordinal);
        Assert.Contains($"  {decode} \\\n", shell, StringComparison.Ordinal);
        Assert.Equal(1, Count(shell, "--prefill "));
        Assert.Equal(2, Count(shell, "--decode "));
        Assert.DoesNotContain("{", shell, StringComparison.Ordinal);
    }

    [Fact]
    public void Who_can_be_told_a_role_has_a_router() =>
        Assert.All(ServingPrograms.All, p => Assert.Equal(p.CanSeparate, p.Router is not null));

    [Fact]
    public void A_router_is_told_over_how_many_devices_attention_is_spread()
    {
        Parallelism spread = new(1, 1, 4, 4, true);
        Deployment deployment = Deployment("vllm", spread) with { IsDisaggregated = true };
        RouterCommand command = RouterCommand.Of(deployment, new ReplicaCount(2, 1), (role, i) => $"{role}-{i}");
        Assert.Equal("4", command.Arguments[command.Arguments.ToList().IndexOf("--intra-node-data-parallel-size") + 1]);
    }

    [Fact]
    public void What_a_program_cannot_be_told_is_refused()
    {
        Assert.Contains("KV cache", Fails(Deployment("vllm", new Parallelism(1), "fp8", "q4")), StringComparison.Ordinal);
        Assert.Contains(
            "prefill",
            Assert.Throws<InferometerException>(() =>
                LaunchCommand.Of(Deployment("trtllm", new Parallelism(1)), Of("m"), 1, "prefill")).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void In_an_image_a_program_is_named_by_where_it_lies_in_it()
    {
        Deployment deployment = Deployment("llama.cpp", new Parallelism(1), "q4_k_m", "published");
        string manifest = KubernetesManifest.Of(deployment, new ReplicaCount(1), Of("org/Model"), 4096);
        Assert.Contains("- '/app/llama-server'\n", manifest, StringComparison.Ordinal);
        Assert.DoesNotContain("- 'llama-server'", manifest, StringComparison.Ordinal);
        Assert.Equal("llama-server", LaunchCommand.Of(deployment, Of("org/Model"), 4096).Arguments[0]);
        string vllm = KubernetesManifest.Of(Deployment("vllm", new Parallelism(1)), new ReplicaCount(1), Of("org/Model"), 4096);
        Assert.Contains("- 'vllm'\n", vllm, StringComparison.Ordinal);
    }

    [Fact]
    public void A_manifest_has_a_workload_and_a_service_for_each_role()
    {
        string one = KubernetesManifest.Of(Deployment("vllm", new Parallelism(4)), new ReplicaCount(3), Of("Org/Model-8B"), 4096);
        Assert.Equal(2, Count(one, "apiVersion:"));
        Assert.Contains("  replicas: 3\n", one, StringComparison.Ordinal);
        Assert.Contains("nvidia.com/gpu: 4", one, StringComparison.Ordinal);
        Assert.Contains("name: model-8b\n", one, StringComparison.Ordinal);
        string apart = KubernetesManifest.Of(
            Deployment("vllm", new Parallelism(1)) with { IsDisaggregated = true }, new ReplicaCount(5, 3), Of("Org/Model-8B"), 4096);
        Assert.Equal(6, Count(apart, "apiVersion:"));
        Assert.Equal(2, Count(apart, "kind: StatefulSet\n"));
        Assert.Equal(2, Count(apart, "  clusterIP: None\n"));
        Assert.Equal(2, Count(apart, "- name: VLLM_NIXL_SIDE_CHANNEL_HOST\n"));
        Assert.Equal(
            [0, 1, 2],
            Enumerable.Range(0, 4).Where(i => apart.Contains(
                $"- '--prefill'\n            - 'http://model-8b-prefill-{i}.model-8b-prefill:8000'\n", StringComparison.Ordinal)));
        Assert.Equal(
            [0, 1],
            Enumerable.Range(0, 4).Where(i => apart.Contains(
                $"- '--decode'\n            - 'http://model-8b-decode-{i}.model-8b-decode:8000'\n", StringComparison.Ordinal)));
        const string Front = "  name: model-8b\nspec:\n  selector:\n    app: model-8b\n  ports:\n    - port: 80\n      targetPort: 30000\n";
        Assert.EndsWith(Front, apart, StringComparison.Ordinal);
        Assert.Equal(2, Count(apart, "- name: HF_TOKEN\n"));
        Assert.Equal(2, Count(apart, "kubectl create secret generic hf-token "));
        Assert.Contains(
            "a pod is on one node",
            Assert.Throws<InferometerException>(() => KubernetesManifest.Of(
                Deployment("vllm", new Parallelism(8, 2)), new ReplicaCount(1), Of("m"), 4096)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_compose_file_has_a_service_with_devices_and_a_port_of_its_own_for_each_replica()
    {
        string file = ComposeFile.Of(Deployment("vllm", new Parallelism(2)), new ReplicaCount(3), Of("Org/Model-8B"), 4096);
        string[] lines = [.. file.Split('\n', StringSplitOptions.TrimEntries)];
        Assert.Equal(["model-8b-1:", "model-8b-2:", "model-8b-3:"], lines.Where(l => l.StartsWith("model-8b-", StringComparison.Ordinal)));
        Assert.Equal(
            ["device_ids: ['0', '1']", "device_ids: ['2', '3']", "device_ids: ['4', '5']"],
            lines.Where(l => l.StartsWith("device_ids", StringComparison.Ordinal)));
        Assert.Equal(["- '8000:8000'", "- '8001:8000'", "- '8002:8000'"], lines.Where(l => l.EndsWith(":8000'", StringComparison.Ordinal)));
        Assert.Contains("- '--tensor-parallel-size'", lines);
        Deployment single = Deployment("trtllm", new Parallelism(1), "published", "fp8");
        string one = ComposeFile.Of(single, new ReplicaCount(1), Of("m"), 4096);
        Assert.Contains("      - source: serving\n        target: /etc/serving/config.yaml\n", one, StringComparison.Ordinal);
        const string Configs = "configs:\n  serving:\n    content: |\n      kv_cache_config:\n        dtype: fp8\n";
        Assert.EndsWith(Configs, one, StringComparison.Ordinal);
    }

    [Fact]
    public void What_takes_more_than_one_machine_or_a_router_is_no_compose_file()
    {
        Assert.Contains(
            "a compose file is for one machine",
            Assert.Throws<InferometerException>(() => ComposeFile.Of(
                Deployment("vllm", new Parallelism(4)), new ReplicaCount(3), Of("m"), 4096)).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "--modes aggregated",
            Assert.Throws<InferometerException>(() => ComposeFile.Of(
                Deployment("vllm", new Parallelism(1)) with { IsDisaggregated = true }, new ReplicaCount(2, 1), Of("m"), 4096)).Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("vllm", "/health", 8000)]
    [InlineData("sglang", "/health", 30000)]
    [InlineData("trtllm", "/health", 8000)]
    [InlineData("llama.cpp", "/health", 8080)]
    public void A_manifest_asks_where_the_catalog_says_that_readiness_is_told(string framework, string path, int port)
    {
        ServingProgram program = ServingPrograms.Find(framework, "test");
        string manifest = KubernetesManifest.Of(Deployment(framework, new Parallelism(1)), new ReplicaCount(1), Of("org/Model"), 4096);
        Assert.Equal((path, port), (program.Health, program.Port));
        string[] lines = [.. manifest.Split('\n', StringSplitOptions.TrimEntries)];
        int probe = Array.IndexOf(lines, "readinessProbe:");
        Assert.Equal(["httpGet:", $"path: {path}", FormattableString.Invariant($"port: {port}")], lines[(probe + 1)..(probe + 4)]);
        Assert.Contains(FormattableString.Invariant($"timeoutSeconds: {program.HealthTimeoutSeconds}"), lines);
        Assert.Contains($"          image: {program.Images["NVIDIA"]}\n", manifest, StringComparison.Ordinal);
        Assert.All(lines, line => Assert.InRange(line.Length, 0, 120));
        string whole = manifest.Replace("\n#   ", " ", StringComparison.Ordinal);
        Assert.Contains($"# image: {program.ImageSource}\n", whole, StringComparison.Ordinal);
        Assert.Contains($"# readiness: {program.HealthSource}\n", whole, StringComparison.Ordinal);
    }

    // Its answer waits for a token, a second at least, which is as long as Kubernetes waits for any where nothing is said.
    [Fact]
    public void Sglang_is_given_the_time_that_its_answer_takes() =>
        Assert.True(ServingPrograms.Find("sglang", "test").HealthTimeoutSeconds > 20);

    [Fact]
    public void Every_program_belongs_to_a_framework_and_names_its_source()
    {
        Assert.All(ServingPrograms.All, p => Assert.True(p.HealthSource.Length > 20 && p.ImageSource.Length > 20, p.Framework));
        Assert.Equal(
            FrameworkCatalog.All.Where(f => f.IsServer).Select(f => f.Name).Where(name => name is not ("inferometer" or "inferometer-gpu"))
                .Order(StringComparer.Ordinal),
            ServingPrograms.All.Select(p => p.Framework).Order(StringComparer.Ordinal));
        Assert.All(ServingPrograms.All, p => Assert.True(p.Source.Length > 20 && p.Version.Length > 0));
        Assert.All(ServingPrograms.All, p => Assert.Equal(p.Sequences.Order(), p.Sequences));
        Assert.All(
            ServingPrograms.All.SelectMany(p => p.Weights).Where(w => w.Name is not "published"),
            w => Assert.NotNull(Core.Weights.WeightFormats.TryFind(w.Name, "catalog/launch")));
    }

    // What converts weights loads them as they are published: they must fit before they are narrower.
    [Theory]
    [InlineData("vllm", "llama-3.3-70b", 1, false)]
    [InlineData("sglang", "llama-3.3-70b", 1, false)]
    [InlineData("vllm", "llama-3.3-70b", 2, true)]
    [InlineData("vllm", "llama-3.1-8b", 1, true)]
    public void Weights_are_converted_where_the_published_ones_fit(string framework, string model, int devices, bool fit)
    {
        Checkpoint checkpoint = Checkpoint.Of(Sample.Catalogs.Models, model, "fp8");
        Assert.False(checkpoint.IsInFormat);
        Assert.Equal(model is "llama-3.1-8b" ? 16.06e9 : 141.1e9, checkpoint.Bytes, 0.1e9); // two bytes a parameter
        LaunchCommand command = LaunchCommand.Of(Deployment(framework, new Parallelism(devices), "fp8"), checkpoint, 4096);
        Assert.Equal(fit, command.Arguments.Contains("--quantization"));
        Assert.Equal(fit, !command.Notes.Any(n => n.Contains("checkpoint", StringComparison.Ordinal)));
        Assert.Equal(fit, !command.Arguments.Contains("path/to/Llama-3.3-70B-Instruct-fp8"));
        if (!fit)
        {
            Assert.Matches(
                "take 141.1 GB of a device's [0-9.]+: give it a checkpoint of meta-llama/Llama-3.3-70B-Instruct in fp8", command.Notes[0]);
        }
    }

    [Theory]
    [InlineData("vllm")]
    [InlineData("trtllm")]
    public void A_checkpoint_in_the_format_is_named_where_the_catalog_has_one(string framework)
    {
        Checkpoint checkpoint = Checkpoint.Of(Sample.Catalogs.Models, "qwen3-32b", "fp8");
        Assert.Equal(("Qwen/Qwen3-32B-FP8", true), (checkpoint.Name, checkpoint.IsInFormat));
        Assert.InRange(checkpoint.Bytes, 32e9, 36e9);
        LaunchCommand command = LaunchCommand.Of(Deployment(framework, new Parallelism(1), "fp8"), checkpoint, 4096);
        Assert.Contains("Qwen/Qwen3-32B-FP8", command.Arguments);
        Assert.DoesNotContain("--quantization", command.Arguments);
        Assert.DoesNotContain(command.Notes, n => n.Contains("checkpoint", StringComparison.Ordinal));
        Assert.Equal("Qwen/Qwen3-32B", Checkpoint.Of(Sample.Catalogs.Models, "qwen3-32b", "published").Name);
    }

    [Theory]
    [InlineData("t4", "vllm", "llama-3.1-8b", false)]
    [InlineData("t4", "sglang", "llama-3.1-8b", false)]
    [InlineData("a100_sxm_80gb", "vllm", "llama-3.1-8b", true)]
    [InlineData("a100_sxm_80gb", "trtllm", "llama-3.1-8b", false)]
    [InlineData("l4", "trtllm", "llama-3.1-8b", true)]
    public void Fp8_is_looked_at_on_devices_for_which_the_program_has_kernels(string system, string framework, string model, bool runs)
    {
        SystemChoice on = Sample.On(system);
        DeploymentShape[] shapes =
        [
            .. ShapeEnumeration.Of(
                model, Sample.Catalogs.Models.Resolve(model), new SearchSpace { Systems = [on], Frameworks = [framework] }, [on]),
        ];
        Assert.NotEmpty(shapes);
        Assert.Equal(runs, shapes.Any(s => s.Weights is "fp8"));
        Assert.Equal(runs, shapes.Any(s => s.KvCache is "fp8"));
        Assert.Equal(runs, ShapeEnumeration.Of(
            "qwen3-8b-fp8", Sample.Catalogs.Models.Resolve("qwen3-8b-fp8"), new SearchSpace { Systems = [on], Frameworks = [framework] },
            [on]).Any());
    }

    private static Checkpoint Of(string name) => new() { Name = name, Bytes = 16e9 };

    private static string Fails(Deployment deployment) =>
        Assert.Throws<InferometerException>(() => LaunchCommand.Of(deployment, Of("m"), 4096)).Message;

    private static int Count(string text, string part) => text.Split(part).Length - 1;

    private static Deployment Deployment(string framework, Parallelism spread, string weights = "published", string cache = "published") =>
        new()
        {
            Shape = new DeploymentShape
            {
                Model = "m",
                SystemName = "h100",
                System = Sample.On("h100").System,
                Framework = FrameworkCatalog.Find(framework, "test"),
                Weights = framework is "llama.cpp" && weights is "published" ? "q8_0" : weights,
                KvCache = cache,
                Parallelism = spread,
            },
            MaxSequences = 64,
            StepTokens = 2048,
        };
}
