import BusSchema
import OCPP
import Primitives
import Testing

@testable import GatewayCore

/// Why a transaction ended, as StopTransaction says it (OCPP 1.6 §7.36).
@Suite struct StopReasonTests {
    /// A session that charges, and what ends it.
    struct Cause: Sendable, CustomTestStringConvertible {
        var reason: Reason
        /// Whoever can end two ways has two causes.
        var words: String
        var play: @Sendable () -> ChargingBench

        init(_ reason: Reason, _ words: String, _ play: @escaping @Sendable () -> ChargingBench) {
            self.reason = reason
            self.words = words
            self.play = play
        }

        /// One that befalls a session begun in the usual way.
        init(_ reason: Reason, during words: String, _ befall: @escaping @Sendable (ChargingBench) -> Void) {
            self.init(reason, words) {
                let bench = ChargingBench.charging(hasLock: true)
                befall(bench)
                return bench
            }
        }

        var testDescription: String { "\(reason.rawValue): \(words)" }
    }

    static let causes: [Cause] = [
        Cause(.local, during: "its card again") { $0.swipe("CARD") },
        Cause(.remote, during: "RemoteStopTransaction") {
            let (_, effects) = $0.machine.remoteStop(.init(transactionId: 1), at: $0.moment)
            $0.perform(effects)
        },
        Cause(.evDisconnected, during: "the EV unplugged") { $0.unplug() },
        Cause(.emergencyStop, during: "the emergency stop") { $0.change { $0.faults = [.emergencyStop] } },
        Cause(.unlockCommand, during: "UnlockConnector") {
            let (_, effects) = $0.machine.unlockConnector(.init(connectorId: 1), id: "unlock", at: $0.moment)
            $0.perform(effects)
        },
        Cause(.softReset, during: "Reset Soft") { $0.perform($0.machine.stopAll(reason: .softReset, at: $0.moment)) },
        Cause(.hardReset, during: "Reset Hard") { $0.perform($0.machine.stopAll(reason: .hardReset, at: $0.moment)) },
        Cause(.powerLoss, during: "no power") {
            $0.sync()
            $0.powerCycle()
            $0.goOnline()
        },
        Cause(.reboot, during: "a shutdown") {
            $0.feed(.terminationRequested)
            $0.sync()
            $0.powerCycle()
            $0.goOnline()
        },
        Cause(.reboot, during: "the hardware watchdog") {
            $0.sync()
            $0.configuration.bootedByWatchdog = true
            $0.powerCycle()
            $0.goOnline()
        },
        Cause(.deAuthorized, "not Accepted in StartTransaction.conf") {
            let bench = ChargingBench()
            bench.central.startInfo = { _ in IdTagInfo(status: .invalid) }
            bench.goOnline()
            bench.plug()
            bench.swipe("CARD")
            return bench
        },
        Cause(.other, during: "a meter whose register began anew") {
            $0.run(seconds: 20)
            $0.hardware[1]?.registerWh = 900_000
            $0.hardware[1]?.registerEpoch = 7
        },
    ]

    // Shows: CORE-TX-14
    @Test(arguments: causes) func eachReasonHasItsCause(cause: Cause) {
        let bench = cause.play()
        bench.run(seconds: 20)
        #expect(bench.central.stops.map { $0.request.reason ?? .local } == [cause.reason])
    }

    @Test func noReasonIsWithoutCause() {
        let all: Set<Reason> = [
            .deAuthorized, .emergencyStop, .evDisconnected, .hardReset, .local, .other, .powerLoss, .reboot, .remote,
            .softReset, .unlockCommand,
        ]
        #expect(Set(Self.causes.map(\.reason)) == all)
    }
}
