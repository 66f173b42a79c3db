namespace Inferometer.Simulation.Calibration;

/// <summary>
/// What the calibrated cost model is made of. Fractions are of datasheet peaks, ratios multiply fractions, the rest are times. Their
/// meaning, bounds and priors are in <see cref="CoefficientTable"/>.
/// </summary>
public enum Coefficient
{
    /// <summary>Share of the dense peak that matrix products in 16 bits reach.</summary>
    Matrix16,

    /// <summary>Share of the dense peak that matrix products in 8 bits reach.</summary>
    Matrix8,

    /// <summary>Share of the dense peak that matrix products in 4 bits reach.</summary>
    Matrix4,

    /// <summary>
    /// Rows that a product of one row takes the arithmetic of, each product as many more than it has: its kernels work on tiles of rows,
    /// and the last one is partly filled. 1, nothing more, unless products were timed by themselves.
    /// </summary>
    MatrixRows,

    /// <summary>What is left of the speed of a product whose weights are unpacked to a wider format first.</summary>
    Unpacking,

    /// <summary>
    /// 32-bit operations that unpacking a byte of stored weights takes: what keeps products with few rows from the speed of memory on
    /// devices with much bandwidth and little arithmetic.
    /// </summary>
    UnpackingOperations,

    /// <summary>
    /// Times the 32-bit peak that products of few rows reach where a framework has kernels of its own for them, which do not use matrix
    /// units. Dot products of 8-bit integers may go beyond that peak.
    /// </summary>
    VectorProduct,

    /// <summary>
    /// Rows at the rate of such kernels that take as long as unpacking weights for matrix units does in steps of more tokens, however many
    /// these are. Of frameworks that have such kernels alone.
    /// </summary>
    MatrixUnpacking,

    /// <summary>What is left of the speed of a product when it is cut into experts.</summary>
    ExpertMatrix,

    /// <summary>
    /// Times as large a share of their peak as experts reach in fewer bits, in 16 bits: tiles that the few rows of an expert leave half
    /// empty are as wide in every format, and in 16 bits half as much arithmetic is lost in them.
    /// </summary>
    ExpertMatrix16,

    /// <summary>Share of the dense peak that attention reaches.</summary>
    AttentionMatrix,

    /// <summary>
    /// Rows of queries in a tile of attention that reads prompts: the half of each tile on the diagonal that lies beyond what a query may
    /// see is computed all the same. 1, so that nothing is computed in vain, unless attention of prompts was timed by itself.
    /// </summary>
    AttentionTile,

    /// <summary>
    /// Rows of queries that a decoding sequence takes the arithmetic of in a step that reads prompts too. Kernels that take prompts and
    /// decoding sequences at once may give each sequence a tile as prompts have them, in which heads that share keys share nothing, as they
    /// do in kernels for decoding alone. 1 unless such steps were timed.
    /// </summary>
    AttentionBeside,

    /// <summary>Share of memory bandwidth that matrix products reach.</summary>
    MatrixMemory,

    /// <summary>Share of memory bandwidth that experts reach.</summary>
    ExpertMemory,

    /// <summary>Share of memory bandwidth that attention and recurrences reach.</summary>
    AttentionMemory,

    /// <summary>Share of memory bandwidth that element-wise work reaches.</summary>
    VectorMemory,

    /// <summary>
    /// Share of the 32-bit peak that element-wise work reaches, which stands for all that grows with a step's tokens and widths: norms,
    /// activations, rounding the inputs of products to 8 bits, storing what they give. Nothing on graphics cards; on a processor, whose
    /// products run at the rate of 8-bit integers, as much time as those for narrow models.
    /// </summary>
    VectorArithmetic,

    /// <summary>Seconds from one kernel of a step to the next.</summary>
    Launch,

    /// <summary>
    /// What is left of <see cref="Launch"/> in steps that the framework replays, where it launches others kernel by kernel.
    /// </summary>
    GraphLaunch,

    /// <summary>Seconds an attention kernel takes beside that: planning, splitting, adding up.</summary>
    AttentionExtra,

    /// <summary>
    /// Seconds per token of context that attention of such a tile takes at least: it goes through its keys one after the other, on one
    /// multiprocessor, so that few long sequences leave the others idle. Next to nothing unless it was timed.
    /// </summary>
    AttentionSerial,

    /// <summary>Seconds a layer of experts takes beside that: routing, sorting, padding.</summary>
    ExpertExtra,

    /// <summary>Seconds a recurrence takes beside that.</summary>
    RecurrenceExtra,

    /// <summary>Share of link bandwidth that collectives reach.</summary>
    Link,

    /// <summary>Seconds one hop of a collective takes.</summary>
    LinkLatency,

    /// <summary>Seconds between two steps in which the device waits for the host.</summary>
    Step,

    /// <summary>Seconds of the same kind per sequence of the step.</summary>
    Sequence,

    /// <summary>
    /// Seconds that a step takes longer for every doubling of the sequences that decode in it, beside the arithmetic of their rows: kernels
    /// for one row that are run row by row, threads that wait for each other and for those that send the tokens.
    /// </summary>
    Doubling,

    /// <summary>Least seconds per layer of a step that reads prompts, as it runs outside graphs.</summary>
    PromptLayer,

    /// <summary>Share of the time of other requests' prompts that decoding requests wait for.</summary>
    Stall,

    /// <summary>Seconds before the first step of a request: transport, tokenisation, admission.</summary>
    FirstToken,

    /// <summary>Decode steps a request waits for on average before its prompt is taken up, and its first token sent.</summary>
    FirstTokenSteps,

    /// <summary>Times the reading of a request's own prompt that its first token waits for.</summary>
    FirstTokenPrompt,

    /// <summary>Share of the computed queueing time that is waited.</summary>
    Queue,

    /// <summary>Seconds per request in flight before the first token.</summary>
    FirstTokenUser,

    /// <summary>
    /// Requests of a closed loop that always wait for another to end, because the service runs that many fewer than are in flight: each
    /// waits so many times the time between two ends.
    /// </summary>
    FirstTokenTurn,
}
