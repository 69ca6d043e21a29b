import BusSchema
import Primitives

// Tests of single parts, which nobody may be harmed by.
extension OutletMachine {
    mutating func requestTest(_ id: RequestID, _ request: TestHardware, _ turn: inout Turn) {
        if let problem = missing(request.part) { return turn.refuse(id, BusError(.invalid, problem)) }
        if guards.test.isRunning { return turn.refuse(id, BusError(.busy, "a test runs already")) }
        let sight = testSight(at: turn.uptime)
        if let objection = sight.objection ?? objection(to: request, sight) {
            return turn.refuse(id, BusError(.refused, objection))
        }
        turn.log(LogRecord(.warning, "hardware is tested", connectorField, .init("part", request.part)))
        guards.test.begin(request.part, id, at: turn.uptime)
        switch request.part {
        case .meter: meter.wantReading(&turn)
        case .relay: turn.order(.readPosition(.contactor(connectorId: connectorId)))
        case .rcd: guards.residualCurrent?.testNow(&turn)
        case .lock:
            turn.order(.readPosition(.lock(connectorId: connectorId)))
            cable.beginAnew()
        default: break
        }
    }

    /// What the test sees of this outlet.
    func testSight(at uptime: Duration) -> BringUpTest.Sight {
        BringUpTest.Sight(
            uptime: uptime,
            objection: testObjection,
            contactor: contactor.position,
            contactorFailure: contactor.failure,
            rests: contactor.objection(at: uptime),
            lock: cable.position,
            isTestingResidualCurrent: guards.residualCurrent?.isTesting == true,
            residualCurrentFailure: untestable ?? guards.residualCurrent?.failure
        )
    }

    /// Why nothing may be tested here now. Nobody is connected, for sure, and nobody may draw.
    private var testObjection: String? {
        if isEnding { return "hardware-io is ending" }
        if lease.inForce != nil { return "there is a permit" }
        return pilot.showsNobody ? nil : "the pilot does not say that no EV is connected"
    }

    private func objection(to request: TestHardware, _ sight: BringUpTest.Sight) -> String? {
        if request.part == .rcd, let untestable { return untestable }
        guard request.part == .relay else {
            return contactor.openSince == nil ? "the contactor is not surely open" : nil
        }
        if request.live != true {
            return "the contacts of the cable are live meanwhile: ask with live (chargectl: --live)"
        }
        if configuration.hasSocket, proximity.plug != .absent { return "a plug is in the socket" }
        if let code = faults.codes.first(where: { $0 != .powerMeterFailure && $0 != .readerFailure }) {
            return "\(code): \(faults.detail(of: code))"
        }
        if contactor.openSince == nil { return "the contactor is not surely open" }
        if let unsettled = guards.phases?.unsettled { return unsettled }
        return sight.rests
    }

    /// Why a test would say nothing of the residual current device: it is lost, or has tripped already.
    private var untestable: String? {
        faults.detail(of: .lost(.residualCurrent(connectorId: connectorId)))
            ?? faults.detail(of: .board(.groundFailure))
    }

    private func missing(_ part: TestHardware.Part) -> String? {
        switch part {
        case .relay, .pilot: configuration.isControlled ? "its controller moves that by itself" : nil
        case .lock: configuration.hasLock ? nil : "there is no lock"
        case .rcd: guards.residualCurrent == nil ? "there is no residual current device that can be tested" : nil
        case .led: configuration.equipment.hasIndicator ? nil : "there are no lights"
        case .meter: nil
        default: "\(part) is no part that is known here"
        }
    }

    /// A contactor closes for a test as long as everything that the test began with holds, and whatever may have changed opens it at once.
    /// - Returns: Whether the contactor is the test's.
    mutating func decideTest(_ turn: inout Turn) -> Bool {
        guards.test.follow(testSight(at: turn.uptime), &turn)
        guard let isWanted = guards.test.wantsContactor else { return false }
        let mayClose =
            testObjection == nil && !(configuration.hasSocket && proximity.plug != .absent)
            && guards.phases?.isSettled != false
            && faults.codes.allSatisfy { $0 == .powerMeterFailure || $0 == .readerFailure }
        if isWanted, mayClose { contactor.close(&turn) } else { contactor.open(&turn) }
        return true
    }
}
