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
            guard let (number, _) = reporter.next(at: .seconds(second)) else { continue }
            sent += 1
            reporter.finished(number, confirmed: false, at: .seconds(second))
        }
        #expect(sent == 3)
    }

    /// OCPP 1.6 §4.9, E §3.19: a central system that could take nothing in for some minutes hears it later, on the same connection.
    @Test func whatWasRefusedThriceIsToldAgainEveryHour() {
        var reporter = Self.online()
        var sent: [Int] = []
        for second in 0..<11_000 {
            guard let (number, _) = reporter.next(at: .seconds(second)) else { continue }
            sent.append(second)
            reporter.finished(number, confirmed: sent.count == 5, at: .seconds(second))
        }
        #expect(sent == [0, 30, 60, 3660, 7260])
    }

    /// The status was another for a moment, which was not worth a report, and is now what nobody confirmed.
    @Test func aStatusThatWasRefusedAndComesBackIsStillToldAgain() {
        var reporter = Self.online()
        var other = Self.report
        other.status = .unavailable
        let first = reporter.next(at: .zero)
        reporter.finished(first?.number ?? 0, confirmed: false, at: .zero)
        reporter.note(other, minimumDuration: .seconds(5), at: .seconds(1))
        reporter.note(Self.report, minimumDuration: .seconds(5), at: .seconds(2))
        var sent: [StatusReport] = []
        for second in 2..<100 {
            guard let (number, report) = reporter.next(at: .seconds(second)) else { continue }
            sent.append(report)
            reporter.finished(number, confirmed: true, at: .seconds(second))
        }
        #expect(sent == [Self.report])
    }

    @Test func aConfirmedStatusIsNotSentAgain() throws {
        var reporter = Self.online()
        let sent = reporter.next(at: .zero)
        let (number, first) = try #require(sent)
        #expect(first == Self.report)
        reporter.finished(number, confirmed: true, at: .zero)
        let last600 = reporter.next(at: .seconds(600))
        #expect(last600 == nil)
    }

    /// The central system took 31 s for the first, and says nothing of the second: it knows the first and not the second.
    @Test func aLateAnswerIsNotTakenForThatToANewerReportOfTheConnector() throws {
        var reporter = Self.online()
        let sentFirst = reporter.next(at: .zero)
        let old = try #require(sentFirst)
        reporter.finished(old.number, confirmed: false, at: .seconds(30))
        var unavailable = Self.report
        unavailable.status = .unavailable
        reporter.note(unavailable, minimumDuration: .zero, at: .seconds(30))
        let sentThen = reporter.next(at: .seconds(30))
        let new = try #require(sentThen)
        #expect(new.report == unavailable)
        reporter.finished(old.number, confirmed: true, at: .seconds(31))
        reporter.finished(new.number, confirmed: false, at: .seconds(60))
        reporter.wentOffline()
        reporter.wentOnline(registered: false, connectors: [0], at: .seconds(70))
        let last70 = reporter.next(at: .seconds(70))
        #expect(last70?.report == unavailable)
    }

    @Test func aLateConfirmationSparesTheRepetition() throws {
        var reporter = Self.online()
        let sent = reporter.next(at: .zero)
        let number = try #require(sent).number
        reporter.finished(number, confirmed: false, at: .seconds(30))
        reporter.finished(number, confirmed: true, at: .seconds(31))
        let last600 = reporter.next(at: .seconds(600))
        #expect(last600 == nil)
        reporter.wentOffline()
        reporter.wentOnline(registered: false, connectors: [0], at: .seconds(700))
        let last700 = reporter.next(at: .seconds(700))
        #expect(last700 == nil)
    }

    /// Two refusals of one connector's status leave the other its three attempts.
    @Test func failuresCountPerConnector() {
        var reporter = Self.online()
        var other = Self.report
        other.connectorId = 1
        reporter.note(other, minimumDuration: .zero, at: .zero)
        var sent: [Int: Int] = [:]
        for second in 0..<600 {
            while let (number, report) = reporter.next(at: .seconds(second)) {
                sent[report.connectorId, default: 0] += 1
                reporter.finished(number, confirmed: false, at: .seconds(second))
            }
        }
        #expect(sent == [0: 3, 1: 3])
    }

    // MARK: - Errors that nobody was told of

    private static let fault: StatusReport = {
        var fault = report
        fault.status = .faulted
        fault.errorCode = .readerFailure
        return fault
    }()

    /// What it sends by itself at that time, each confirmed at once.
    private func told(_ reporter: inout StatusReporter, at seconds: Int) -> [StatusReport] {
        var told: [StatusReport] = []
        while let (number, report) = reporter.next(at: .seconds(seconds)) {
            told.append(report)
            reporter.finished(number, confirmed: true, at: .seconds(seconds))
        }
        return told
    }

    private func comeBack(_ reporter: inout StatusReporter, at seconds: Int) -> [StatusReport] {
        reporter.wentOnline(registered: false, connectors: [0], at: .seconds(seconds))
        return told(&reporter, at: seconds)
    }

    /// OCPP 1.6 §4.9. Nobody knew yet that the connection was dead, so that it was sent into it.
    @Test func anErrorThatWasSentIntoADeadConnectionIsToldOnceAfterIt() {
        var reporter = Self.online()
        #expect(told(&reporter, at: 0) == [Self.report])
        reporter.note(Self.fault, minimumDuration: .zero, at: .seconds(1))
        let sent = reporter.next(at: .seconds(1))
        #expect(sent?.report == Self.fault)
        reporter.wentOffline()
        reporter.note(Self.report, minimumDuration: .zero, at: .seconds(20))
        #expect(comeBack(&reporter, at: 30) == [Self.fault, Self.report])
        reporter.wentOffline()
        #expect(comeBack(&reporter, at: 60).isEmpty)
    }

    /// The one before it got no answer either, so that both were over when the connection was given up.
    @Test func anErrorWhoseEndWasSentIntoADeadConnectionTooIsToldAfterIt() throws {
        var reporter = Self.online()
        #expect(told(&reporter, at: 0) == [Self.report])
        reporter.note(Self.fault, minimumDuration: .zero, at: .seconds(1))
        let first = reporter.next(at: .seconds(1))
        reporter.note(Self.report, minimumDuration: .zero, at: .seconds(2))
        reporter.finished(try #require(first).number, confirmed: false, at: .seconds(31))
        let second = reporter.next(at: .seconds(31))
        #expect(second?.report == Self.report)
        reporter.wentOffline()
        #expect(comeBack(&reporter, at: 60) == [Self.fault, Self.report])
    }

    @Test func anErrorThatStillWaitedForTheDeadConnectionIsToldAfterIt() {
        var reporter = Self.online()
        #expect(told(&reporter, at: 0) == [Self.report])
        var unavailable = Self.report
        unavailable.status = .unavailable
        reporter.note(unavailable, minimumDuration: .zero, at: .seconds(1))
        _ = reporter.next(at: .seconds(1))
        reporter.note(Self.fault, minimumDuration: .zero, at: .seconds(2))
        reporter.note(Self.report, minimumDuration: .zero, at: .seconds(3))
        reporter.wentOffline()
        #expect(comeBack(&reporter, at: 60) == [Self.fault, Self.report])
    }

    /// The connection after it died before it got that far.
    @Test func anErrorThatWasMissedIsToldByTheConnectionAfterTheNext() {
        var reporter = Self.online()
        #expect(told(&reporter, at: 0) == [Self.report])
        reporter.wentOffline()
        reporter.note(Self.fault, minimumDuration: .zero, at: .seconds(1))
        reporter.note(Self.report, minimumDuration: .zero, at: .seconds(2))
        reporter.wentOnline(registered: false, connectors: [0], at: .seconds(3))
        reporter.wentOffline()
        #expect(comeBack(&reporter, at: 60) == [Self.fault, Self.report])
    }

    /// The central system may have had it before the connection died, and would show it for ever.
    @Test(arguments: [false, true])
    func aStatusOfWhichNobodyKnowsWhetherItArrivedIsTakenBackAfterTheConnection(timedOut: Bool) throws {
        var reporter = Self.online()
        #expect(told(&reporter, at: 0) == [Self.report])
        var preparing = Self.report
        preparing.status = .preparing
        reporter.note(preparing, minimumDuration: .zero, at: .seconds(1))
        let next = reporter.next(at: .seconds(1))
        let sent = try #require(next)
        #expect(sent.report == preparing)
        if timedOut { reporter.finished(sent.number, confirmed: false, at: .seconds(31)) }
        reporter.wentOffline()
        reporter.note(Self.report, minimumDuration: .zero, at: .seconds(40))
        #expect(comeBack(&reporter, at: 60) == [Self.report])
        reporter.wentOffline()
        #expect(comeBack(&reporter, at: 90).isEmpty)
    }

    @Test func anErrorThatWasConfirmedIsNotToldAgain() {
        var reporter = Self.online()
        #expect(told(&reporter, at: 0) == [Self.report])
        reporter.note(Self.fault, minimumDuration: .zero, at: .seconds(1))
        #expect(told(&reporter, at: 1) == [Self.fault])
        reporter.wentOffline()
        reporter.note(Self.report, minimumDuration: .zero, at: .seconds(20))
        #expect(comeBack(&reporter, at: 30) == [Self.report])
    }

    /// Whoever confirms what came after it was there, and has refused it.
    @Test func anErrorThatALivingCentralSystemRefusedIsNotToldAgain() {
        var reporter = Self.online()
        #expect(told(&reporter, at: 0) == [Self.report])
        reporter.note(Self.fault, minimumDuration: .zero, at: .seconds(1))
        for second in [1, 31, 61] {
            guard let (number, _) = reporter.next(at: .seconds(second)) else { continue }
            reporter.finished(number, confirmed: false, at: .seconds(second))
        }
        reporter.note(Self.report, minimumDuration: .zero, at: .seconds(100))
        #expect(told(&reporter, at: 100) == [Self.report])
        reporter.wentOffline()
        #expect(comeBack(&reporter, at: 200).isEmpty)
    }
}
