using System.Globalization;
using Inferometer.Core.Deployments;
using Inferometer.Core.Weights;

namespace Inferometer.Core.Models.HuggingFace;

/// <summary>
/// Reads how a checkpoint is stored: <c>quantization_config</c> in its dialects, <c>quantization</c> of MLX, and the type of the weights.
/// </summary>
internal sealed class QuantizationReader
{
    private static readonly string[] KeptNames =
        ["modules_to_not_convert", "ignored_layers", "ignore", "exclude_modules", "llm_int8_skip_modules", "exclude"];

    private readonly JsonFields _fields;
    private readonly Precision _type;
    private readonly string _origin;

    private QuantizationReader(JsonFields fields, Precision type, string origin)
    {
        (_fields, _type, _origin) = (fields, type, origin);
    }

    public static PublishedFormats Read(JsonFields outer, JsonFields language)
    {
        string? stated = language.Text("dtype", "torch_dtype") ?? outer.Text("dtype", "torch_dtype");
        Precision type = TypeOf(stated) ?? Precision.Bf16;
        WeightScheme? plain = TypeOf(stated) is null ? null : WeightFormats.Of(type, $"dtype in {outer.Source}");
        (JsonFields Fields, string Name)? found = Section(outer, language);
        if (found is not { } section)
        {
            return new(plain, null, []);
        }

        QuantizationReader reader = new(section.Fields, type, $"{section.Name} in {outer.Source}");
        string method = (section.Fields.TextOrNull("quant_method") ?? section.Fields.TextOrNull("quant_algo") ?? "mlx").ToLowerInvariant();
        WeightScheme? scheme = reader.Scheme(method);
        return scheme is null
            ? new(plain, null, [
                $"The quantisation method '{method}' ({section.Name} in {outer.Source}) is not known: weights are counted in {type.Name}, "
                + "which is more than the checkpoint holds."])
            : new(scheme with { IsOfCheckpoint = true }, reader.KvCache(), []);
    }

    private static (JsonFields Fields, string Name)? Section(JsonFields outer, JsonFields language)
    {
        foreach (string name in (string[])["quantization_config", "quantization", "compression_config"])
        {
            if ((outer.Object(name) ?? language.Object(name)) is { } fields)
            {
                return (fields, name);
            }
        }

        return null;
    }

    private static Precision? TypeOf(string? name) => name?.Replace("torch.", "", StringComparison.Ordinal) switch
    {
        "bfloat16" => Precision.Bf16,
        "float16" or "half" => Precision.Fp16,
        "float32" or "float" => Precision.Fp32,
        "float8_e4m3fn" or "float8_e5m2" => Precision.Parse("fp8", "dtype"),
        _ => null,
    };

    private WeightScheme? Scheme(string method) => method switch
    {
        "fp8" or "fbgemm_fp8" or "fp8_e4m3" or "finegrained_fp8" => Fp8(),
        "mxfp4" or "gpt_oss_mxfp4" => Named("mxfp4"),
        "awq" => Integer(method, Bits(4), Group(128), Zero("zero_point", true), columns: false),
        "gptq" or "auto-round" or "autoround" or "intel/auto-round" => Integer(method, Bits(4), Group(128), 1, columns: true),
        "bitsandbytes" or "bnb" => BitsAndBytes(),
        "compressed-tensors" => CompressedTensors(),
        "modelopt" or "modelopt_fp4" or "nvfp4" or "nvfp4_awq" => ModelOpt(),
        "mlx" when _fields.Has("bits") => Mlx(),
        _ => null,
    };

    private EngineScheme Fp8()
    {
        int[]? block = _fields.Ints("weight_block_size", 1, 1 << 16);
        PackedFormat format = Float8(block is { Length: 2 } ? (block[1], block[0]) : (0, 1), quantizesInputs: true);
        return Scheme(block is null ? "fp8" : "fp8_block", format);
    }

    private static PackedFormat Float8((int Inputs, int Outputs) group, bool quantizesInputs)
    {
        double share = group.Inputs > 0 && group.Outputs > 0 ? 32.0 / group.Inputs / group.Outputs : 0;
        return new(new Precision("fp8", 8 + share, MathFormat.Fp8), 8)
        {
            GroupInputs = group.Inputs,
            GroupOutputs = group.Outputs,
            GroupBits = 32,
            QuantizesInputs = quantizesInputs,
        };
    }

    private EngineScheme Named(string name)
    {
        EngineScheme known = (EngineScheme)WeightFormats.Find(name, _origin);
        return known with { Rest = _type, Compute = Wide(_type), Kept = Kept() };
    }

    private double Zero(string name, bool fallback) => _fields.BoolOr(fallback, name) ? 1 : 0;

    private int Bits(int fallback) => _fields.IntOr(fallback, 1, 16, "bits", "w_bit", "num_bits");

    private int Group(int fallback) => Math.Max(0, _fields.IntOr(fallback, -1, 1 << 20, "group_size", "q_group_size"));

    // A zero point takes as many bits as an element.
    private EngineScheme Integer(string name, int bits, int group, double zeros, bool columns)
    {
        double groupBits = 16 + (zeros > 0 ? bits : 0);
        string label = group is 128 or 0 ? $"int{bits}" : string.Create(CultureInfo.InvariantCulture, $"int{bits} g{group}");
        Precision format = new(label, bits + (group > 0 ? groupBits / group : 0), MathFormat.Bf16);
        return Scheme(name, new PackedFormat(format, bits)
        {
            GroupInputs = group,
            GroupBits = groupBits,
            ColumnBits = columns ? 32 : 0,
        }) with { TakesHead = _fields.BoolOr(false, "lm_head") };
    }

    private EngineScheme? BitsAndBytes()
    {
        if (_fields.BoolOr(false, "load_in_8bit", "_load_in_8bit"))
        {
            return Named("int8");
        }

        bool nested = _fields.BoolOr(false, "bnb_4bit_use_double_quant");
        string type = _fields.TextOrNull("bnb_4bit_quant_type") ?? "fp4";
        double groupBits = nested ? 8 + (32.0 / 256) : 32;
        return _fields.BoolOr(false, "load_in_4bit", "_load_in_4bit")
            ? Scheme("bitsandbytes " + type, new PackedFormat(new Precision(type, 4 + (groupBits / 64), MathFormat.Bf16), 4)
            {
                GroupInputs = 64,
                GroupBits = groupBits,
            })
            : null;
    }

    private EngineScheme? ModelOpt()
    {
        string algorithm = (_fields.TextOrNull("quant_algo") ?? _fields.TextOrNull("quant_method") ?? "").ToUpperInvariant();
        if (_fields.Object("config_groups") is not null)
        {
            return CompressedTensors();
        }

        int group = _fields.IntOr(16, 1, 4096, "group_size");
        return algorithm switch
        {
            "FP8" or "FP8_PER_CHANNEL_PER_TOKEN" => Scheme("fp8", Float8((0, 1), quantizesInputs: true)),
            "NVFP4" or "NVFP4_AWQ" or "MODELOPT_FP4" or "W4A4_NVFP4" => Scheme("nvfp4", NvFp4(group, quantizesInputs: true)),
            "W4A16_AWQ" or "W4A8_AWQ" =>
                Scheme(algorithm.ToLowerInvariant(), Grouped("int4", 4, _fields.IntOr(128, 1, 4096, "group_size"), 16)),
            _ => null,
        };
    }

    private static PackedFormat NvFp4(int group, bool quantizesInputs) =>
        new(new Precision("nvfp4", 4 + (8.0 / group), MathFormat.Fp4), 4)
        {
            GroupInputs = group,
            GroupBits = 8,
            QuantizesInputs = quantizesInputs,
        };

    private static PackedFormat Grouped(string name, int bits, int group, double groupBits) =>
        new(new Precision(name, bits + (groupBits / group), MathFormat.Bf16), bits) { GroupInputs = group, GroupBits = groupBits };

    private EngineScheme Mlx()
    {
        int bits = Bits(4), group = Group(64);
        bool micro = _fields.TextOrNull("mode") is "mxfp4";
        PackedFormat format = micro
            ? Grouped("mxfp4", 4, 32, 8)
            : Grouped(string.Create(CultureInfo.InvariantCulture, $"mlx {bits}-bit"), bits, group, 32);
        EngineScheme scheme = Scheme(format.Format.Name, format);

        // Single modules have widths of their own, or false where they are left alone.
        List<EngineGroup> groups = [];
        foreach (string name in _fields.Names.Where(n => n.Contains('.', StringComparison.Ordinal) || n is "lm_head"))
        {
            JsonFields? own = _fields.IsObject(name) ? _fields.Object(name) : null;
            int width = own?.IntOr(bits, 1, 16, "bits") ?? 0, size = own?.IntOr(group, 1, 1 << 16, "group_size") ?? 0;
            groups.Add(new(
                own is null ? null : Grouped(string.Create(CultureInfo.InvariantCulture, $"mlx {width}-bit"), width, size, 32), [name]));
        }

        return scheme with { Groups = [.. groups, .. scheme.Groups], TakesTables = true };
    }

    private EngineScheme? CompressedTensors()
    {
        if (_fields.Object("config_groups") is not { } named)
        {
            // The shortened files of some tools keep the kind of packing alone.
            return (_fields.TextOrNull("format") ?? "") switch
            {
                "pack-quantized" => Integer("int4", 4, 128, 0, columns: false),
                "float-quantized" or "naive-quantized" => Scheme("fp8", Float8((0, 1), quantizesInputs: true)),
                "int-quantized" => Named("int8"),
                "nvfp4-pack-quantized" => Scheme("nvfp4", NvFp4(16, quantizesInputs: true)),
                _ => null,
            };
        }

        List<EngineGroup> groups = [];
        foreach (string name in named.Names)
        {
            if (named.Object(name) is { } group && group.Object("weights") is { } weights)
            {
                groups.Add(new(Weights(weights, group.IsObject("input_activations")), [.. group.Texts("targets") ?? ["Linear"]]));
            }
        }

        if (groups.Count == 0)
        {
            return null;
        }

        PackedFormat main = groups[^1].Format!;
        return Scheme(string.Join(" and ", groups.Select(g => g.Format!.Format.Name).Distinct(StringComparer.Ordinal)), main) with
        {
            Groups = [.. groups],
        };
    }

    private static PackedFormat Weights(JsonFields weights, bool quantizesInputs)
    {
        int bits = weights.IntOr(8, 1, 16, "num_bits");
        bool isFloat = weights.TextOrNull("type") is "float";
        string strategy = weights.TextOrNull("strategy") ?? "channel";
        int group = Math.Max(0, weights.IntOr(0, -1, 1 << 20, "group_size"));
        int[]? block = weights.Ints("block_structure", 1, 1 << 16);
        if (isFloat && bits == 4)
        {
            return group is 32
                ? Grouped("mxfp4", 4, 32, 8) with
                {
                    Format = new Precision("mxfp4", 4.25, MathFormat.Fp4),
                    QuantizesInputs = quantizesInputs,
                }
                : NvFp4(group > 0 ? group : 16, quantizesInputs);
        }

        if (isFloat)
        {
            return Float8(
                strategy is "block" && block is { Length: 2 } ? (block[1], block[0])
                    : strategy is "group" && group > 0 ? (group, 1)
                    : strategy is "tensor" ? (0, 0) : (0, 1),
                quantizesInputs);
        }

        double groupBits = 16 + (weights.BoolOr(true, "symmetric") ? 0 : bits);
        string label = group is 0 or 128 ? $"int{bits}" : string.Create(CultureInfo.InvariantCulture, $"int{bits} g{group}");
        return new(
            new Precision(label, bits + (group > 0 ? groupBits / group : 0), bits == 8 ? MathFormat.Int8 : MathFormat.Bf16), bits)
        {
            GroupInputs = group,
            GroupBits = groupBits,
            QuantizesInputs = quantizesInputs && bits == 8,
        };
    }

    private EngineScheme Scheme(string name, PackedFormat format) => new()
    {
        Name = name,
        Origin = _origin,
        Main = format.Format,
        Compute = Wide(_type),
        Rest = Wide(_type),
        Groups = [new EngineGroup(format, EngineGroup.Linear)],
        Kept = Kept(),
    };

    // What is not quantised is never in the quantised type itself, whatever the file names as its type.
    private static Precision Wide(Precision type) => type.BitsPerElement >= 16 ? type : Precision.Bf16;

    private EquatableList<string> Kept()
    {
        foreach (string name in KeptNames)
        {
            if (_fields.IsArray(name))
            {
                return [.. _fields.Texts(name)!];
            }
        }

        return EquatableList<string>.Empty;
    }

    private Precision? KvCache()
    {
        string? algorithm = _fields.TextOrNull("kv_cache_quant_algo");
        JsonFields? scheme = _fields.IsObject("kv_cache_scheme") ? _fields.Object("kv_cache_scheme") : null;
        bool eight = algorithm is "FP8" || scheme?.IntOr(0, 0, 16, "num_bits") is 8;
        return eight ? Precision.Parse(scheme?.TextOrNull("type") is "int" ? "int8" : "fp8", _origin) : null;
    }
}
