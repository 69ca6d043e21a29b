import BusSchema
import GatewayCore
import OCPP
import Primitives
import Testing

/// What faults, silence and a restart of the hardware make of a session.
@Suite struct HardwareTroubleTests {
    /// TC_024: nothing begins on a connector that says in the same breath that it is plugged and broken.
    @Test func aFaultThatComesWithThePlugKeepsTheTransactionFromBeginning() {
        let bench = ChargingBench()
        bench.goOnline()
        bench.swipe("CARD")
        bench.central.forgetLines()
        bench.change {
            $0.pilot = .c
            $0.faults = [.connectorLockFailure]
        }
        bench.run(seconds: 5)
        #expect(bench.lines == ["Status 1 Faulted ConnectorLockFailure"])
        #expect(bench.permits.isEmpty)
    }

    // Shows: CORE-STAT-12, CORE-STAT-22
    @Test func aFaultIsReportedAndTheOldStatusReturns() {
        let bench = ChargingBench.charging()
        bench.change { $0.faults = [.groundFailure] }
        bench.change { $0.faults = [] }
        #expect(bench.lines == ["Status 1 Faulted GroundFailure", "Status 1 Charging"])
        #expect(bench.central.stops.isEmpty)
    }

    // Shows: CORE-STAT-15
    /// OCPP 1.6 §4.9: EVCommunicationError is a warning.
    @Test func aCommunicationErrorSuspends() {
        let bench = ChargingBench.charging()
        bench.change { $0.faults = [.evCommunicationError] }
        bench.run(seconds: 3)
        #expect(bench.lines == ["Status 1 SuspendedEVSE EVCommunicationError"])
    }

    @Test func aFaultyConnectorStartsNothing() {
        let bench = ChargingBench()
        bench.goOnline()
        bench.change { $0.faults = [.powerSwitchFailure] }
        bench.plug()
        bench.swipe("CARD")
        #expect(bench.permits.isEmpty)
        #expect(bench.indications.last == "1 rejected")
    }

    @Test func silentHardwareIsAFault() {
        let bench = ChargingBench()
        bench.goOnline()
        bench.central.forgetLines()
        bench.meterReports = false
        bench.run(seconds: 31)
        // The charge point as a whole is of no use either.
        let fault = "Faulted InternalError (hardware-io does not answer)"
        #expect(bench.lines == ["Status 1 \(fault)", "Status 0 \(fault)"])
        bench.meterReports = true
        bench.run(seconds: 1)
        #expect(Set(bench.lines.suffix(2)) == ["Status 1 Available", "Status 0 Available"])
    }

    @Test func aRestartOfHardwareIsHealedQuietly() {
        let bench = ChargingBench.charging()
        bench.change {
            $0.bootId = "hw-2"
            $0.permit = nil
            $0.contactorIsStuckOpen = true
        }
        bench.change { $0.pilot = .b }
        bench.run(seconds: 4)
        bench.change { $0.pilot = .c }
        bench.run(seconds: 4)
        bench.change { $0.contactorIsStuckOpen = false }
        bench.run(seconds: 1)
        #expect(bench.lines.isEmpty)
        #expect(bench.hardware[1]?.isClosed == true)
    }

    @Test func aHardwareThatDoesNotFindBackIsReported() {
        let bench = ChargingBench.charging()
        bench.change {
            $0.bootId = "hw-2"
            $0.contactorIsStuckOpen = true
        }
        bench.run(seconds: 16)
        #expect(bench.lines == ["Status 1 SuspendedEVSE"])
    }

    /// It was not the EV that suspended: it had no time to ask, and the contactor rests.
    @Test func anEVThatHasJustBeenOfferedEnergyAgainDoesNotSuspend() {
        let bench = ChargingBench.charging()
        bench.change {
            $0.faults = [.groundFailure]
            $0.pilot = .b
            $0.contactorIsStuckOpen = true
        }
        bench.change { $0.faults = [] }
        bench.run(seconds: 4)
        bench.change { $0.pilot = .c }
        bench.run(seconds: 4)
        #expect(bench.status()?.explanation.contains("does not ask") == false)
        bench.change { $0.contactorIsStuckOpen = false }
        bench.run(seconds: 1)
        #expect(
            bench.lines == ["Status 1 Faulted GroundFailure", "Status 1 SuspendedEVSE", "Status 1 Charging"]
        )
    }

    @Test func anEVThatDoesNotTakeUpTheOfferSuspendsAfterAll() {
        let bench = ChargingBench.charging()
        bench.change {
            $0.faults = [.groundFailure]
            $0.pilot = .b
        }
        bench.change { $0.faults = [] }
        bench.run(seconds: 6)
        #expect(bench.lines.last == "Status 1 SuspendedEV")
    }

    @Test func anEVThatAsksAgainIsNotSaidToBeContent() {
        let bench = ChargingBench.charging()
        bench.change { $0.pilot = .b }
        #expect(bench.status()?.explanation == "The EV does not ask for energy.")
        bench.change {
            $0.pilot = .c
            $0.contactorIsStuckOpen = true
        }
        #expect(bench.status()?.status == "SuspendedEV")
        #expect(bench.status()?.explanation == "The EV asks for energy again: the contactor is not closed yet.")
    }

    /// A short pause is not worth a status; whoever reads the sentence beside it is at the charger, and sees that nothing flows.
    @Test func aChargeThatRestsIsNotSaidToDraw() {
        let bench = ChargingBench.charging()
        #expect(bench.status()?.explanation.hasPrefix("The EV may draw up to") == true)
        bench.change {
            $0.bootId = "hw-2"
            $0.contactorIsStuckOpen = true
        }
        #expect(bench.status()?.status == "Charging")
        #expect(bench.status()?.explanation == "No energy flows now: the contactor is not closed yet.")
        bench.change { $0.contactorIsStuckOpen = false }
        #expect(bench.status()?.explanation.hasPrefix("The EV may draw up to") == true)
    }
}
