using System.Numerics;
using Inferometer.Core;

namespace Inferometer.Compression.Codecs;

/// <summary>
/// An affine map from the vectors of a head, or of a group of heads, to latents and back: latent = encoder (vector - mean), vector ~ mean +
/// decoder latent. The first latents matter most. Immutable as long as nobody writes to its arrays. </summary> <param name="Width">Width of
/// a vector.</param> <param name="Rank">Latents.</param> <param name="Mean">[width].</param> <param name="Encoder">[rank, width], row after
/// row.</param> <param name="Decoder">[width, rank], row after row.</param>
public sealed record LatentBasis(int Width, int Rank, float[] Mean, float[] Encoder, float[] Decoder)
{
    /// <summary>Latents that are the vector itself.</summary>
    public static LatentBasis Identity(int width)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        float[] identity = new float[width * width];
        for (int i = 0; i < width; i++)
        {
            identity[i * width + i] = 1;
        }

        return new LatentBasis(width, width, new float[width], identity, identity);
    }

    /// <summary>The first <paramref name="rank"/> latents.</summary>
    public LatentBasis Truncate(int rank)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rank);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rank, Rank);
        float[] decoder = new float[Width * rank];
        for (int row = 0; row < Width; row++)
        {
            Decoder.AsSpan(row * Rank, rank).CopyTo(decoder.AsSpan(row * rank));
        }

        return this with { Rank = rank, Encoder = Encoder[..(rank * Width)], Decoder = decoder };
    }

    /// <summary>
    /// The basis whose latents are stored in a format: cut or padded with zeros to its width, and turned by a Hadamard transform within
    /// every quantised segment, so that a segment's numbers are of one size. What the map loses is the same. </summary>
    public LatentBasis For(LatentFormat format)
    {
        ArgumentNullException.ThrowIfNull(format);
        float[] encoder = new float[format.Width * Width], decoder = new float[Width * format.Width];
        int kept = Math.Min(Rank, format.Width);
        Encoder.AsSpan(0, kept * Width).CopyTo(encoder);
        for (int row = 0; row < Width; row++)
        {
            Decoder.AsSpan(row * Rank, kept).CopyTo(decoder.AsSpan(row * format.Width));
        }

        Span<float> column = stackalloc float[LatentFormat.MaxQuantizedCount];
        int first = 0;
        foreach (LatentSegment segment in format.Segments)
        {
            if (segment.IsQuantized)
            {
                TurnRows(encoder, first, segment.Count, column[..segment.Count]);
                for (int row = 0; row < Width; row++)
                {
                    HadamardRotation.Apply(decoder.AsSpan(row * format.Width + first, segment.Count));
                }
            }

            first += segment.Count;
        }

        return new LatentBasis(Width, format.Width, Mean, encoder, decoder);
    }

    /// <summary>Latents of a vector.</summary>
    public void Encode(ReadOnlySpan<float> vector, Span<float> latents)
    {
        Span<float> centred = stackalloc float[Width];
        for (int d = 0; d < Width; d++)
        {
            centred[d] = vector[d] - Mean[d];
        }

        for (int i = 0; i < Rank; i++)
        {
            latents[i] = Dot(Encoder.AsSpan(i * Width, Width), centred);
        }
    }

    /// <summary>The vector of latents.</summary>
    public void Decode(ReadOnlySpan<float> latents, Span<float> vector)
    {
        for (int d = 0; d < Width; d++)
        {
            vector[d] = Mean[d] + Dot(Decoder.AsSpan(d * Rank, Rank), latents);
        }
    }

    /// <summary>Throws where lengths do not fit or a number is not finite.</summary>
    /// <param name="source">What is being read, for the message.</param>
    /// <exception cref="InferometerException">Something is wrong with the basis.</exception>
    public void Validate(string source)
    {
        if (Width < 1 || Rank < 1 || Mean.Length != Width || Encoder.Length != Rank * Width || Decoder.Length != Width * Rank)
        {
            throw new InferometerException(
                $"{source}: a basis of width {Width} and rank {Rank} has {Mean.Length} + {Encoder.Length} + {Decoder.Length} numbers.");
        }

        if (!Mean.All(float.IsFinite) || !Encoder.All(float.IsFinite) || !Decoder.All(float.IsFinite))
        {
            throw new InferometerException($"{source}: the basis holds NaN or infinite numbers.");
        }
    }

    /// <summary>Sum of products of two spans of one length.</summary>
    internal static float Dot(ReadOnlySpan<float> left, ReadOnlySpan<float> right)
    {
        Vector<float> sums = Vector<float>.Zero;
        int i = 0;
        for (; i <= left.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            sums += new Vector<float>(left[i..]) * new Vector<float>(right[i..]);
        }

        float sum = Vector.Sum(sums);
        for (; i < left.Length; i++)
        {
            sum += left[i] * right[i];
        }

        return sum;
    }

    private void TurnRows(float[] encoder, int first, int count, Span<float> column)
    {
        for (int d = 0; d < Width; d++)
        {
            for (int i = 0; i < count; i++)
            {
                column[i] = encoder[(first + i) * Width + d];
            }

            HadamardRotation.Apply(column);
            for (int i = 0; i < count; i++)
            {
                encoder[(first + i) * Width + d] = column[i];
            }
        }
    }
}
