import BusSchema
import Primitives
import Testing

@testable import GatewayCore

/// A report of the modem manager is a hint, never a reason to stay away for ever.
@Suite struct UplinkDoubtTests {
    private static func down() -> ConnectionBench {
        var bench = ConnectionBench()
        _ = bench.feed(.uplinkReporterAnnounced(running: true, pid: 7))
        _ = bench.feed(.uplinkChanged(.down))
        let started = bench.feed(.started)
        #expect(started.isEmpty)
        return bench
    }

    /// As a living one does.
    private static func repeatDown(_ bench: inout ConnectionBench, minutes: Int) -> [ConnectionBench.Effect] {
        (0..<minutes).flatMap { _ in bench.feed(.uplinkChanged(.down)) + bench.advance(.seconds(60)) }
    }

    @Test func aModemManagerThatSaidDownAndDiedIsForgottenAfterFiveMinutes() {
        var bench = Self.down()
        let early = bench.advance(.milliseconds(299_999))
        #expect(early.isEmpty)
        let due = bench.advance(.milliseconds(1))
        #expect(due == [.leaveWayOpen, .resolve(dial: 1)])
        #expect(bench.machine.uplink.silence == nil)
        bench.work(dial: 1)
        #expect(bench.machine.isOpen)
    }

    @Test func aModemManagerThatSaysDownAgainAndAgainIsDoubtedAfterTenMinutes() {
        var bench = Self.down()
        let early = Self.repeatDown(&bench, minutes: 9) + bench.advance(.milliseconds(59_999))
        #expect(early.isEmpty)
        let due = bench.advance(.milliseconds(1))
        #expect(due == [.resolve(dial: 1)])
        bench.work(dial: 1)
        #expect(bench.machine.isOpen)
    }

    @Test func aWrongInterfaceNameCostsTenMinutesPerAttemptAndNoConnection() {
        var bench = Self.down()
        var dials: [Duration] = []
        for _ in 0..<60 {
            _ = bench.feed(.uplinkChanged(.down))
            for effect in bench.advance(.seconds(60)) {
                guard case .resolve(let dial) = effect else { continue }
                dials.append(bench.now.uptime)
                _ = bench.feed(.failed(dial: dial, .nameNotResolved("no server")))
                #expect(bench.machine.phase == .waitingForUplink)
            }
        }
        #expect(dials == [700, 1300, 1900, 2500, 3100, 3700].map { .seconds($0) })
        #expect(bench.machine.failedAttempts == 0)
    }

    @Test func aConnectionMadeInDoubtStaysWhileDownIsRepeated() {
        var bench = Self.down()
        _ = Self.repeatDown(&bench, minutes: 10)
        bench.work(dial: 1)
        let repeated = bench.feed(.uplinkChanged(.down))
        #expect(repeated.isEmpty)
        #expect(bench.machine.isOpen)
        _ = bench.feed(.closed(dial: 1, reason: "end of stream"))
        #expect(bench.machine.phase == .waitingForUplink)
        let again = Self.repeatDown(&bench, minutes: 10)
        #expect(again == [.resolve(dial: 2)])
    }

    @Test(arguments: [(false, 7), (true, 8)])
    func whatAModemManagerSaidIsForgottenWhenItEndsOrIsAnother(running: Bool, pid: Int) {
        var bench = Self.down()
        let announced = bench.feed(.uplinkReporterAnnounced(running: running, pid: pid))
        #expect(announced == [.resolve(dial: 1)])
    }

    @Test func theSameModemManagerMayAnnounceItselfAgain() {
        var bench = Self.down()
        let announced = bench.feed(.uplinkReporterAnnounced(running: true, pid: 7))
        #expect(announced.isEmpty)
        #expect(bench.machine.phase == .waitingForUplink)
    }
}
