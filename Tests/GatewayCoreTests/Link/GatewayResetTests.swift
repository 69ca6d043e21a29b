import BusSchema
import OCPP
import Primitives
import Testing

@testable import GatewayCore

/// A Reset from its request to the restart (OCPP 1.6 §5.14).
@Suite struct GatewayResetTests {
    // Shows: CORE-RST-01, J-RPC-33
    /// OCPP 1.6 §5.14, §7.41: answered, then done.
    @Test func aSoftResetIsAnsweredAndThenRestarts() throws {
        var bench = try GatewayBench()
        bench.register()
        let effects = bench.ask(.reset(Reset.Request(type: .soft)))
        #expect(effects.answers == [.reset(.init(status: .accepted))])
        #expect(effects.last != .restart)
        #expect(!effects.contains(.restartHardware))
        // Not before the central system had time to read the answer.
        #expect(!effects.contains(.closeLink(dial: 1)))
        #expect(bench.advance(.milliseconds(999)).isEmpty)
        let after = bench.advance(.milliseconds(1))
        #expect(after.contains(.closeLink(dial: 1)))
        let closed = bench.feed(.link(.closed(dial: 1, reason: "closed")))
        #expect(closed.last == .restart)
    }

    // Shows: CORE-RST-04
    /// OCPP 1.6 §7.42: Hard restarts all hardware; the program follows once hardware-io said that it does.
    @Test func aHardResetRestartsTheHardwareFirst() throws {
        var bench = try GatewayBench()
        bench.register()
        let effects = bench.ask(.reset(Reset.Request(type: .hard)))
        #expect(effects.answers == [.reset(.init(status: .accepted))])
        let after = bench.advance(.seconds(1))
        #expect(after.contains(.restartHardware))
        #expect(!after.contains(.closeLink(dial: 1)))
        #expect(bench.feed(.hardwareRestartAnswered(.success(Done()))).contains(.closeLink(dial: 1)))
        #expect(bench.feed(.link(.closed(dial: 1, reason: "closed"))).last == .restart)
    }

    // Shows: CORE-RST-08, CORE-RST-09
    /// OCPP 1.6 §9.1.22, §7.6: tried again as often as ResetRetries says, then told; the charger is of use again.
    @Test(arguments: [true, false]) func aResetThatFailsIsRepeatedAndThenToldAsAFailure(hardwareSpeaks: Bool) throws {
        var bench = try GatewayBench(defaults: ["ResetRetries": "2"])
        bench.register()
        var asked = bench.ask(.reset(Reset.Request(type: .hard))).count { $0 == .restartHardware }
        for _ in 0..<30 {
            bench.feed(.link(.received))
            if hardwareSpeaks { bench.feed(.hardwareRestartAnswered(.failure(BusError(.refused, "no")))) }
            asked += bench.advance(.seconds(1)).count { $0 == .restartHardware }
        }
        #expect(asked == 3)
        let told = bench.calls.compactMap { call -> StatusNotification.Request? in
            guard case .statusNotification(let request) = call.request else { return nil }
            return request
        }
        #expect(told.map(\.connectorId) == [0])
        #expect(told.first?.errorCode == .resetFailure)
        #expect(told.first?.status == .available)
        bench.settleStatuses()
        let start = bench.ask(.remoteStartTransaction(RemoteStartTransaction.Request(idTag: "TAG")))
        #expect(start.answers == [.remoteStartTransaction(.init(status: .accepted))])
        // The next one is another one.
        bench.ask(.reset(Reset.Request(type: .soft)))
        #expect(bench.machine.resetting.isUnderWay)
    }

    /// A restart would forget that the transaction was ended, and the next process would let it go on.
    @Test func noRestartForgetsTheEndOfATransaction() throws {
        var bench = try GatewayBench(defaults: ["ResetRetries": "3"])
        try bench.beginTransaction()
        bench.diskWorks = false
        let asked = bench.ask(.reset(Reset.Request(type: .hard)))
        #expect(asked.answers == [.reset(.init(status: .accepted))])
        #expect(!bench.machine.charging.endsAreKept)
        var effects: [GatewayEffect] = []
        for _ in 0..<5 { effects += bench.advance(.seconds(1)) }
        #expect(!effects.contains(.restartHardware))
        #expect(!effects.contains(.closeLink(dial: 1)))
        bench.diskWorks = true
        for _ in 0..<15 { effects += bench.advance(.seconds(1)) }
        #expect(effects.contains(.restartHardware))
        let reasons = effects.persisted.compactMap { record -> Reason? in
            if case .stopping(let stopping) = record { stopping.reason } else { nil }
        }
        #expect(reasons == [.hardReset])
    }

    /// OCPP 1.6 §5.14: every CALL that was taken is answered before the program ends.
    @Test func anUnlockThatWaitsIsAnsweredBeforeASoftReset() throws {
        var bench = try GatewayBench(hasLock: true)
        bench.register()
        #expect(bench.ask(.unlockConnector(UnlockConnector.Request(connectorId: 1))).answers.isEmpty)
        let asked = bench.ask(.reset(Reset.Request(type: .soft)))
        #expect(asked.answers == [.reset(.init(status: .accepted))])
        #expect(!asked.contains(.closeLink(dial: 1)))
        let unlocked = bench.feed(.charging(.unlockAnswered(connectorId: 1, .answered(.unlocked))))
        #expect(unlocked.answers == [.unlockConnector(.init(status: .unlocked))])
        #expect(unlocked.contains(.closeLink(dial: 1)) || bench.advance(.seconds(1)).contains(.closeLink(dial: 1)))
    }

    @Test func anUnlockThatWaitsIsAnsweredBeforeAHardReset() throws {
        var bench = try GatewayBench(hasLock: true)
        bench.register()
        bench.ask(.unlockConnector(UnlockConnector.Request(connectorId: 1)))
        bench.ask(.reset(Reset.Request(type: .hard)))
        #expect(bench.advance(.seconds(2)).contains(.restartHardware))
        let ended = bench.feed(.hardwareRestartAnswered(.success(Done())))
        #expect(ended.answers == [.unlockConnector(.init(status: .unlockFailed))])
        #expect(ended.contains(.closeLink(dial: 1)))
    }

    /// Whoever dies in the middle of it goes on with it; another boot of the machine was a reset by itself.
    @Test func aResetGoesOnAfterTheProgramDied() throws {
        var bench = try GatewayBench()
        bench.register()
        bench.ask(.unlockConnector(UnlockConnector.Request(connectorId: 1)))
        let saved = try #require(bench.ask(.reset(Reset.Request(type: .hard))).saved(ResetDocument.self))
        #expect(saved.underWay == ResetDocument.Progress(type: .hard, attempt: 1, boot: "boot", sequence: 0))
        var documents = Documents()
        documents[ResetDocument.self] = saved
        var next = try GatewayBench(documents: documents)
        let resumed = next.start()
        #expect(resumed.saved(ResetDocument.self)?.underWay?.attempt == 2)
        #expect(!resumed.contains(.restartHardware))
        #expect(next.feed(.saved(document: ResetDocument.name)).contains(.restartHardware))
        let ended = next.feed(.hardwareRestartAnswered(.success(Done())))
        #expect(ended.saved(ResetDocument.self) == ResetDocument(underWay: nil))

        documents[ResetDocument.self]?.underWay?.boot = "another"
        var rebooted = try GatewayBench(documents: documents)
        let started = rebooted.start()
        #expect(!started.contains(.restartHardware))
        #expect(started.saved(ResetDocument.self) == ResetDocument(underWay: nil))
    }

    /// What is told before the start, of the journal for instance, must not take the place of what is on disk.
    @Test func nothingThatComesBeforeTheStartForgetsAReset() throws {
        var documents = Documents()
        let progress = ResetDocument.Progress(type: .soft, attempt: 1, boot: "boot")
        documents[ResetDocument.self] = ResetDocument(underWay: progress)
        var bench = try GatewayBench(documents: documents)
        #expect(bench.feed(.charging(.recordsKeptAside(files: ["a"]))).saved(ResetDocument.self) == nil)
        #expect(bench.start().saved(ResetDocument.self)?.underWay?.attempt == 2)
    }

    /// Else a process that dies in each reset, or a disk that forgets that it is over, would have the charger start anew for ever.
    @Test(arguments: [true, false]) func aResetThatKillsTheProgramIsNotResumedForEver(diskKeeps: Bool) throws {
        var documents = Documents()
        let attempt = diskKeeps ? 4 : 1
        let progress = ResetDocument.Progress(type: .soft, attempt: attempt, boot: "boot")
        documents[ResetDocument.self] = ResetDocument(underWay: progress)
        var bench = try GatewayBench(defaults: ["ResetRetries": "3"], documents: documents)
        #expect(!bench.start().contains(.restart))
        #expect(bench.machine.resetting.isUnderWay)
        let name = ResetDocument.name
        let event: GatewayEvent = diskKeeps ? .saved(document: name) : .saveFailed(document: name, reason: "no space")
        #expect(bench.feed(event).saved(ResetDocument.self) == ResetDocument(underWay: nil))
        #expect(!bench.machine.resetting.isUnderWay)
        for _ in 0..<60 { #expect(!bench.advance(.seconds(1)).contains(.restart)) }
    }

    /// Who asks a program to end does not want another one in its place.
    @Test func theEndOfTheProgramIsTheEndOfAReset() throws {
        var bench = try GatewayBench(hasLock: true)
        bench.register()
        bench.ask(.unlockConnector(UnlockConnector.Request(connectorId: 1)))
        bench.ask(.reset(Reset.Request(type: .soft)))
        bench.feed(.terminationRequested)
        #expect(bench.feed(.link(.closed(dial: 1, reason: "closed"))).last == .exit)
    }

    // Shows: CORE-RST-02, CORE-RST-03
    /// OCPP 1.6 §5.14, §7.42, §7.36, E §3.36: the transaction ends with the reason SoftReset and is delivered before the restart.
    @Test func aSoftResetDeliversTheEndOfTheTransactionFirst() throws {
        var bench = try GatewayBench()
        bench.register()
        bench.feed(.charging(.hardwareConnector(GatewayBench.connector(pilot: .c))))
        bench.read(energyWh: 1000)
        while case .statusNotification? = bench.calls.first?.request {
            bench.answer(.statusNotification(StatusNotification.Confirmation()))
        }
        bench.feed(.charging(.cardPresented(CardPresented(readerId: 1, connectorIds: [1], idTag: "TAG"))))
        bench.answer(.authorize(Authorize.Confirmation(idTagInfo: IdTagInfo(status: .accepted))))
        #expect(bench.calls.map(\.request.action) == [.startTransaction])
        let info = IdTagInfo(status: .accepted)
        bench.answer(.startTransaction(StartTransaction.Confirmation(idTagInfo: info, transactionId: 7)))

        let asked = bench.ask(.reset(Reset.Request(type: .soft)))
        #expect(asked.answers == [.reset(.init(status: .accepted))])
        var stop: StopTransaction.Request?
        for _ in 1...10 where stop == nil {
            bench.advance(.seconds(1))
            bench.read(energyWh: 1000)
            while let call = bench.calls.first {
                if case .stopTransaction(let request) = call.request {
                    stop = request
                    break
                }
                bench.answer(.statusNotification(StatusNotification.Confirmation()))
            }
        }
        #expect(stop?.transactionId == 7)
        #expect(stop?.reason == .softReset)
        #expect(bench.machine.status.link.phase == .accepted)
        var last = bench.answer(.stopTransaction(StopTransaction.Confirmation()))
        while !bench.calls.isEmpty { last = bench.answer(.statusNotification(StatusNotification.Confirmation())) }
        #expect(last.contains(.closeLink(dial: 1)))
    }

    /// OCPP 1.6 §5.14: the reset ends what runs; what was about to begin would be ended by nobody.
    @Test func nothingBeginsWhileAResetIsUnderWay() throws {
        var bench = try GatewayBench()
        bench.register()
        bench.feed(.charging(.hardwareConnector(GatewayBench.connector(pilot: .b))))
        bench.read(energyWh: 1000)
        while case .statusNotification? = bench.calls.first?.request {
            bench.answer(.statusNotification(StatusNotification.Confirmation()))
        }
        let card = CardPresented(readerId: 1, connectorIds: [1], idTag: "TAG")
        bench.feed(.charging(.cardPresented(card)))
        #expect(bench.calls.map(\.request.action) == [.authorize])
        bench.ask(.reset(Reset.Request(type: .soft)))
        let other = CardPresented(readerId: 1, connectorIds: [1], idTag: "OTHER")
        let presented = bench.feed(.charging(.cardPresented(other)))
        #expect(presented.contains(.indicate(Indicate(connectorId: 1, signal: .rejected))))
        let start = bench.ask(.remoteStartTransaction(RemoteStartTransaction.Request(idTag: "TAG")))
        #expect(start.answers == [.remoteStartTransaction(.init(status: .rejected))])
        let answered = bench.answer(.authorize(Authorize.Confirmation(idTagInfo: IdTagInfo(status: .accepted))))
        #expect(!answered.contains { if case .persist = $0 { true } else { false } })
        #expect(!answered.contains { if case .requestPermit = $0 { true } else { false } })
    }

    /// Else a program that dies hours later would have the next one reset the charger.
    @Test func thatAResetIsOverIsWrittenUntilTheDiskTakesIt() throws {
        var bench = try GatewayBench(defaults: ["ResetRetries": "0"])
        bench.register()
        bench.ask(.reset(Reset.Request(type: .hard)))
        bench.feed(.saved(document: ResetDocument.name))
        bench.advance(.seconds(1))
        let failed = bench.feed(.hardwareRestartAnswered(.failure(BusError(.refused, "no"))))
        #expect(failed.saved(ResetDocument.self) == ResetDocument(underWay: nil))
        for _ in 1...3 {
            bench.feed(.saveFailed(document: ResetDocument.name, reason: "no space"))
            var effects: [GatewayEffect] = []
            for _ in 1...61 { effects += bench.advance(.seconds(1)) }
            #expect(effects.saved(ResetDocument.self) == ResetDocument(underWay: nil))
        }
        bench.feed(.saved(document: ResetDocument.name))
        var effects: [GatewayEffect] = []
        for _ in 1...200 { effects += bench.advance(.seconds(1)) }
        #expect(effects.saved(ResetDocument.self) == nil)
    }

    // MARK: - Never twice

    /// A program that dies right after the restart would find that it has to be done, and do it again.
    @Test(arguments: [ResetType.soft, .hard]) func thatAResetIsOverIsOnDiskBeforeTheRestart(type: ResetType) throws {
        var bench = try GatewayBench()
        bench.register()
        bench.ask(.reset(Reset.Request(type: type)))
        bench.feed(.saved(document: ResetDocument.name))
        var effects = bench.advance(.seconds(1))
        if type == .hard { effects = bench.feed(.hardwareRestartAnswered(.success(Done()))) }
        #expect(effects.saved(ResetDocument.self) == ResetDocument(underWay: nil))
        #expect(!effects.contains(.closeLink(dial: 1)))
        #expect(bench.feed(.saved(document: ResetDocument.name)).contains(.closeLink(dial: 1)))
        #expect(bench.feed(.link(.closed(dial: 1, reason: "closed"))).last == .restart)
    }

    @Test func aResetWhoseEndCannotBeStoredIsNotDone() throws {
        var bench = try GatewayBench(defaults: ["ResetRetries": "0"])
        bench.register()
        bench.ask(.reset(Reset.Request(type: .soft)))
        bench.feed(.saved(document: ResetDocument.name))
        bench.advance(.seconds(1))
        let failed = bench.feed(.saveFailed(document: ResetDocument.name, reason: "no space"))
        #expect(!failed.contains(.closeLink(dial: 1)))
        #expect(bench.logged.contains("the reset failed"))
        #expect(!bench.machine.resetting.isUnderWay)
    }

    /// Where the disk never said that one was under way, nobody could do it again: a full disk keeps no charger from its reset.
    @Test func aResetOfWhichTheDiskNeverHeardIsDone() throws {
        var bench = try GatewayBench()
        bench.register()
        bench.ask(.reset(Reset.Request(type: .soft)))
        bench.feed(.saveFailed(document: ResetDocument.name, reason: "no space"))
        #expect(bench.advance(.seconds(1)).contains(.closeLink(dial: 1)))
    }

    /// Somebody charges since: the reset was over, though the disk could not be told.
    @Test func aTransactionThatBeganSinceIsNotStoppedForAnOldReset() throws {
        var before = try GatewayBench()
        before.register()
        let saved = try #require(before.ask(.reset(Reset.Request(type: .soft))).saved(ResetDocument.self))
        var documents = Documents()
        documents[ResetDocument.self] = saved
        var restored = TransactionLedger()
        restored.read(
            .began(
                Began(
                    sequence: 1,
                    messageId: "m",
                    transaction: "t",
                    connectorId: 1,
                    idTag: "TAG",
                    meterStartWh: 0,
                    time: EventTime(utc: 0, boot: nil, uptime: 0),
                    boot: "boot"
                )
            )
        )
        var next = try GatewayBench(documents: documents, restored: restored)
        let started = next.start()
        #expect(!next.machine.resetting.isUnderWay)
        #expect(started.saved(ResetDocument.self) == ResetDocument(underWay: nil))
        #expect(next.machine.charging.hasOpenTransaction)
    }
}
