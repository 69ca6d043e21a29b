import BusSchema
import Primitives
import Testing

@testable import HardwareCore

/// A permit may leave one phase out of three. The phase contactor moves for that while nothing can flow, and never else.
@Suite struct PhaseTests {
    private let open = DriverCommand.openContactor(connectorId: 1)
    private let close = DriverCommand.closeContactor(connectorId: 1)
    private let toOne = DriverCommand.switchPhases(connectorId: 1, .one)
    private let toThree = DriverCommand.switchPhases(connectorId: 1, .three)

    private static var connector: ConnectorConfiguration {
        var connector = Bench.fixedCable
        connector.phases = 3
        connector.equipment.switchesPhases = true
        return connector
    }

    /// Started, everything read, the phase contactor released.
    private func idle() -> Bench {
        var bench = Bench([Self.connector])
        bench.handle(.started)
        bench.driver(.contactorFeedback(connectorId: 1, closed: false))
        bench.driver(.phaseFeedback(connectorId: 1, closed: false))
        bench.pilot(12_000)
        bench.wait(.seconds(11))
        return bench
    }

    /// An EV that takes what all three phases carry.
    private func chargingOnThree() -> Bench {
        var bench = idle()
        bench.pilot(9000)
        #expect(bench.permit(16_000).orders.contains(toThree))
        bench.driver(.phaseFeedback(connectorId: 1, closed: true))
        #expect(bench.pilot(6000).orders.contains(close))
        bench.driver(.contactorFeedback(connectorId: 1, closed: true))
        return bench
    }

    @Test func aPermitForAllPhasesMovesThePhaseContactorBeforeAnythingIsOffered() {
        var bench = idle()
        bench.pilot(9000)
        let effects = bench.permit(16_000)
        #expect(effects.orders == [toThree])
        #expect(effects.connector?.offeredMilliamps == 0)
        let arrived = bench.driver(.phaseFeedback(connectorId: 1, closed: true))
        #expect(arrived.orders == [.setPilot(connectorId: 1, .pwm(dutyPermille: 266))])
        #expect(arrived.connector?.phases == 3)
    }

    @Test func aPermitForOnePhaseMovesNothingWhereOneIsConnected() {
        var bench = idle()
        bench.pilot(9000)
        let effects = bench.permit(16_000, phases: 1)
        #expect(effects.orders == [.setPilot(connectorId: 1, .pwm(dutyPermille: 266))])
        #expect(effects.connector?.phases == 1)
        #expect(effects.connector?.permit?.phases == 1)
    }

    @Test func aRunningChargeIsSwitchedWithTenSecondsWithoutEnergyAndTheEVSeesNoOfferMeanwhile() {
        var bench = chargingOnThree()
        let ordered = bench.permit(16_000, phases: 1)
        #expect(ordered.orders == [.setPilot(connectorId: 1, .x1)])
        #expect(ordered.connector?.contactor == .closed)
        // The EV ends its draw.
        #expect(bench.pilot(9000).orders == [open])
        let opened = bench.opened()
        #expect(opened.connector?.contactor == .open)
        #expect(bench.wait(.milliseconds(9900)).orders.isEmpty)
        #expect(bench.wait(.milliseconds(100)).orders == [toOne])
        let arrived = bench.driver(.phaseFeedback(connectorId: 1, closed: false))
        #expect(arrived.orders == [.setPilot(connectorId: 1, .pwm(dutyPermille: 266))])
        #expect(bench.pilot(6000).orders == [close])
        #expect(bench.driver(.contactorFeedback(connectorId: 1, closed: true)).connector?.phases == 1)
    }

    @Test func backToThreeTakesTheSameWay() {
        var bench = chargingOnThree()
        bench.permit(16_000, phases: 1)
        bench.pilot(9000)
        bench.opened()
        bench.wait(.seconds(10))
        bench.driver(.phaseFeedback(connectorId: 1, closed: false))
        bench.pilot(6000)
        bench.driver(.contactorFeedback(connectorId: 1, closed: true))
        #expect(bench.permit(16_000).orders == [.setPilot(connectorId: 1, .x1)])
        // This EV does not end its draw by itself.
        #expect(bench.wait(.seconds(6)).orders == [open])
        bench.opened()
        let effects = bench.wait(.seconds(10))
        #expect(effects.orders == [toThree])
        #expect(!effects.orders.contains(close))
    }

    /// Its mirror contact does not say that it is open: it may carry current.
    @Test func nothingMovesUntilTheContactorIsOpenForSure() {
        var bench = chargingOnThree()
        bench.permit(16_000, phases: 1)
        bench.pilot(9000)
        // Welded, and nothing moves any more.
        let effects = bench.wait(.seconds(60))
        #expect(!effects.orders.contains(toOne))
        #expect(bench.machine.faults(on: 1).contains(.powerSwitchFailure))
    }

    @Test func aPhaseContactorThatDoesNotFollowIsAFailureUntilItIsClearedAndNothingIsOfferedMeanwhile() {
        var bench = idle()
        bench.pilot(9000)
        bench.permit(16_000)
        let effects = bench.wait(.seconds(2))
        #expect(effects.connector?.faults == [.powerSwitchFailure])
        #expect(effects.faults.first?.detail == "the phase contactor did not follow its order to close")
        #expect(bench.wait(.seconds(30)).orders.isEmpty)
        let cleared = bench.clear(.powerSwitchFailure)
        #expect(cleared.refusal == nil)
        // Where it is, one phase is connected; the order is given anew once the contactor has rested.
        let after = bench.wait(.seconds(11))
        #expect(after.orders == [toOne, toThree])
    }

    @Test func onePhaseContactorThatMovesUnderLoadOpensTheContactorInTheSameTurn() {
        var bench = chargingOnThree()
        let effects = bench.driver(.phaseFeedback(connectorId: 1, closed: false))
        #expect(effects.orders.first == open)
        #expect(effects.connector?.faults == [.powerSwitchFailure])
        bench.opened()
        #expect(!bench.wait(.seconds(30)).orders.contains(close))
    }

    /// What moved by itself once will do so again, whatever became of the process.
    @Test(arguments: [true, false])
    func whatThePhaseContactorDidWrongStaysOverARestartUntilItIsCleared(isStored: Bool) {
        var bench = chargingOnThree()
        bench.driver(.phaseFeedback(connectorId: 1, closed: false))
        bench.opened()
        let trips = bench.memory?.outlets.first?.trips
        var next = Bench(
            [Self.connector],
            memory: isStored ? bench.memory ?? HardwareMemory() : HardwareMemory(),
            latches: isStored ? [] : bench.latches
        )
        next.handle(.started)
        next.driver(.contactorFeedback(connectorId: 1, closed: false))
        next.driver(.phaseFeedback(connectorId: 1, closed: false))
        next.pilot(6000)
        let asked = next.permit(16_000, leaseSeconds: 600, phases: 1) + next.wait(.seconds(60))
        #expect(!asked.orders.contains(close))
        #expect(next.machine.faults(on: 1) == [.powerSwitchFailure])
        // It is the same trip.
        if isStored { #expect(next.memory?.outlets.first?.trips == trips) }
        #expect(next.clear(.powerSwitchFailure).refusal == nil)
        #expect(next.memory?.outlets.first?.phaseFailure == nil)
        #expect(next.wait(.seconds(20)).orders.contains(close))
    }

    @Test func aLostPhaseContactorOpensTheContactorAndIsReleasedBeforeAnythingClosesAgain() {
        var bench = chargingOnThree()
        let device = Device.phaseContactor(connectorId: 1)
        let lost = bench.driver(.deviceLost(device, reason: "unplugged"))
        #expect(lost.orders.first == open)
        bench.silent = [.phases]
        bench.opened()
        bench.pilot(9000)
        #expect(bench.wait(.seconds(30)).orders.isEmpty)
        bench.silent = []
        #expect(bench.driver(.deviceRecovered(device)).orders == [.readPosition(device)])
        let read = bench.driver(.phaseFeedback(connectorId: 1, closed: true))
        #expect(read.orders == [toOne])
        let released = bench.driver(.phaseFeedback(connectorId: 1, closed: false))
        #expect(released.orders == [toThree])
    }

    @Test func aSilentPhaseContactorIsAFaultAndOpens() {
        var bench = chargingOnThree()
        bench.silent = [.phases]
        let effects = bench.wait(.seconds(31))
        #expect(effects.orders.first == open)
        #expect(effects.faults.first?.code == .internalError)
    }

    /// What wears it is how often: the fewer phases go on, and are more only an hour later.
    @Test func itMovesTwelveTimesWithinAnHour() {
        var bench = idle()
        var moves = 0
        bench.pilot(9000)
        for round in 0..<20 {
            var effects = bench.permit(16_000, phases: round.isMultiple(of: 2) ? 3 : 1)
            if round > 0 { effects += bench.wait(.seconds(10)) }
            for case .switchPhases(_, let count) in effects.orders {
                moves += 1
                bench.driver(.phaseFeedback(connectorId: 1, closed: count == .three))
            }
            bench.wait(.seconds(10))
        }
        #expect(moves == PhaseMachine.movesPerHour)
        let effects = bench.permit(16_000, leaseSeconds: 3600, phases: 3)
        #expect(effects.connector?.phases == 1)
        #expect(effects.connector?.offeredMilliamps == 16_000)
        #expect(bench.wait(.seconds(3400)).orders == [.setPilot(connectorId: 1, .x1), toThree])
    }

    @Test func phasesThatNobodyCanSwitchAreNotPermitted() {
        var connector = Bench.fixedCable
        connector.phases = 3
        var wired = Bench.idle([connector])
        #expect(wired.permit(16_000, phases: 1).refusal?.code == .invalid)
        #expect(wired.permit(16_000, phases: 3).refusal == nil)
        var single = Bench.idle()
        #expect(single.permit(16_000, phases: 1).refusal == nil)
        for wrong in [0, -1, 4, .max] {
            var bench = idle()
            #expect(bench.permit(16_000, phases: wrong).refusal?.code == .invalid)
        }
        var two = idle()
        two.pilot(9000)
        #expect(two.permit(16_000, phases: 2).connector?.phases == 1)
    }

    @Test func noTestClosesTheContactorWhileThePhaseContactorMoves() {
        var bench = idle()
        bench.permit(16_000)
        bench.withdraw()
        let test = TestHardware(connectorId: 1, part: .relay, live: true)
        let effects = bench.handle(.testRequested(RequestID(900), test))
        #expect(effects.refusal?.message == "the phase contactor is not seen to be closed yet")
        #expect(!effects.orders.contains(close))
    }

    /// It was read, and never sent anywhere.
    @Test func theRestAfterAStartIsSaidToBeOne() {
        var bench = Bench([Self.connector])
        bench.handle(.started)
        bench.driver(.deviceRecovered(.phaseContactor(connectorId: 1)))
        bench.driver(.contactorFeedback(connectorId: 1, closed: false))
        bench.pilot(12_000)
        bench.wait(.seconds(4))
        let words = { (bench: inout Bench) in
            bench.handle(.testRequested(RequestID(900), TestHardware(connectorId: 1, part: .relay, live: true)))
                .refusal?
                .message
        }
        #expect(words(&bench) == "the position of the phase contactor is not known yet")
        bench.driver(.phaseFeedback(connectorId: 1, closed: false))
        let rest = "the phase contactor rests: it is ordered once nothing has flowed for 10 s"
        #expect(words(&bench) == rest)
        bench.pilot(9000)
        #expect(bench.permit(16_000, phases: 1).connector?.notChargingBecause == rest)
        let effects = bench.wait(.seconds(15))
        #expect(effects.orders.contains(toOne))
        #expect(effects.connector?.notChargingBecause == nil)
    }

    /// The fuse of L1 fell. L2 and L3 have voltage, and go nowhere: that none is behind the contactor shows no broken contact.
    @Test func theOnlyPhaseThatIsConnectedIsTheOneWhoseMainsCounts() {
        var connector = Self.connector
        connector.equipment.seesOutputVoltage = true
        var bench = Bench([connector])
        bench.handle(.started)
        bench.driver(.contactorFeedback(connectorId: 1, closed: false))
        bench.driver(.phaseFeedback(connectorId: 1, closed: false))
        bench.driver(.outputVoltageRead(connectorId: 1, live: false))
        bench.pilot(12_000)
        bench.wait(.seconds(11))
        bench.pilot(9000)
        bench.permit(16_000, phases: 1)
        #expect(bench.pilot(6000).orders.contains(close))
        bench.driver(.contactorFeedback(connectorId: 1, closed: true))
        bench.driver(.outputVoltageRead(connectorId: 1, live: true))
        var dark = Bench.sample(energyWh: 1000)
        dark.voltageMillivolts = [0, 230_000, 230_000]
        dark.currentMilliamps = [0, 0, 0]
        bench.meterShows(dark)
        bench.wait(.seconds(2))
        bench.driver(.outputVoltageRead(connectorId: 1, live: false))
        #expect(bench.wait(.seconds(10)).faults.allSatisfy { $0.code != .powerSwitchFailure })
        // With L1 there, the contacts of L1 do not carry.
        dark.voltageMillivolts = [230_000, 230_000, 230_000]
        bench.meterShows(dark)
        #expect(bench.wait(.seconds(3)).faults.contains { $0.code == .powerSwitchFailure })
    }

    /// Its contact says that it is released, and is what is broken.
    @Test func currentOnAPhaseThatIsTakenAwayIsAFailureAfterTwoSamplesAndOpens() {
        var bench = idle()
        bench.pilot(9000)
        bench.permit(10_000, phases: 1)
        #expect(bench.pilot(6000).orders.contains(close))
        bench.driver(.contactorFeedback(connectorId: 1, closed: true))
        var sample = Bench.sample(energyWh: 1000)
        sample.powerW = 2300
        sample.voltageMillivolts = [230_000, 230_001, 230_002]
        sample.currentMilliamps = [10_000, 1000, 0]
        bench.meterShows(sample)
        #expect(bench.wait(.seconds(3)).faults.isEmpty, "So much may leak.")
        sample.voltageMillivolts[0] += 1
        sample.currentMilliamps = [10_000, 10_000, 10_000]
        bench.meterShows(sample)
        let effects = bench.wait(.milliseconds(1300))
        #expect(effects.orders.first == open)
        #expect(effects.faults.map(\.code) == [.powerSwitchFailure])
        #expect(effects.faults.first?.detail == "10.0 A flow on a phase that the phase contactor has taken away")
        bench.opened()
        sample.currentMilliamps = [0, 0, 0]
        sample.powerW = 0
        bench.meterShows(sample)
        #expect(!bench.wait(.seconds(30)).orders.contains(close))
    }

    /// A meter is slow, and the contactor is what keeps it from flowing.
    @Test func currentOfBeforeTheOpeningSaysNothingOfThePhaseContactor() {
        var bench = chargingOnThree()
        var sample = Bench.sample(energyWh: 1000)
        sample.powerW = 6900
        sample.voltageMillivolts = [230_000, 230_001, 230_002]
        sample.currentMilliamps = [10_000, 10_000, 10_000]
        bench.meterShows(sample)
        bench.wait(.seconds(2))
        bench.permit(16_000, phases: 1)
        bench.pilot(9000)
        bench.opened()
        sample.currentMilliamps = [0, 0, 0]
        sample.powerW = 0
        bench.meterShows(sample)
        bench.wait(.seconds(10))
        #expect(bench.driver(.phaseFeedback(connectorId: 1, closed: false)).faults.isEmpty)
        #expect(bench.machine.faults(on: 1).isEmpty)
    }
}
