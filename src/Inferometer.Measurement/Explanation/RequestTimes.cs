namespace Inferometer.Measurement.Explanation;

/// <summary>Where the time of a request that is on its way went, seconds.</summary>
internal sealed class RequestTimes
{
    /// <summary>Before the first token: the step that ran when it came.</summary>
    public double StepUnderWay { get; init; }

    /// <summary>Before the first token: steps that others' prompts filled, before it was admitted or after.</summary>
    public double Prompts { get; set; }

    /// <summary>Before the first token: as many sequences ran as may.</summary>
    public double Place { get; init; }

    /// <summary>Before the first token: no room in the cache, or preempted for want of it and read again.</summary>
    public double Cache { get; set; }

    /// <summary>Before the first token: its own prompt, as it would take alone.</summary>
    public double OwnPrompt { get; set; }

    /// <summary>Before the first token: what else was in the steps that read it.</summary>
    public double Beside { get; set; }

    /// <summary>When it was admitted.</summary>
    public required StepMark Admitted { get; init; }

    /// <summary>When its first token came.</summary>
    public StepMark First { get; set; }

    /// <summary>When it was preempted, if it was and has had no token since.</summary>
    public StepMark? Preempted { get; set; }

    /// <summary>After the first token: from being preempted to the next token.</summary>
    public double PreemptedSeconds { get; set; }

    /// <summary>Steps of others in that time, without prompts.</summary>
    public double PreemptedDecode { get; set; }

    /// <summary>What prompts took in that time.</summary>
    public double PreemptedPrompts { get; set; }

    /// <summary>Number of the last step with a part of its prompt; 0 = none.</summary>
    public int LastStep { get; set; }
}
