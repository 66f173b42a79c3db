using System.Runtime.InteropServices;
using Inferometer.Measurement.Diagnostics;

namespace Inferometer.Measurement.Tests.Diagnostics;

public sealed unsafe class RateLoopsTests
{
    /// <summary>What a loop leaves out is read faster: one changed line anywhere must change what either way returns.</summary>
    [Theory]
    [InlineData(16 << 10)] // one group of pages
    [InlineData(32 << 10)]
    [InlineData(37 << 10)] // and 5 KiB behind two
    [InlineData(3 << 10)]
    public void Both_ways_of_reading_read_every_line(int bytes)
    {
        byte* buffer = (byte*)NativeMemory.AlignedAlloc((nuint)bytes, 64);
        try
        {
            new Span<byte>(buffer, bytes).Clear();
            for (int line = 0; line < bytes; line += 64)
            {
                buffer[line + line / 64 % 64] = 1;
                Assert.NotEqual(0, RateLoops.Read(buffer, bytes));
                Assert.NotEqual(0, RateLoops.ReadPages(buffer, bytes));
                buffer[line + line / 64 % 64] = 0;
            }

            Assert.Equal(0, RateLoops.Read(buffer, bytes));
            Assert.Equal(0, RateLoops.ReadPages(buffer, bytes));
        }
        finally
        {
            NativeMemory.AlignedFree(buffer);
        }
    }
}
