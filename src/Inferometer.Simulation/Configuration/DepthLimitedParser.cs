using Inferometer.Core;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Inferometer.Simulation.Configuration;

/// <summary>
/// Passes parsing events on until lists and mappings nest too deep. What builds nodes of the events calls itself for every
/// level, so that a line of fifty thousand brackets would end the process by its stack.
/// </summary>
internal sealed class DepthLimitedParser(IParser parser, int limit, string origin) : IParser
{
    private int _depth;

    public ParsingEvent? Current => parser.Current;

    public bool MoveNext()
    {
        bool more = parser.MoveNext();
        switch (Current)
        {
            case MappingStart or SequenceStart when ++_depth > limit:
                throw new InferometerException(
                    $"{origin}: nested deeper than {limit} levels at line {Current.Start.Line}, column {Current.Start.Column}.");
            case MappingEnd or SequenceEnd:
                _depth--;
                break;
        }

        return more;
    }
}
