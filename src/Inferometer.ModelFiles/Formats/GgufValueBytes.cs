using Inferometer.Core.Gguf;

namespace Inferometer.ModelFiles.Formats;

/// <summary>Writes a metadata value that was read from a file back as it was stored.</summary>
internal static class GgufValueBytes
{
    public static void Write(BinaryWriter writer, GgufValue value)
    {
        if (value.Kind != GgufValueKind.Array)
        {
            WriteScalar(writer, value);
            return;
        }

        writer.Write((uint)value.ElementKind);
        writer.Write((ulong)value.Count);
        switch (value.ElementKind)
        {
            case GgufValueKind.String:
                WriteEach(value.AsStrings()!, text => GgufWriter.WriteString(writer, text));
                break;
            case GgufValueKind.Bool:
                WriteEach(value.AsBools()!, writer.Write);
                break;
            case GgufValueKind.Array:
                WriteEach(value.AsArrays()!, inner => Write(writer, inner));
                break;
            case GgufValueKind.Float32 or GgufValueKind.Float64:
                WriteEach(value.AsDoubles()!, number => WriteFloat(writer, value.ElementKind, number));
                break;
            default:
                WriteEach(value.AsInt64s() ?? throw TooLarge(), number => WriteInteger(writer, value.ElementKind, number));
                break;
        }
    }

    private static void WriteScalar(BinaryWriter writer, GgufValue value)
    {
        switch (value.Kind)
        {
            case GgufValueKind.String:
                GgufWriter.WriteString(writer, value.AsString()!);
                break;
            case GgufValueKind.Bool:
                writer.Write(value.AsBool()!.Value);
                break;
            case GgufValueKind.Float32 or GgufValueKind.Float64:
                WriteFloat(writer, value.Kind, value.AsDouble()!.Value);
                break;
            default:
                WriteInteger(writer, value.Kind, value.AsInt64() ?? throw TooLarge());
                break;
        }
    }

    private static void WriteFloat(BinaryWriter writer, GgufValueKind kind, double number)
    {
        if (kind == GgufValueKind.Float32)
        {
            writer.Write((float)number);
        }
        else
        {
            writer.Write(number);
        }
    }

    private static void WriteInteger(BinaryWriter writer, GgufValueKind kind, long number)
    {
        switch (kind)
        {
            case GgufValueKind.UInt8 or GgufValueKind.Int8:
                writer.Write((byte)number);
                break;
            case GgufValueKind.UInt16 or GgufValueKind.Int16:
                writer.Write((short)number);
                break;
            case GgufValueKind.UInt32 or GgufValueKind.Int32:
                writer.Write((int)number);
                break;
            default:
                writer.Write(number);
                break;
        }
    }

    private static void WriteEach<T>(T[] items, Action<T> write)
    {
        foreach (T item in items)
        {
            write(item);
        }
    }

    private static Core.InferometerException TooLarge() => new("A metadata integer above 2^63 - 1 cannot be copied.");
}
