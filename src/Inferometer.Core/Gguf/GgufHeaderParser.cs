using System.Globalization;
using System.Numerics;

namespace Inferometer.Core.Gguf;

/// <summary>Reads magic, metadata and tensor table in file order.</summary>
internal sealed class GgufHeaderParser(GgufReader reader)
{
    private const uint Magic = 0x46554747; // "GGUF"

    // "vers", of "version https://git-lfs.github.com/spec/v1".
    private const uint GitLfs = 0x73726576;
    private const int DefaultAlignment = 32;
    private const int MaxDimensions = 4; // GGML_MAX_DIMS
    private const int MaxArrayDepth = 4;
    private const int MinMetadataBytes = 13; // key length, type, one byte of value
    private const int MinTensorBytes = 32; // name length, dimension count, one extent, type, offset

    public GgufHeader Parse()
    {
        int version = ReadVersion();
        int tensorCount = reader.ReadCount("the number of tensors", MinTensorBytes);
        int metadataCount = reader.ReadCount("the number of metadata entries", MinMetadataBytes);

        var metadata = new Dictionary<string, GgufValue>(StringComparer.Ordinal);
        for (int i = 0; i < metadataCount; i++)
        {
            string key = reader.ReadString("a metadata key");
            GgufValue value = ReadValue(ReadKind(key), key, depth: 0);
            if (!metadata.TryAdd(key, value))
            {
                throw reader.Error($"metadata key '{key}' appears twice");
            }
        }

        int alignment = ReadAlignment(metadata);
        var tensors = new List<GgufTensorInfo>(tensorCount);
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (int i = 0; i < tensorCount; i++)
        {
            GgufTensorInfo tensor = ReadTensor(alignment);
            if (!names.Add(tensor.Name))
            {
                throw reader.Error($"tensor '{tensor.Name}' appears twice");
            }

            tensors.Add(tensor);
        }

        long dataOffset = checked((reader.Position + alignment - 1) / alignment * alignment);
        CheckTensorsFit(tensors, dataOffset);
        return new GgufHeader(
            version, alignment, [new GgufPart(reader.Source, reader.Length, dataOffset)], metadata, tensors);
    }

    private int ReadVersion()
    {
        if (reader.Length == 0)
        {
            throw new InferometerException($"{reader.Source}: not a GGUF file: it is empty.");
        }

        uint magic = reader.Length < 24 ? 0 : reader.ReadUInt32();
        if (magic == GitLfs)
        {
            throw new InferometerException(
                $"{reader.Source}: not a GGUF file: it is a pointer of Git LFS; what it stands for was not fetched (git lfs pull).");
        }

        if (magic != Magic)
        {
            throw new InferometerException($"{reader.Source}: not a GGUF file: it does not start with the letters GGUF and a header.");
        }

        uint version = reader.ReadUInt32();
        return version switch
        {
            2 or 3 => (int)version,
            _ when (version & 0xFFFF) == 0 => throw reader.Error("it is in big-endian byte order, only little endian is read"),
            _ => throw reader.Error($"format version {version} is not known, only 2 and 3 are read"),
        };
    }

    private GgufValueKind ReadKind(string key)
    {
        uint kind = reader.ReadUInt32();
        return kind <= (uint)GgufValueKind.Float64
            ? (GgufValueKind)kind
            : throw reader.Error($"metadata '{key}' has the unknown type {kind}");
    }

    private GgufValue ReadValue(GgufValueKind kind, string key, int depth)
    {
        if (kind == GgufValueKind.Array)
        {
            return ReadArray(key, depth + 1);
        }

        object value = kind switch
        {
            GgufValueKind.String => reader.ReadString($"the value of '{key}'"),
            GgufValueKind.Bool => ReadBool(key),
            GgufValueKind.UInt8 => reader.ReadByte(),
            GgufValueKind.Int8 => (sbyte)reader.ReadByte(),
            GgufValueKind.UInt16 => reader.ReadNumbers<ushort>(1)[0],
            GgufValueKind.Int16 => reader.ReadNumbers<short>(1)[0],
            GgufValueKind.UInt32 => reader.ReadUInt32(),
            GgufValueKind.Int32 => (int)reader.ReadUInt32(),
            GgufValueKind.Float32 => BitConverter.UInt32BitsToSingle(reader.ReadUInt32()),
            GgufValueKind.UInt64 => reader.ReadUInt64(),
            GgufValueKind.Int64 => (long)reader.ReadUInt64(),
            _ => BitConverter.UInt64BitsToDouble(reader.ReadUInt64()),
        };
        return new GgufValue(kind, kind, value);
    }

    private bool ReadBool(string key) => reader.ReadByte() switch
    {
        0 => false,
        1 => true,
        byte other => throw reader.Error($"metadata '{key}' is a bool with the value {other}, neither 0 nor 1"),
    };

    private GgufValue ReadArray(string key, int depth)
    {
        if (depth > MaxArrayDepth)
        {
            throw reader.Error($"metadata '{key}' nests arrays more than {MaxArrayDepth} deep");
        }

        GgufValueKind kind = ReadKind(key);
        int count = reader.ReadCount($"the length of array '{key}'", MinimumBytes(kind));
        object value = kind switch
        {
            GgufValueKind.String => Repeat(count, () => reader.ReadString($"an element of '{key}'")),
            GgufValueKind.Array => Repeat(count, () => ReadArray(key, depth + 1)),
            GgufValueKind.Bool => Repeat(count, () => ReadBool(key)),
            GgufValueKind.UInt8 => reader.ReadNumbers<byte>(count),
            GgufValueKind.Int8 => reader.ReadNumbers<sbyte>(count),
            GgufValueKind.UInt16 => reader.ReadNumbers<ushort>(count),
            GgufValueKind.Int16 => reader.ReadNumbers<short>(count),
            GgufValueKind.UInt32 => reader.ReadNumbers<uint>(count),
            GgufValueKind.Int32 => reader.ReadNumbers<int>(count),
            GgufValueKind.Float32 => reader.ReadNumbers<float>(count),
            GgufValueKind.UInt64 => reader.ReadNumbers<ulong>(count),
            GgufValueKind.Int64 => reader.ReadNumbers<long>(count),
            _ => reader.ReadNumbers<double>(count),
        };
        return new GgufValue(GgufValueKind.Array, kind, value);
    }

    private static T[] Repeat<T>(int count, Func<T> read)
    {
        var result = new T[count];
        for (int i = 0; i < count; i++)
        {
            result[i] = read();
        }

        return result;
    }

    private static int MinimumBytes(GgufValueKind kind) => kind switch
    {
        GgufValueKind.String => 8,
        GgufValueKind.Array => 12,
        GgufValueKind.UInt16 or GgufValueKind.Int16 => 2,
        GgufValueKind.UInt32 or GgufValueKind.Int32 or GgufValueKind.Float32 => 4,
        GgufValueKind.UInt64 or GgufValueKind.Int64 or GgufValueKind.Float64 => 8,
        _ => 1,
    };

    private int ReadAlignment(Dictionary<string, GgufValue> metadata)
    {
        if (!metadata.TryGetValue("general.alignment", out GgufValue? value))
        {
            return DefaultAlignment;
        }

        return value.AsInt64() is { } alignment and > 0 and <= 1 << 30 && BitOperations.IsPow2(alignment)
            ? (int)alignment
            : throw reader.Error($"general.alignment is {value}, it must be a power of two");
    }

    private GgufTensorInfo ReadTensor(int alignment)
    {
        string name = reader.ReadString("a tensor name");
        uint dimensions = reader.ReadUInt32();
        if (dimensions is 0 or > MaxDimensions)
        {
            throw reader.Error($"tensor '{name}' has {dimensions} dimensions, allowed are 1 to {MaxDimensions}");
        }

        var shape = new long[dimensions];
        UInt128 elements = 1;
        for (int i = 0; i < shape.Length; i++)
        {
            ulong extent = reader.ReadUInt64();
            elements *= extent;
            if (extent == 0 || elements > long.MaxValue)
            {
                throw reader.Error($"tensor '{name}' has the extent {extent} in dimension {i}: empty, or too many elements");
            }

            shape[i] = (long)extent;
        }

        // An extent of 1 at the end says nothing; some writers fill up to two, or to four.
        int used = shape.Length;
        while (used > 1 && shape[used - 1] == 1)
        {
            used--;
        }

        shape = shape[..used];

        uint id = reader.ReadUInt32();
        if (!GgmlTypeTraits.IsKnown(id))
        {
            throw reader.Error($"tensor '{name}' is stored in the unknown format {id}");
        }

        var type = (GgmlType)id;
        if (shape[0] % type.BlockSize() != 0)
        {
            throw reader.Error($"tensor '{name}' has rows of {shape[0]} values, {type} needs multiples of {type.BlockSize()}");
        }

        ulong offset = reader.ReadUInt64();
        UInt128 bytes = elements / (uint)type.BlockSize() * (uint)type.BlockBytes();
        if (offset % (uint)alignment != 0 || bytes + offset > (UInt128)reader.Length)
        {
            throw reader.Error(string.Create(
                CultureInfo.InvariantCulture,
                $"tensor '{name}' would take {bytes} bytes from data offset {offset}: beyond the end of the file, or not aligned to "
                    + $"{alignment}"));
        }

        return new GgufTensorInfo(name, new EquatableList<long>(shape), type, (long)offset, (long)elements, (long)bytes);
    }

    private void CheckTensorsFit(List<GgufTensorInfo> tensors, long dataOffset)
    {
        foreach (GgufTensorInfo tensor in tensors)
        {
            if (dataOffset + tensor.Offset + tensor.ByteCount > reader.Length)
            {
                throw reader.Error(
                    $"tensor '{tensor.Name}' ends at byte {dataOffset + tensor.Offset + tensor.ByteCount}, beyond the end: the file is "
                        + $"truncated");
            }
        }
    }
}
