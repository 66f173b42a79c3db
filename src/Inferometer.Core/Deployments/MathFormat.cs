namespace Inferometer.Core.Deployments;

/// <summary>Arithmetic a device has a peak rate for.</summary>
public enum MathFormat
{
    /// <summary>32-bit float, vector units.</summary>
    Fp32,

    /// <summary>TensorFloat-32.</summary>
    Tf32,

    /// <summary>bfloat16 with f32 accumulation.</summary>
    Bf16,

    /// <summary>16-bit float with f32 accumulation.</summary>
    Fp16,

    /// <summary>8-bit float.</summary>
    Fp8,

    /// <summary>8-bit integer.</summary>
    Int8,

    /// <summary>4-bit float.</summary>
    Fp4,

    /// <summary>4-bit integer.</summary>
    Int4,
}
