using Inferometer.History.Records;
using Inferometer.Reports.Runs;

namespace Inferometer.Cli.Recording;

/// <summary>What a command knows of a run that is to be kept.</summary>
/// <param name="Kind">Of which command.</param>
/// <param name="Arm">Computed or taken.</param>
/// <param name="Model">The model, as lists name it.</param>
/// <param name="On">What it ran on, or was computed for.</param>
/// <param name="Figures">The figures.</param>
internal sealed record RunDraft(RunKind Kind, RunArm Arm, string Model, string On, RecordedFigures Figures);
