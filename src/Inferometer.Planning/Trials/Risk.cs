namespace Inferometer.Planning.Trials;

/// <summary>How many of the services planned so would miss a limit, by the errors that predictions of such cases had.</summary>
public enum Risk
{
    /// <summary>Nothing is known of errors.</summary>
    Unknown,

    /// <summary>Nineteen in twenty keep it.</summary>
    LessThanOneInTwenty,

    /// <summary>From one in twenty to one in four miss it.</summary>
    UpToOneInFour,

    /// <summary>More than one in four miss it.</summary>
    MoreThanOneInFour,

    /// <summary>It is missed as predicted.</summary>
    Missed,
}
