import Primitives
import Testing

@Suite struct OutsideNumbersTests {
    @Test(arguments: [Int64.min, -1, 0, 1, 10_000_000_000_000_000, .max])
    func noNumberFromOutsideMakesADurationThatArithmeticCannotBear(number: Int64) {
        for duration in [Duration(outsideSeconds: number), Duration(outsideMilliseconds: number)] {
            #expect((.zero...Duration.longestFromOutside).contains(duration))
            #expect(duration + .longestFromOutside > .zero)
            #expect((duration * 1000).wholeMilliseconds >= 0)
        }
    }

    @Test func clampedArithmeticStopsAtTheEnds() {
        #expect(Int64.max.addingClamped(1) == .max)
        #expect(Int64.min.addingClamped(-1) == .min)
        #expect(Int64.min.subtractingClamped(1) == .min)
        #expect(Int64.max.subtractingClamped(-1) == .max)
        #expect(Int64.min.multipliedClamped(by: -1) == .max)
        #expect(Int64.max.multipliedClamped(by: -2) == .min)
        #expect(Int64(-7).clamped(to: 0...5) == 0)
        #expect(Int64(3).addingClamped(4) == 7)
    }

    @Test func timestampsAtTheEndsNeitherOverflowNorCountAsPlausible() {
        let first = Timestamp(millisecondsSinceEpoch: .min)
        let last = Timestamp(millisecondsSinceEpoch: .max)
        #expect(last.duration(since: first) > .zero)
        #expect(last.advanced(by: .longestFromOutside) == last)
        #expect(!first.isPlausible && !last.isPlausible)
        #expect(!first.description.isEmpty && !last.description.isEmpty)
        #expect(Timestamp("2026-11-24T16:00:00Z")?.isPlausible == true)
    }
}
