using System.Text.Json;

namespace Inferometer.ModelFiles.Formats;

/// <summary>A tensor's entry as written, not yet checked.</summary>
internal readonly record struct RawSafetensor(string Name, string Type, List<long> Shape, long Start, long End);

/// <summary>
/// Reads the JSON of a safetensors header token by token, so that a hostile one costs no tree in memory. Throws
/// <see cref="JsonException"/>.
/// </summary>
internal ref struct SafetensorsJson(ReadOnlySpan<byte> json)
{
    private Utf8JsonReader _reader = new(json, new JsonReaderOptions { MaxDepth = 16, CommentHandling = JsonCommentHandling.Disallow });

    public void Expect(JsonTokenType token)
    {
        if (!_reader.Read() || _reader.TokenType != token)
        {
            throw new JsonException($"expected {token} at byte {_reader.TokenStartIndex}, found {_reader.TokenType}");
        }
    }

    /// <summary>The next member's name, or null at the end of the object.</summary>
    public string? NextName()
    {
        if (!_reader.Read() || _reader.TokenType is not (JsonTokenType.PropertyName or JsonTokenType.EndObject))
        {
            throw new JsonException($"expected a member at byte {_reader.TokenStartIndex}");
        }

        return _reader.TokenType == JsonTokenType.EndObject ? null : Text();
    }

    public void SkipValue()
    {
        _reader.Read();
        _reader.Skip();
    }

    public void ExpectEnd()
    {
        if (_reader.Read())
        {
            throw new JsonException("something follows the object");
        }
    }

    public RawSafetensor ReadTensor(string name)
    {
        string? type = null;
        List<long>? shape = null, offsets = null;
        Expect(JsonTokenType.StartObject);
        while (NextName() is string member)
        {
            switch (member)
            {
                case "dtype" when type is null:
                    Expect(JsonTokenType.String);
                    type = Text();
                    break;
                case "shape" when shape is null:
                    shape = ReadIntegers();
                    break;
                case "data_offsets" when offsets is null:
                    offsets = ReadIntegers();
                    break;
                default:
                    throw new JsonException($"tensor '{name}' has the unknown or repeated member '{member}'");
            }
        }

        return type is null || shape is null || offsets is not { Count: 2 }
            ? throw new JsonException($"tensor '{name}' lacks one of dtype, shape, data_offsets (two numbers)")
            : new RawSafetensor(name, type, shape, offsets[0], offsets[1]);
    }

    private List<long> ReadIntegers()
    {
        Expect(JsonTokenType.StartArray);
        var numbers = new List<long>();
        while (_reader.Read() && _reader.TokenType != JsonTokenType.EndArray)
        {
            if (_reader.TokenType != JsonTokenType.Number || !_reader.TryGetInt64(out long number))
            {
                throw new JsonException($"expected an integer at byte {_reader.TokenStartIndex}");
            }

            numbers.Add(number);
        }

        return numbers;
    }

    /// <summary>A string; broken UTF-8 or escapes are a fault of the JSON.</summary>
    private readonly string Text()
    {
        try
        {
            return _reader.GetString()!;
        }
        catch (InvalidOperationException error)
        {
            throw new JsonException($"broken text at byte {_reader.TokenStartIndex}", error);
        }
    }
}
