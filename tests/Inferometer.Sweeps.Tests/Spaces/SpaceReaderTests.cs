using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using Inferometer.Core;
using Inferometer.Sweeps.Spaces;

namespace Inferometer.Sweeps.Tests.Spaces;

public class SpaceReaderTests
{
    [Fact]
    public void Every_combination_is_a_point_and_the_last_axis_changes_fastest()
    {
        SweepSpace space = TestSpaces.Parse("""
            base: {model: llama-3.1-8b, on: h100}
            product:
              tp: [1, 2]
              batch: {from: 1, to: 8, times: 2}
            """);
        Assert.Equal(8, space.Count);
        Assert.Equal(
            ["1 1", "1 2", "1 4", "1 8", "2 1", "2 2", "2 4", "2 8"],
            Enumerable.Range(0, 8).Select(i => string.Join(' ', space.At(i).Select(s => s.Text))));
    }

    [Fact]
    public void Axes_of_a_list_go_in_step_behind_those_of_the_product()
    {
        SweepSpace space = TestSpaces.Parse("""
            base: {model: llama-3.1-8b, on: h100}
            product: {tp: [1, 2]}
            list:
              - {input: [128, 4096], output: [1024, 64]}
              - {bits: [bf16, fp8, int4]}
            """);
        Assert.Equal(2 * 2 * 3, space.Count);
        Assert.Equal(["1", "128", "1024", "fp8"], space.At(1).Select(s => s.Text));
        Assert.Equal(["2", "4096", "64", "int4"], space.At(11).Select(s => s.Text));
    }

    [Fact]
    public void There_are_as_many_points_as_the_lengths_multiply_to_and_no_two_are_alike()
    {
        Gen<int[]> lengths = Gen.Choose(1, 5).ArrayOf(4);
        Prop.ForAll(lengths.ToArbitrary(), n =>
        {
            SweepSpace space = TestSpaces.Parse(string.Create(CultureInfo.InvariantCulture, $$"""
                base: {model: llama-3.1-8b, on: h100}
                product:
                  tp: {from: 1, to: {{n[0]}}}
                  batch: {from: 1, to: {{n[1]}}}
                  input: {from: 100, to: {{100 * n[2]}}, step: 100}
                list:
                  output: {from: 1, to: {{n[3]}}}
                  beams: {from: 1, to: {{n[3]}}}
                """));
            int count = n.Aggregate(1, (product, length) => product * length);
            return space.Count == count && count == Enumerable.Range(0, count)
                .Select(i => string.Join(' ', space.At(i).Select(s => s.Text))).Distinct(StringComparer.Ordinal).Count();
        }).QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData("{from: 1, to: 4}", "1 2 3 4")]
    [InlineData("{from: 1, to: 10, step: 4}", "1 5 9")]
    [InlineData("{from: 3, to: 100, times: 3}", "3 9 27 81")]
    [InlineData("7", "7")]
    [InlineData("[2, 1, 2]", "2 1 2")]
    public void Values_are_one_a_list_or_a_range(string written, string values)
    {
        SweepSpace space = TestSpaces.Parse($"base: {{model: llama-3.1-8b, on: h100}}\nproduct: {{batch: {written}}}");
        Assert.Equal(values.Split(' '), space.Axes.Single().Values);
    }

    [Fact]
    public void A_range_of_tenths_ends_where_it_says()
    {
        SweepSpace space = TestSpaces.Parse(
            "base: {model: llama-3.1-8b, on: h100}\nproduct: {memory-utilization: {from: 0.1, to: 0.9, step: 0.1}}");
        Assert.Equal(["0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7", "0.8", "0.9"], space.Axes.Single().Values);
    }

    [Theory]
    [InlineData("product: {tpp: [1]}", "line 1, column 11: 'tpp' is not a setting of an estimate.", "Did you mean",
        "Allowed: tp, ")]
    [InlineData("product:\n  tp: [1, zero]", "line 2, column 11: --tp: 'zero' is not allowed; it must be a whole number")]
    [InlineData("tp: [1]", "'tp' is not a part of a space. Settings stand under 'base'", "Allowed: base, product, list")]
    [InlineData("produkt: {tp: [1]}", "'produkt' is not a part of a space.", "Allowed: base, product, list")]
    [InlineData("product: {tp: [1, 2}", "space.yaml, line 1, column", "not valid YAML: ")]
    [InlineData("base: {on: h100\nproduct:\n  tp: [1", "space.yaml, line 1, column 7: not valid YAML: a bracket", "is not closed.")]
    [InlineData("base:\n  tp: 1\n\ton: h100", "space.yaml, line 3, column 1: not valid YAML: a tab indents it; YAML indents with spaces.")]
    [InlineData("base: {tp: 1}\nbase: {tp: 2}", "space.yaml, line 2, column 1: not valid YAML: 'base' is there twice;")]
    [InlineData("base: {on: @h100}", "space.yaml, line 1, column 12: not valid YAML: '@' cannot begin a value;")]
    [InlineData("base: {model: \"llama, tp: 1}\nproduct: {tp: [1]}",
        "space.yaml, line 1, column 15: not valid YAML: a quote", "not closed")]
    [InlineData("product: {tp: [1, *b]}", "space.yaml, line 1, column 19: not valid YAML: an alias", "write the value out")]
    [InlineData("product: {tp: &b [1], pp: *b}", "space.yaml, line 1, column 15: the value that is anchored here", "write it out")]
    [InlineData("? [a]\n: b", "space.yaml, line 1, column 3: the name is a list or a mapping; it must be a plain text.")]
    [InlineData("", "space.yaml: it holds nothing; it must hold one YAML mapping")]
    [InlineData("- 1", "space.yaml: it holds a list; it must hold one YAML mapping")]
    [InlineData("a: 1\n---\nb: 1", "space.yaml: it holds several documents; it must hold one YAML mapping")]
    [InlineData("product: {tp: []}", "the space has 0 points, 0 (tp)")]
    [InlineData("product:\n  batch: {from: 1, to: 100000}\n  input: {from: 1, to: 100000}",
        "10,000,000,000 points, 100000 (batch) x 100000 (input)")]
    [InlineData("product: {tp: [1], tensor_parallel: [2]}", "tp is said twice")]
    [InlineData("base: {tp: 1}\nproduct: {tp: [1]}", "tp is said twice")]
    [InlineData("list: {tp: [1, 2], pp: [1, 2, 3]}", "must be of one length, but they have 2 (tp), 3 (pp) values")]
    [InlineData("product: {rate: [1]}", "'rate' is not a setting of an estimate", "a part 'simulate' makes the points services")]
    [InlineData("product: {model: [llama-9]}", "llama-9")]
    [InlineData("base: {on: h1000}", "h1000")]
    [InlineData("product: {batch: {from: 5, to: 1}}", "a range from 5 to 1")]
    [InlineData("product: {batch: {from: 1, to: 5, step: 1, times: 2}}", "by step or by times")]
    [InlineData("product: {batch: {from: 1}}", "a range needs 'to', a number.")]
    [InlineData("product: {batch: {from: 1, to: x}}", "a range needs 'to', a number, not \"x\".")]
    [InlineData("product: [1, 2]", "'product' must hold names with values")]
    [InlineData("pruned: hide", "'hide' is not allowed; it must be keep or drop")]
    [InlineData("base: {attention-dp: maybe}", "attention-dp: 'maybe' is not allowed")]
    public void What_is_wrong_with_a_space_is_said_with_its_place(string yaml, params string[] said)
    {
        InferometerException error = Assert.Throws<InferometerException>(() => TestSpaces.Parse(yaml));
        Assert.StartsWith("space.yaml", error.Message, StringComparison.Ordinal);
        Assert.All(said, words => Assert.Contains(words, error.Message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("{from: 1, to: 642949672952}")]
    [InlineData("{from: 1, to: 1e300, times: 1.000001}")]
    [InlineData("{from: 0, to: 1, step: 1e-300}")]
    public void A_range_of_too_many_values_is_refused_before_they_are_written_out(string range)
    {
        string space = $"base: {{model: llama-3.1-8b, on: h100}}\nproduct: {{batch: {range}}}";
        TestSpaces.Parse("product: {batch: {from: 1, to: 2}}");
        long start = GC.GetAllocatedBytesForCurrentThread();
        InferometerException error = Assert.Throws<InferometerException>(() => TestSpaces.Parse(space));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - start, 1, 16 << 20);
        Assert.Contains("the range has more than 10,000,000 values", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_billion_points_are_allowed_and_one_more_is_not()
    {
        const string Space = "product:\n  batch: {from: 1, to: 1000000}\n  tp: {from: 1, to: 1000}\n";
        Assert.Equal(1_000_000_000, TestSpaces.Parse(Space).Count);
        Assert.Contains(
            "1,001,000,000 points",
            Assert.Throws<InferometerException>(() => TestSpaces.Parse(Space.Replace("1000}", "1001}", StringComparison.Ordinal))).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Parameters_of_features_and_names_of_simulation_parameters_are_settings_too()
    {
        SweepSpace space = TestSpaces.Parse("""
            base: {model: llama-3.1-8b, system: h100, micro_batches: 4}
            product: {batch_size: [1], lora.rank: [8, 16], features: [none, [cpu_offload]]}
            """);
        Assert.Equal(["batch", "lora.rank", "features"], space.Axes.Select(a => a.Setting.Name));
        Assert.Equal("on", space.Common[1].Setting.Name);
    }

    [Fact]
    public void The_command_line_makes_services_of_points()
    {
        SweepSpace space = TestSpaces.Parse("base: {model: llama-3.1-8b, on: h100}\nproduct: {input: [512, 'uniform:100,200']}", "rate=4");
        Assert.True(space.IsSimulated);
        Assert.Equal("4", space.Common.Single(s => s.Setting.Name is "rate").Text);
        InferometerException error = Assert.Throws<InferometerException>(() => TestSpaces.Parse("base: {}", "4"));
        Assert.Contains("--simulate: '4' is not allowed", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Fingerprints_tell_spaces_apart_and_do_not_depend_on_the_names_used()
    {
        const string Base = "base: {model: llama-3.1-8b, on: h100}\n";
        string one = TestSpaces.Parse(Base + "product: {tp: [1, 2]}").Fingerprint();
        Assert.Equal(one, TestSpaces.Parse(Base + "product:\n  tensor_parallel: {from: 1, to: 2}").Fingerprint());
        string[] others = ["product: {tp: [2, 1]}", "product: {pp: [1, 2]}", "product: {tp: [1, 2]}\ncolumns: [tpot_ms]",
            "product: {tp: [1, 2]}\npruned: drop"];
        Assert.All(others, other => Assert.NotEqual(one, TestSpaces.Parse(Base + other).Fingerprint()));
    }
}
