using System.Text;
using Inferometer.Compression.Cache;
using Inferometer.Compression.Calibration;
using Inferometer.Compression.Evaluation;
using Inferometer.Compression.Memory;
using Inferometer.Compression.Profiles;
using Inferometer.Core;
using Inferometer.Cpu.Execution;
using Inferometer.Tests;

namespace Inferometer.Compression.Tests.Profiles;

public sealed class CompressionProfileTests(Tales tales) : IClassFixture<Tales>, IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("profile").FullName;

    private string ProfilePath => Path.Combine(_folder, "tales.kvprofile");

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_built_profile_keeps_its_bounds_and_comes_back_from_its_file(int headGroupSize)
    {
        List<string> stages = [];
        CompressionProfile profile = new CalibratedProfileBuilder(tales.Model, headGroupSize).Build(
            new ProfileText("calibration.txt", tales.Windows("calibration.txt", 256, 3)),
            new ProfileText("heldout.txt", tales.Windows("heldout.txt", 208, 2)),
            new Sink(stages), TestContext.Current.CancellationToken);
        Assert.Equal(["calibration", "bases", "sensitivities", "levels"], stages.Distinct());
        Assert.Equal(["low", "med", "high"], profile.Levels.Select(level => level.Name));
        Assert.All(profile.Levels, level => Assert.InRange(level.Loss.PerplexityIncrease, -1, level.PerplexityBound));
        Assert.All(profile.Levels, level => Assert.InRange(level.Loss.KlDivergence, 0, level.KlBound));
        Assert.Equal(Math.Log(1.05), profile.Level("low").KlBound, 1e-12);
        Assert.True(profile.Level("low").Allocation.BytesPerToken <= profile.Level("high").Allocation.BytesPerToken);
        Assert.Equal(3 * 256, profile.CalibrationTokens);

        profile.Save(ProfilePath);
        CompressionProfile loaded = CompressionProfile.Load(ProfilePath);
        Assert.Equal(
            (profile.Method, profile.Fingerprint, profile.CalibrationText, profile.CalibrationTokens, profile.HoldOutText),
            (loaded.Method, loaded.Fingerprint, loaded.CalibrationText, loaded.CalibrationTokens, loaded.HoldOutText));
        foreach (ProfileLevel level in profile.Levels)
        {
            ProfileLevel again = loaded.Level(level.Name);
            Assert.Equal((level.PerplexityBound, level.Loss), (again.PerplexityBound, again.Loss));
            Assert.Equal(level.Allocation.Layers.SelectMany(heads => heads), again.Allocation.Layers.SelectMany(heads => heads));
        }

        int last = 2 / headGroupSize - 1;
        Assert.Equal((headGroupSize, 64 * headGroupSize), (loaded.Bases.HeadGroupSize, loaded.Bases.Layers[5][last].Keys.Basis.Width));
        Assert.Equal(profile.Bases.Layers[5][last].Keys.Basis.Encoder, loaded.Bases.Layers[5][last].Keys.Basis.Encoder);
        Assert.Equal(profile.Bases.Layers[0][0].Values.Basis.Decoder, loaded.Bases.Layers[0][0].Values.Basis.Decoder);

        // The loaded profile does what the built one did.
        KvCompression[] both = [profile.ToCompression(tales.Model, "med"), KvCacheSetting.Parse(ProfilePath + ":med").For(tales.Model)];
        IReadOnlyList<CacheQuality> quality = CompressionEvaluation.Measure(
            tales.Model, tales.Windows("heldout.txt", 208, 1), both, null, TestContext.Current.CancellationToken);
        Assert.Equal(quality[0].KlDivergence, quality[1].KlDivergence);
    }

    [Fact]
    public void Another_model_is_refused_and_both_fingerprints_named()
    {
        CompressionProfile profile = Small();
        profile.Save(ProfilePath);
        using TransformerModel other = TransformerModel.Load(
            SharedFolder.Require("models/stories260k"), null, null, TestContext.Current.CancellationToken);
        string message = Assert.Throws<InferometerException>(() => KvCacheSetting.Parse(ProfilePath + ":low").For(other)).Message;
        Assert.Contains(ProfilePath, message, StringComparison.Ordinal);
        Assert.Contains(ModelFingerprint.Of(tales.Model), message, StringComparison.Ordinal);
        Assert.Contains(ModelFingerprint.Of(other), message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_truncated_file_is_refused()
    {
        Small().Save(ProfilePath);
        byte[] bytes = File.ReadAllBytes(ProfilePath);
        foreach (int length in new[] { 0, 5, 200, bytes.Length - 1 })
        {
            File.WriteAllBytes(ProfilePath, bytes[..length]);
            Assert.Contains(
                ProfilePath, Assert.Throws<InferometerException>(() => CompressionProfile.Load(ProfilePath)).Message,
                StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Numbers_that_are_not_finite_are_refused()
    {
        CompressionProfile profile = Small();
        profile.Bases.Layers[1][0].Keys.Basis.Decoder[3] = float.NaN;
        profile.Save(ProfilePath);
        string message = Assert.Throws<InferometerException>(() => CompressionProfile.Load(ProfilePath)).Message;
        Assert.Contains("layers.1.groups.0.keys", message, StringComparison.Ordinal);
        Assert.Contains("NaN", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_version_and_files_that_are_no_profiles_are_refused()
    {
        Small().Save(ProfilePath);
        byte[] bytes = File.ReadAllBytes(ProfilePath);
        int at = bytes.AsSpan().IndexOf(Encoding.ASCII.GetBytes("version\\u0022:2"));
        Assert.True(at > 0);
        bytes[at + "version\\u0022:".Length] = (byte)'7';
        File.WriteAllBytes(ProfilePath, bytes);
        Assert.Contains(
            "version 7", Assert.Throws<InferometerException>(() => CompressionProfile.Load(ProfilePath)).Message, StringComparison.Ordinal);
        Assert.Contains(
            "not a compression profile",
            Assert.Throws<InferometerException>(() => CompressionProfile.Load(Path.Combine(Tales.Folder, "model.safetensors"))).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_build_that_cannot_fit_is_refused_before_it_starts()
    {
        CalibratedProfileBuilder builder = new(tales.Model, 1, new MemoryManager(0.8, 1));
        ProfileText text = new("none", tales.Windows("heldout.txt", 64, 1));
        Assert.Contains(
            "building a compression profile",
            Assert.Throws<InferometerException>(() => builder.Build(text, text, null, TestContext.Current.CancellationToken)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Heads_that_cannot_be_grouped_are_refused_with_what_is_allowed()
    {
        string message = Assert.Throws<InferometerException>(() => new CalibratedProfileBuilder(tales.Model, 4)).Message;
        Assert.Contains("head group size 4", message, StringComparison.Ordinal);
        Assert.Contains("2 KV heads; allowed are 1, 2.", message, StringComparison.Ordinal);
        Assert.Throws<InferometerException>(() => new CalibratedProfileBuilder(tales.Model, 3));
        Small().Save(ProfilePath);
        byte[] bytes = File.ReadAllBytes(ProfilePath);
        int at = bytes.AsSpan().IndexOf(Encoding.ASCII.GetBytes("head_group_size\\u0022:1"));
        Assert.True(at > 0);
        bytes[at + "head_group_size\\u0022:".Length] = (byte)'3';
        File.WriteAllBytes(ProfilePath, bytes);
        Assert.Contains(
            "head group size 3; allowed are 1, 2 or 4",
            Assert.Throws<InferometerException>(() => CompressionProfile.Load(ProfilePath)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Settings_that_name_nothing_say_what_is_allowed()
    {
        Assert.Contains(
            "q8, q4, low, med, high", Assert.Throws<InferometerException>(() => KvCacheSetting.Parse("q5")).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "compress build", Assert.Throws<InferometerException>(() => KvCacheSetting.Parse("med", Tales.Folder)).Message,
            StringComparison.Ordinal);
        Small().Save(ProfilePath);
        Assert.Contains(
            "low, med", Assert.Throws<InferometerException>(() => KvCacheSetting.Parse(ProfilePath + ":best")).Message,
            StringComparison.Ordinal);
        Assert.Equal(Path.Combine(_folder, "model.kvprofile"), KvCacheSetting.DefaultProfilePath(_folder));
        Assert.Equal("a/m.kvprofile", KvCacheSetting.DefaultProfilePath("a/m.gguf"));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private CompressionProfile Small()
    {
        ModelBases bases = ModelBases.FromWeights(tales.Model, 1, TestContext.Current.CancellationToken);
        ProfileLoss loss = new(0.01, 0.02, 0.9, 0.5, 100);
        return new CompressionProfile
        {
            Method = "weight-only SVD",
            Fingerprint = ModelFingerprint.Of(tales.Model),
            CalibrationText = "none",
            CalibrationTokens = 0,
            HoldOutText = "none",
            Bases = bases,
            Levels =
            [
                new ProfileLevel("low", 0.05, LatentAllocation.Fixed(bases, 32, 32, 4), loss),
                new ProfileLevel("med", 0.01, LatentAllocation.Fixed(bases, 32, 48, 8), loss),
            ],
        };
    }

    private sealed class Sink(List<string> stages) : IProgress<BuildProgress>
    {
        public void Report(BuildProgress value) => stages.Add(value.Stage);
    }
}
