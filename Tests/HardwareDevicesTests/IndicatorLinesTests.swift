import BusSchema
import HardwareCore
import Primitives
import Testing

@testable import HardwareDevices

@Suite struct IndicatorLinesTests {
    private func moment(_ uptime: Duration) -> Moment {
        Moment(uptime: uptime, utc: Timestamp(millisecondsSinceEpoch: 0))
    }

    /// What is set until nothing happens any more, with its time in milliseconds.
    private func play(_ lines: inout IndicatorLines, _ signal: Indicate.Signal) -> [(at: Int64, levels: UInt64)] {
        var shown: [(at: Int64, levels: UInt64)] = []
        func note(_ orders: [LinesOrder], _ uptime: Duration) {
            for case .set(0, let levels, _) in orders { shown.append((uptime.wholeMilliseconds, levels)) }
        }
        note(lines.perform(.indicate(connectorId: 1, signal), at: moment(.zero)), .zero)
        while let due = lines.nextDeadline?.at, shown.count < 100 {
            note(lines.deadlineReached(at: moment(due)), due)
        }
        return shown
    }

    @Test(arguments: [Indicate.Signal.cardRead, .accepted, .rejected])
    func everySignalIsSeenAndHeardAtOnceAndEndsInTheDark(signal: Indicate.Signal) throws {
        var lines = IndicatorLines(connectorId: 1, parts: IndicatorLines.Part.allCases)
        let shown = play(&lines, signal)
        let first = try #require(shown.first)
        #expect(first.at == 0)
        #expect(first.levels & 0b1000 != 0)
        #expect(first.levels & 0b0111 != 0)
        #expect(shown.last?.levels == 0)
        #expect((shown.last?.at ?? 0) <= 2000)
    }

    @Test func signalsAreToldApart() {
        var lines = IndicatorLines(connectorId: 1, parts: IndicatorLines.Part.allCases)
        let all = [Indicate.Signal.cardRead, .accepted, .rejected].map { play(&lines, $0).map(\.levels) }
        #expect(Set(all).count == 3)
    }

    @Test func aChargerWithABuzzerAloneBeeps() {
        var lines = IndicatorLines(connectorId: 1, parts: [.buzzer])
        let beeps = play(&lines, .accepted).map(\.levels)
        #expect(beeps == [1, 0, 1, 0, 0])
    }

    @Test func aNewSignalEndsTheOneBefore() {
        var lines = IndicatorLines(connectorId: 1, parts: [.red, .green])
        _ = lines.perform(.indicate(connectorId: 1, .accepted), at: moment(.zero))
        let orders = lines.perform(.indicate(connectorId: 1, .rejected), at: moment(.milliseconds(50)))
        #expect(orders == [.set(group: 0, levels: 0b01, mask: 0b11)])
        #expect(lines.nextDeadline?.at == .milliseconds(550))
    }

    @Test func aSignalOfALaterVersionChangesNothing() {
        var lines = IndicatorLines(connectorId: 1, parts: [.red])
        let orders = lines.perform(.indicate(connectorId: 1, Indicate.Signal(rawValue: "party")), at: moment(.zero))
        #expect(orders == [])
        #expect(lines.nextDeadline == nil)
    }
}
