using ILGPU;
using ILGPU.Runtime.Cuda;

namespace Inferometer.Gpu.Kernels;

/// <summary>The units of a card for it, from compute capability 8.0 on.</summary>
internal readonly struct TensorCores : IMatrixCores
{
    public static void Bytes(
        ref int c0, ref int c1, ref int c2, ref int c3, int a0, int a1, int a2, int a3, int b0, int b1, ArrayView<int> room)
    {
        Ref<int> r0 = c0, r1 = c1, r2 = c2, r3 = c3;
        Input<int> i0 = a0, i1 = a1, i2 = a2, i3 = a3, j0 = b0, j1 = b1;
        CudaAsm.EmitRef(
            "mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};",
            ref r0, ref r1, ref r2, ref r3, ref i0, ref i1, ref i2, ref i3, ref j0, ref j1);
        (c0, c1, c2, c3) = (r0.Value, r1.Value, r2.Value, r3.Value);
    }

    public static void HalfBytes(ref int c0, ref int c1, ref int c2, ref int c3, int a0, int a1, int b0, ArrayView<int> room)
    {
        Ref<int> r0 = c0, r1 = c1, r2 = c2, r3 = c3;
        Input<int> i0 = a0, i1 = a1, j0 = b0;
        CudaAsm.EmitRef(
            "mma.sync.aligned.m16n8k16.row.col.s32.s8.s8.s32 {%0,%1,%2,%3}, {%4,%5}, {%6}, {%0,%1,%2,%3};",
            ref r0, ref r1, ref r2, ref r3, ref i0, ref i1, ref j0);
        (c0, c1, c2, c3) = (r0.Value, r1.Value, r2.Value, r3.Value);
    }

    public static void Halves(
        ref float c0, ref float c1, ref float c2, ref float c3, int a0, int a1, int a2, int a3, int b0, int b1, ArrayView<int> room)
    {
        Ref<float> r0 = c0, r1 = c1, r2 = c2, r3 = c3;
        Input<int> i0 = a0, i1 = a1, i2 = a2, i3 = a3, j0 = b0, j1 = b1;
        CudaAsm.EmitRef(
            "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};",
            ref r0, ref r1, ref r2, ref r3, ref i0, ref i1, ref i2, ref i3, ref j0, ref j1);
        (c0, c1, c2, c3) = (r0.Value, r1.Value, r2.Value, r3.Value);
    }

    public static void Brains(
        ref float c0, ref float c1, ref float c2, ref float c3, int a0, int a1, int a2, int a3, int b0, int b1, ArrayView<int> room)
    {
        Ref<float> r0 = c0, r1 = c1, r2 = c2, r3 = c3;
        Input<int> i0 = a0, i1 = a1, i2 = a2, i3 = a3, j0 = b0, j1 = b1;
        CudaAsm.EmitRef(
            "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};",
            ref r0, ref r1, ref r2, ref r3, ref i0, ref i1, ref i2, ref i3, ref j0, ref j1);
        (c0, c1, c2, c3) = (r0.Value, r1.Value, r2.Value, r3.Value);
    }
}
