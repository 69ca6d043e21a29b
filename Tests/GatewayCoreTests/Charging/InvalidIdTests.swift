import BusSchema
import GatewayCore
import OCPP
import Primitives
import Testing

/// What becomes of a running transaction whose identifier the central system refuses: both values of StopTransactionOnInvalidId, with and
/// without MaxEnergyOnInvalidId, online and begun offline (OCPP 1.6 §3.5.4, §9.1.14, §9.1.24; E §3.17).
@Suite struct InvalidIdTests {
    /// A transaction that charges 2 Wh each second and is refused.
    private func refused(
        allowance: String?,
        stops: String,
        status: AuthorizationStatus = .invalid,
        beginsOffline: Bool = false
    ) -> ChargingBench {
        var keys: [OCPPKeyName: String] = [.stopTransactionOnInvalidId: stops]
        keys[.maxEnergyOnInvalidId] = allowance
        let bench = ChargingBench(hasLock: true, keys: keys)
        bench.central.startInfo = { _ in IdTagInfo(parentIdTag: "FAMILY", status: status) }
        if !beginsOffline { bench.goOnline() }
        bench.plug()
        bench.swipe("CARD")
        bench.run(seconds: 1)
        if beginsOffline { bench.goOnline() }
        return bench
    }

    // Shows: CORE-TX-05
    @Test(arguments: [false, true], [AuthorizationStatus.blocked, .expired, .invalid, .concurrentTx])
    func withoutAnAllowanceItStopsAtOnce(beginsOffline: Bool, status: AuthorizationStatus) {
        for allowance in [nil, "0"] {
            let bench = refused(allowance: allowance, stops: "true", status: status, beginsOffline: beginsOffline)
            bench.run(seconds: 3)
            #expect(bench.central.stops.map(\.request.reason) == [.deAuthorized])
            #expect(bench.hardware[1]?.isClosed == false)
        }
    }

    // Shows: CORE-TX-07
    @Test(arguments: [false, true]) func withoutAnAllowanceItLosesItsEnergyAtOnce(beginsOffline: Bool) {
        for allowance in [nil, "0"] {
            let bench = refused(allowance: allowance, stops: "false", beginsOffline: beginsOffline)
            bench.run(seconds: 60)
            #expect(bench.central.stops.isEmpty)
            #expect(bench.hardware[1]?.isClosed == false)
            #expect(bench.status()?.status == "SuspendedEVSE")
        }
    }

    @Test func withAnAllowanceItStopsWhenThatIsUsedUp() {
        let bench = refused(allowance: "20", stops: "true")
        bench.run(seconds: 5)
        #expect(bench.central.stops.isEmpty)
        #expect(bench.hardware[1]?.isClosed == true)
        bench.run(seconds: 10)
        #expect(bench.central.stops.map(\.request.reason) == [.deAuthorized])
        #expect(bench.central.stops.map(\.request.meterStop) == [1020])
    }

    @Test func withAnAllowanceItLosesItsEnergyWhenThatIsUsedUp() {
        let bench = refused(allowance: "20", stops: "false")
        bench.run(seconds: 5)
        #expect(bench.hardware[1]?.isClosed == true)
        bench.run(seconds: 60)
        #expect(bench.hardware[1]?.isClosed == false)
        #expect(bench.hardware[1]?.registerWh == 1020)
        #expect(bench.central.stops.isEmpty)
        bench.swipe("CARD")
        bench.run(seconds: 3)
        #expect(bench.central.stops.map(\.request.reason) == [.local])
    }

    /// What was delivered of it before a restart of the program is not delivered again.
    @Test(arguments: ["true", "false"]) func anAllowanceIsOneAllowanceOverARestart(stops: String) {
        let bench = refused(allowance: "20", stops: stops)
        bench.run(seconds: 5)
        bench.restart()
        bench.goOnline()
        bench.run(seconds: 60)
        #expect(bench.hardware[1]?.registerWh == 1020)
        #expect(bench.central.stops.isEmpty == (stops == "false"))
    }

    // Shows: CORE-TX-06
    /// E §3.5, §3.17: the cable stays locked for the card, or another of its group, over a restart too.
    @Test(arguments: ["CARD", "SISTER"], [false, true])
    func theCableIsKeptForItsOwnerOrTheGroup(idTag: String, restarts: Bool) {
        let bench = refused(allowance: nil, stops: "true")
        bench.run(seconds: 10)
        bench.unplug()
        bench.run(seconds: 5)
        if restarts {
            bench.restart()
            bench.goOnline()
        }
        #expect(bench.hardware[1]?.lock == .locked)
        bench.central.authorizeInfo = { _ in IdTagInfo(status: .accepted) }
        bench.swipe("STRANGER")
        bench.run(seconds: 3)
        #expect(bench.hardware[1]?.lock == .locked)
        bench.central.authorizeInfo = { _ in IdTagInfo(parentIdTag: "FAMILY", status: .accepted) }
        bench.swipe(idTag)
        bench.run(seconds: 3)
        #expect(bench.hardware[1]?.lock == .unlocked)
    }

    /// OCPP 1.6 §3.10: an empty name is no group, over a restart too.
    @Test(arguments: [false, true]) func theCableIsNotGivenToAStrangerWithoutAGroup(restarts: Bool) {
        let bench = ChargingBench(hasLock: true)
        bench.central.startInfo = { _ in IdTagInfo(parentIdTag: "", status: .invalid) }
        bench.central.authorizeInfo = { _ in IdTagInfo(parentIdTag: "", status: .accepted) }
        bench.goOnline()
        bench.plug()
        bench.swipe("CARD")
        bench.run(seconds: 10)
        bench.unplug()
        bench.run(seconds: 5)
        if restarts {
            bench.restart()
            bench.goOnline()
        }
        bench.swipe("STRANGER")
        bench.run(seconds: 3)
        #expect(bench.hardware[1]?.lock == .locked)
        bench.swipe("CARD")
        bench.run(seconds: 3)
        #expect(bench.hardware[1]?.lock == .unlocked)
    }

    // MARK: - Answers that cannot be read as a whole

    /// A transaction whose StartTransaction is answered so.
    private func answered(_ result: SalvagedResult, stops: String = "true") -> ChargingBench {
        let bench = ChargingBench(keys: [.stopTransactionOnInvalidId: stops, .meterValueSampleInterval: "0"])
        bench.central.interfere = { request in
            guard case .startTransaction = request else { return nil }
            return .unreadable(UnreadableResult(problem: "something", salvaged: result))
        }
        bench.goOnline()
        bench.plug()
        bench.swipe("CARD")
        bench.run(seconds: 5)
        return bench
    }

    // Shows: CORE-TX-05, CORE-TX-07
    /// OCPP 1.6 §4.8 with E §3.17, JE §3.3: whoever is refused is, with or without an id that can be read, over a restart too.
    @Test(arguments: [nil, 5], ["true", "false"]) func aRefusalCountsWithoutAnId(id: Int?, stops: String) {
        let identifier = SalvagedIdTagInfo(status: .blocked)
        let bench = answered(.transaction(id: id, identifier: identifier), stops: stops)
        bench.central.interfere = { _ in nil }
        #expect(bench.hardware[1]?.isClosed == false)
        #expect(bench.status()?.transaction?.transactionId == (stops == "true" ? nil : id))
        bench.restart()
        bench.goOnline()
        bench.run(seconds: 10)
        #expect(bench.hardware[1]?.isClosed == false)
        if stops == "false" {
            bench.swipe("CARD")
            bench.run(seconds: 5)
        }
        #expect(bench.central.stops.map(\.request.reason) == [stops == "true" ? .deAuthorized : .local])
        #expect(bench.central.stops.map(\.request.transactionId) == [id ?? -1])
        #expect(bench.lines.filter { $0.hasPrefix("Start") }.count == 1)
    }

    /// An id of -1 is one like any other where the central system gave it, and none where nothing could be read.
    @Test(arguments: [nil, -1]) func onlyAnIdThatWasGivenCanBeStoppedFromAfar(id: Int?) {
        let bench = answered(.transaction(id: id, identifier: SalvagedIdTagInfo(status: .accepted)))
        let (answer, _) = bench.machine.remoteStop(.init(transactionId: -1), at: bench.moment)
        #expect(answer.status == (id == nil ? .rejected : .accepted))
    }

    /// OCPP 1.6 §9.1.24: only a status that was received and is not Accepted stops a transaction.
    @Test func whereNothingIsSaidOfTheIdentifierTheTransactionGoesOn() {
        for result in [.nothing, .transaction(id: nil, identifier: .init()), .transaction(id: 5, identifier: .init())]
            as [SalvagedResult]
        {
            let bench = answered(result)
            bench.run(seconds: 30)
            #expect(bench.hardware[1]?.isClosed == true)
            #expect(bench.central.stops.isEmpty)
        }
    }

    // MARK: - The key

    /// OCPP 1.6 §4.10, §9.1.33: both values.
    @Test(arguments: ["true", "false"]) func anUnplugAtTheEVUnlocksWhenTheKeySaysSo(unlocks: String) {
        let bench = ChargingBench.charging(hasLock: true, keys: [.unlockConnectorOnEVSideDisconnect: unlocks])
        bench.unplug()
        bench.run(seconds: 5)
        #expect(bench.hardware[1]?.lock == (unlocks == "true" ? .unlocked : .locked))
        bench.swipe("CARD")
        bench.run(seconds: 5)
        #expect(bench.hardware[1]?.lock == .unlocked)
    }

    // Shows: CORE-TX-39
    /// OCPP 1.6 §4.8, §4.10: nonsense in what was answered is the central system's affair; any answer lets the queue go on.
    @Test func anAnswerThatMakesNoSenseLetsTheQueueGoOn() {
        let bench = ChargingBench(keys: [.meterValueSampleInterval: "0"])
        bench.central.interfere = { request in
            guard case .startTransaction = request else { return nil }
            let info = IdTagInfo(expiryDate: .init(millisecondsSinceEpoch: 0), status: .accepted)
            return .confirmed(.startTransaction(.init(idTagInfo: info, transactionId: -1_234_567)))
        }
        bench.goOnline()
        bench.plug()
        bench.swipe("CARD")
        bench.run(seconds: 5)
        bench.swipe("CARD")
        bench.run(seconds: 15)
        #expect(bench.central.stops.map(\.request.transactionId) == [-1_234_567])
        #expect(bench.machine.queue?.undelivered == 0)
    }

    // MARK: - ConnectionTimeOut

    /// OCPP 1.6 §5.3, §9.1.6: Accepted means in force, for whoever is preparing too.
    @Test(arguments: [("20", 19), ("100", 99)]) func aNewConnectionTimeOutCountsAtOnce(text: String, seconds: Int) {
        let bench = ChargingBench()
        bench.goOnline()
        bench.swipe("CARD")
        bench.run(seconds: 10)
        bench.set(.connectionTimeOut, text)
        bench.run(seconds: seconds - 10)
        #expect(bench.status()?.status == "Preparing")
        bench.run(seconds: 2)
        #expect(bench.status()?.status == "Available")
    }

    @Test func aConnectionTimeOutThatIsOverAlreadyEndsThePreparationNow() {
        let bench = ChargingBench()
        bench.goOnline()
        bench.swipe("CARD")
        bench.run(seconds: 30)
        bench.set(.connectionTimeOut, "10")
        bench.run(seconds: 1)
        #expect(bench.status()?.status == "Available")
        // Nothing of it is left for the next one.
        bench.plug()
        bench.run(seconds: 5)
        #expect(bench.status()?.status == "Preparing")
    }
}
