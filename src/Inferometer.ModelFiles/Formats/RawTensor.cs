using System.Buffers.Binary;
using Inferometer.Core;

namespace Inferometer.ModelFiles.Formats;

/// <summary>A tensor of a safetensors file as it lies in memory, of any element type.</summary>
/// <param name="start">First byte of the file; must stay readable while anything is read.</param>
/// <param name="path">Path of the file, for messages.</param>
/// <param name="info">What the header says of the tensor, checked against the file's length.</param>
internal sealed unsafe class RawTensor(byte* start, string path, SafetensorsTensorInfo info)
{
    public string Path => path;

    public SafetensorsTensorInfo Info => info;

    public string Name => info.Name;

    public EquatableList<long> Shape => info.Shape;

    public string Element => info.ElementType;

    public long Count => info.ByteCount / info.ElementBytes;

    public long Columns => Shape.Count == 0 ? 1 : Shape[^1];

    /// <summary>All bytes; a tensor of more than 2^31 is read through <see cref="At"/>.</summary>
    public ReadOnlySpan<byte> Bytes => new(start + info.Offset, checked((int)info.ByteCount));

    /// <summary>The bytes from an element on.</summary>
    public byte* At(long element) => start + info.Offset + (element * info.ElementBytes);

    /// <summary>An element of a float type as a float.</summary>
    public float Float(long element) => Element switch
    {
        "F32" => *(float*)At(element),
        "F16" => (float)*(Half*)At(element),
        "BF16" => BitConverter.UInt32BitsToSingle((uint)*(ushort*)At(element) << 16),
        "F64" => (float)*(double*)At(element),
        _ => Float8.Decode(Element, *At(element)),
    };

    /// <summary>An element of type I32.</summary>
    public int Int32(long element) => BinaryPrimitives.ReadInt32LittleEndian(new ReadOnlySpan<byte>(At(element), 4));

    /// <summary>Refuses a tensor that is not of one of some element types.</summary>
    public RawTensor Of(params ReadOnlySpan<string> elements)
    {
        if (!elements.Contains(Element))
        {
            throw Wrong($"has element type '{Element}'", $"element type {string.Join(" or ", elements!)}");
        }

        return this;
    }

    /// <summary>Refuses a tensor with another number of elements.</summary>
    public RawTensor WithCount(long count) => Count == count ? this : throw Wrong(
        $"has the shape [{string.Join(", ", Shape)}]", $"{count} elements, as the tensors beside it ask for");

    public InferometerException Wrong(string found, string allowed) =>
        new($"{path}: tensor '{Name}' {found}; allowed is {allowed}.");
}
