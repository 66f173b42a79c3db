namespace Inferometer.Cli.Settings;

/// <summary>An option as it was declared: what its line in the help and in docs/commands.md is made of.</summary>
internal interface IDeclared
{
    /// <summary>What it is for, without range and default.</summary>
    string Meaning { get; }

    /// <summary>What its value may be where the placeholder does not say it all, such as <c>1 to 1024</c>.</summary>
    string? Range { get; }

    /// <summary>What holds where it is not given, in words; null where that needs none.</summary>
    string? Default { get; }

    /// <summary>The line of the help.</summary>
    string Describe()
    {
        string?[] notes = [Range, Default is null ? null : $"default: {Default}"];
        string note = string.Join("; ", notes.Where(n => n is not null));
        return note.Length == 0 ? Meaning : $"{Meaning} [{note}]";
    }
}
