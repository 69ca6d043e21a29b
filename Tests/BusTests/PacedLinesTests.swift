import Primitives
import Testing

@testable import Bus

@Suite struct PacedLinesTests {
    @Test func tenLinesAMinuteAreSaidAndTheOthersCounted() {
        var lines = PacedLines()
        let said = (0..<1000).compactMap { lines.sayable(at: .seconds(100) + .milliseconds($0)) }
        #expect(said == Array(repeating: 0, count: 10))
        #expect(lines.sayable(at: .seconds(160)) == 990)
        #expect(lines.sayable(at: .seconds(161)) == 0)
    }
}
