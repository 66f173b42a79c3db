namespace Inferometer.ReferenceModels;

/// <summary>A named weight as the test wrote it: its shape, outermost first, and its values in row order.</summary>
public sealed record ReferenceTensor(int[] Shape, float[] Data)
{
    public int Columns => Shape[^1];

    public int Rows => Data.Length / Shape[^1];

    public static ReferenceTensor Random(Random random, double deviation, double mean, params int[] shape)
    {
        float[] data = new float[shape.Aggregate(1, (a, b) => a * b)];
        for (int i = 0; i < data.Length; i++)
        {
            // Box-Muller; 1 - u keeps the logarithm's argument above zero.
            double normal = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
            data[i] = (float)(mean + (deviation * normal));
        }

        return new ReferenceTensor(shape, data);
    }
}
