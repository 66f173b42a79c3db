using System.Runtime.InteropServices;

namespace Inferometer.Inference.Sampling.Json;

/// <summary>
/// A place in the text of one JSON object (RFC 8259): a pushdown automaton over UTF-8 bytes, small enough to copy for every token tried.
/// Narrower than the standard in four ways that keep output useful: the value is an object, nesting stops at 64, runs of white space
/// stop at 20 bytes, and \u escapes of surrogates are not taken (other characters are written as UTF-8).
/// </summary>
[StructLayout(LayoutKind.Auto)]
internal struct JsonState
{
    private const int MaxDepth = 64;
    private const int MaxWhiteSpace = 20;

    private Place _place;
    private bool _isKey;
    private byte _whiteSpace;
    private byte _literal; // 0 true, 1 false, 2 null
    private byte _progress; // bytes of the literal read; hex digits of an escape read
    private byte _continuations; // UTF-8 continuation bytes still to come
    private byte _low; // range of the next continuation byte
    private byte _high;
    private byte _depth;
    private ulong _objects; // bit i: container i is an object

    private enum Place : byte
    {
        Start,
        FirstKeyOrEnd,
        Key,
        Colon,
        Value,
        FirstValueOrEnd,
        CommaOrEnd,
        String,
        Escape,
        HexDigits,
        Literal,
        Minus,
        Zero,
        Integer,
        Point,
        Fraction,
        Exponent,
        ExponentSign,
        ExponentDigits,
        Complete,
    }

    /// <summary>The object is closed.</summary>
    public readonly bool IsComplete => _place == Place.Complete;

    /// <summary>Bytes that complete the object from here in the shortest way.</summary>
    public readonly int ClosingLength => _place switch
    {
        Place.Start => 2,
        Place.FirstKeyOrEnd or Place.FirstValueOrEnd or Place.CommaOrEnd => _depth,
        Place.Key => 4 + _depth, // "":0
        Place.Colon => 2 + _depth,
        Place.Value => 1 + _depth,
        Place.String => _continuations + StringEnd,
        Place.Escape => 1 + StringEnd,
        Place.HexDigits => 4 - _progress + StringEnd,
        Place.Literal => LiteralOf(_literal).Length - _progress + _depth,
        Place.Minus or Place.Point or Place.Exponent or Place.ExponentSign => 1 + _depth,
        Place.Complete => 0,
        _ => _depth, // numbers that may end here
    };

    private readonly int StringEnd => (_isKey ? 3 : 1) + _depth;

    private readonly bool InObject => (_objects >> (_depth - 1) & 1) != 0;

    /// <summary>Takes a byte.</summary>
    /// <returns>False, with the state undefined, when no JSON object continues so.</returns>
    public bool TryAdvance(byte value)
    {
        if (_place is Place.String)
        {
            return AdvanceString(value);
        }

        if (value is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t')
        {
            return AdvanceWhiteSpace();
        }

        _whiteSpace = 0;
        return _place switch
        {
            Place.Start => value == '{' && Open(isObject: true),
            Place.FirstKeyOrEnd => value == '}' ? Close() : OpenString(value, isKey: true),
            Place.Key => OpenString(value, isKey: true),
            Place.Colon => value == ':' && Go(Place.Value),
            Place.Value => OpenValue(value),
            Place.FirstValueOrEnd => value == ']' ? Close() : OpenValue(value),
            Place.CommaOrEnd => AdvanceContainer(value),
            Place.Escape => AdvanceEscape(value),
            Place.HexDigits => AdvanceHex(value),
            Place.Literal => AdvanceLiteral(value),
            Place.Complete => false,
            _ => AdvanceNumber(value),
        };
    }

    private static ReadOnlySpan<byte> LiteralOf(byte literal) => literal switch { 0 => "true"u8, 1 => "false"u8, _ => "null"u8 };

    private bool Go(Place place)
    {
        _place = place;
        return true;
    }

    private bool AdvanceWhiteSpace()
    {
        switch (_place)
        {
            case Place.Zero or Place.Integer or Place.Fraction or Place.ExponentDigits:
                _place = Place.CommaOrEnd; // white space ends a number
                break;
            case Place.Escape or Place.HexDigits or Place.Literal or Place.Minus or Place.Point or Place.Exponent or Place.ExponentSign
                or Place.Complete:
                return false;
        }

        return ++_whiteSpace <= MaxWhiteSpace;
    }

    private bool Open(bool isObject)
    {
        if (_depth == MaxDepth)
        {
            return false;
        }

        _objects = isObject ? _objects | (1UL << _depth) : _objects & ~(1UL << _depth);
        _depth++;
        return Go(isObject ? Place.FirstKeyOrEnd : Place.FirstValueOrEnd);
    }

    private bool Close()
    {
        _depth--;
        return Go(_depth == 0 ? Place.Complete : Place.CommaOrEnd);
    }

    private bool OpenString(byte value, bool isKey)
    {
        _isKey = isKey;
        return value == '"' && Go(Place.String);
    }

    private bool OpenValue(byte value)
    {
        switch (value)
        {
            case (byte)'{':
                return Open(isObject: true);
            case (byte)'[':
                return Open(isObject: false);
            case (byte)'"':
                return OpenString(value, isKey: false);
            case (byte)'-':
                return Go(Place.Minus);
            case (byte)'0':
                return Go(Place.Zero);
            case >= (byte)'1' and <= (byte)'9':
                return Go(Place.Integer);
            case (byte)'t' or (byte)'f' or (byte)'n':
                _literal = (byte)(value == 't' ? 0 : value == 'f' ? 1 : 2);
                _progress = 1;
                return Go(Place.Literal);
            default:
                return false;
        }
    }

    private bool AdvanceContainer(byte value) => value switch
    {
        (byte)',' => Go(InObject ? Place.Key : Place.Value),
        (byte)'}' => InObject && Close(),
        (byte)']' => !InObject && Close(),
        _ => false,
    };

    private bool AdvanceLiteral(byte value)
    {
        ReadOnlySpan<byte> literal = LiteralOf(_literal);
        if (value != literal[_progress])
        {
            return false;
        }

        return ++_progress < literal.Length || Go(Place.CommaOrEnd);
    }

    private bool AdvanceNumber(byte value)
    {
        bool isDigit = value is >= (byte)'0' and <= (byte)'9';
        switch (_place)
        {
            case Place.Minus:
                return isDigit && Go(value == '0' ? Place.Zero : Place.Integer);
            case Place.Point:
                return isDigit && Go(Place.Fraction);
            case Place.Exponent when value is (byte)'+' or (byte)'-':
                return Go(Place.ExponentSign);
            case Place.Exponent or Place.ExponentSign:
                return isDigit && Go(Place.ExponentDigits);
            case Place.Integer or Place.Fraction or Place.ExponentDigits when isDigit:
                return true;
            case Place.Zero or Place.Integer when value == '.':
                return Go(Place.Point);
            case Place.Zero or Place.Integer or Place.Fraction when value is (byte)'e' or (byte)'E':
                return Go(Place.Exponent);
            default:
                return AdvanceContainer(value); // anything else ends the number
        }
    }

    private bool AdvanceEscape(byte value)
    {
        if (value == 'u')
        {
            _progress = 0;
            return Go(Place.HexDigits);
        }

        return value is (byte)'"' or (byte)'\\' or (byte)'/' or (byte)'b' or (byte)'f' or (byte)'n' or (byte)'r' or (byte)'t'
            && Go(Place.String);
    }

    private bool AdvanceHex(byte value)
    {
        if (!char.IsAsciiHexDigit((char)value))
        {
            return false;
        }

        // _literal notes a leading D, after which 8 to F would make a surrogate.
        if (_progress == 1 && _literal == 1 && value is not (>= (byte)'0' and <= (byte)'7'))
        {
            return false;
        }

        _literal = (byte)(_progress == 0 && value is (byte)'d' or (byte)'D' ? 1 : 0);
        return ++_progress < 4 || Go(Place.String);
    }

    private bool AdvanceString(byte value)
    {
        if (_continuations > 0)
        {
            bool isInRange = value >= _low && value <= _high;
            _continuations--;
            (_low, _high) = (0x80, 0xbf);
            return isInRange;
        }

        (_low, _high) = (0x80, 0xbf);
        switch (value)
        {
            case (byte)'"':
                return Go(_isKey ? Place.Colon : Place.CommaOrEnd);
            case (byte)'\\':
                return Go(Place.Escape);
            case < 0x20:
                return false;
            case < 0x80:
                return true;
            case >= 0xc2 and <= 0xdf:
                _continuations = 1;
                return true;
            case >= 0xe0 and <= 0xef:
                _continuations = 2;
                _low = value == 0xe0 ? (byte)0xa0 : _low; // no overlong forms
                _high = value == 0xed ? (byte)0x9f : _high; // no surrogates
                return true;
            case >= 0xf0 and <= 0xf4:
                _continuations = 3;
                _low = value == 0xf0 ? (byte)0x90 : _low;
                _high = value == 0xf4 ? (byte)0x8f : _high; // nothing above U+10FFFF
                return true;
            default:
                return false;
        }
    }
}
