using System.Globalization;

namespace Inferometer.Core.Gguf;

/// <summary>One typed metadata value of a GGUF header. Immutable by convention: do not write to the arrays it returns.</summary>
public sealed class GgufValue
{
    private readonly object _value;

    internal GgufValue(GgufValueKind kind, GgufValueKind elementKind, object value)
    {
        Kind = kind;
        ElementKind = elementKind;
        _value = value;
    }

    /// <summary>Type of the value.</summary>
    public GgufValueKind Kind { get; }

    /// <summary>
    /// Type of the elements when <see cref="Kind"/> is <see cref="GgufValueKind.Array"/>; otherwise the same as <see cref="Kind"/>.
    /// </summary>
    public GgufValueKind ElementKind { get; }

    /// <summary>Elements of an array; 1 otherwise.</summary>
    public int Count => _value is Array array ? array.Length : 1;

    /// <summary>The text of a string value, or null for any other kind.</summary>
    public string? AsString() => _value as string;

    /// <summary>The truth value of a bool, or null for any other kind.</summary>
    public bool? AsBool() => _value is bool flag ? flag : null;

    /// <summary>The value of an integer of any width that fits 64 signed bits, or null.</summary>
    public long? AsInt64() => ToInt64(_value);

    /// <summary>The value of a float or integer of any width, or null.</summary>
    public double? AsDouble() => ToDouble(_value);

    /// <summary>The strings of an array of strings (the stored array, not a copy), or null.</summary>
    public string[]? AsStrings() => _value as string[];

    /// <summary>The elements of an array of 32-bit floats (the stored array, not a copy), or null.</summary>
    public float[]? AsSingles() => _value as float[];

    /// <summary>The elements of an array of integers of any width that fit 64 signed bits, or null.</summary>
    public long[]? AsInt64s() => Convert(ToInt64);

    /// <summary>The elements of an array of floats or integers, or null.</summary>
    public double[]? AsDoubles() => Convert(ToDouble);

    /// <summary>The elements of an array of bools (the stored array, not a copy), or null.</summary>
    public bool[]? AsBools() => _value as bool[];

    /// <summary>The elements of an array of arrays (the stored array, not a copy), or null.</summary>
    public GgufValue[]? AsArrays() => _value as GgufValue[];

    /// <summary>The value for display; long arrays as their element type and length.</summary>
    public override string ToString() => _value is Array array
        ? $"{ElementKind}[{array.Length.ToString(CultureInfo.InvariantCulture)}]"
        : System.Convert.ToString(_value, CultureInfo.InvariantCulture) ?? "";

    private T[]? Convert<T>(Func<object, T?> convert)
        where T : struct
    {
        if (_value is not Array array)
        {
            return null;
        }

        var result = new T[array.Length];
        for (int i = 0; i < result.Length; i++)
        {
            if (convert(array.GetValue(i)!) is not { } element)
            {
                return null;
            }

            result[i] = element;
        }

        return result;
    }

    private static long? ToInt64(object value) => value switch
    {
        byte v => v,
        sbyte v => v,
        ushort v => v,
        short v => v,
        uint v => v,
        int v => v,
        long v => v,
        ulong v when v <= long.MaxValue => (long)v,
        _ => null,
    };

    private static double? ToDouble(object value) => value switch
    {
        float v => v,
        double v => v,
        ulong v => v,
        _ => ToInt64(value),
    };
}
