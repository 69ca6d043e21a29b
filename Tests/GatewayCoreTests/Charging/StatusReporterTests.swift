import OCPP
import Primitives
import Testing

@testable import GatewayCore

@Suite struct StatusReporterTests {
    private static let report = StatusReport(
        connectorId: 0,
        status: .available,
        errorCode: .noError,
        since: EventTime(utc: 0, boot: nil, uptime: 0)
    )

    private static func online() -> StatusReporter {
        var reporter = StatusReporter()
        reporter.note(report, minimumDuration: .zero, at: .zero)
        reporter.wentOnline(registered: true, connectors: [0], at: .zero)
        return reporter
    }

    @Test func anUnconfirmedStatusIsSentAgainAndNotForEver() {
        var reporter = Self.online()
        var sent = 0
        for second in 0..<600 {
            guard reporter.next(at: .seconds(second)) != nil else { continue }
            sent += 1
            reporter.finished(connectorId: 0, confirmed: false, at: .seconds(second))
        }
        #expect(sent == 3)
    }

    @Test func aConfirmedStatusIsNotSentAgain() {
        var reporter = Self.online()
        let first = reporter.next(at: .zero)
        #expect(first == Self.report)
        reporter.finished(connectorId: 0, confirmed: true, at: .zero)
        let second = reporter.next(at: .seconds(600))
        #expect(second == nil)
    }
}
