import JSON
import OCPP
import Primitives
import Testing

@testable import GatewayCore

@Suite struct JournalTests {
    /// Every shape ever written, never to be changed: an old journal must be readable for ever.
    static let golden: [String] = [
        #"{"began":{"sequence":1,"messageId":"m1","transaction":"t1","connectorId":1,"idTag":"CARD","parentIdTag":"P","meterStartWh":1000,"time":{"utc":1800000000000,"uptime":1000},"boot":"b1","reservationId":7,"beginValues":[{"value":"1000","context":"Transaction.Begin","measurand":"Energy.Active.Import.Register","location":"Outlet","unit":"Wh"}]}}"#,
        #"{"began":{"sequence":1,"messageId":"m1","transaction":"t1","connectorId":1,"idTag":"CARD","meterStartWh":1000,"time":{"boot":"b1","uptime":1000},"boot":"b1"}}"#,
        #"{"sampled":{"sequence":2,"messageId":"m2","transaction":"t1","connectorId":1,"time":{"utc":1800000020000,"uptime":21000},"energyWh":1040,"values":[{"value":"1040","context":"Sample.Periodic","measurand":"Energy.Active.Import.Register","location":"Outlet","unit":"Wh"}]}}"#,
        #"{"sampled":{"transaction":"t1","connectorId":1,"time":{"utc":1800000020000,"uptime":21000},"energyWh":1040,"values":[],"stopValues":[{"value":"1040"}]}}"#,
        #"{"register":{"transaction":"t1","energyWh":1050,"time":{"utc":1800000030000,"uptime":31000}}}"#,
        #"{"stopping":{"transaction":"t1","reason":"Local","idTag":"CARD","time":{"utc":1800000040000,"uptime":41000}}}"#,
        #"{"stopping":{"transaction":"t1","reason":"Local","time":{"utc":1800000040000,"uptime":41000},"connectorId":1}}"#,
        #"{"ended":{"sequence":3,"messageId":"m3","transaction":"t1","connectorId":1,"meterStopWh":1080,"time":{"utc":1800000040000,"uptime":41000},"reason":"Local","idTag":"CARD","transactionData":[{"time":{"utc":1800000000000,"uptime":1000},"values":[{"value":"1000"}]}]}}"#,
        #"{"resumed":{"transaction":"t1","boot":"b2","time":{"utc":1800000050000,"uptime":5000}}}"#,
        #"{"assigned":{"transaction":"t1","transactionId":0,"status":"Accepted","parentIdTag":"P","energyWh":1002,"repeated":true}}"#,
        #"{"delivered":{"sequence":1,"transaction":"t1","isStop":false}}"#,
        #"{"attempted":{"sequence":2,"failures":1}}"#,
        #"{"deadLettered":{"sequence":2,"transaction":"t1","isStop":false}}"#,
        #"{"requeued":{}}"#,
        #"{"availability":{"connectorId":0,"operative":false}}"#,
        #"{"released":{"connectorId":1}}"#,
        #"{"bootStart":{"boot":"b1","utc":1799999999000}}"#,
        #"{"checkpoint":{"lastSequence":9,"deliveredThrough":8,"failures":1,"deadLetters":[2,3,5,5],"requeued":[],"inoperative":[0],"finishing":[1],"boots":[{"boot":"b1","utc":1}],"assigned":["t1"]}}"#,
    ]

    @Test(arguments: golden)
    func everyShapeIsReadAndWrittenAlike(text: String) throws {
        let record = try JSON.decode(JournalRecord.self, from: Array(text.utf8))
        #expect(String(decoding: try JSON.encode(record), as: UTF8.self) == text)
    }

    @Test(arguments: golden)
    func aFieldOfANewerVersionIsIgnored(text: String) throws {
        let record = try JSON.decode(JournalRecord.self, from: Array(text.utf8))
        let newer = text.dropLast(2) + (text.hasSuffix("{}}") ? "" : ",") + #""invented":[1]}}"#
        #expect(try JSON.decode(JournalRecord.self, from: Array(newer.utf8)) == record)
    }

    @Test func aRecordOfANewerVersionIsSkipped() throws {
        let record = try JSON.decode(JournalRecord.self, from: Array(#"{"teleported":{"to":"Mars"}}"#.utf8))
        #expect(record == .unknown(kind: "teleported"))
        var restored = TransactionLedger()
        restored.read(record)
        #expect(restored == TransactionLedger())
    }

    @Test(arguments: ["{}", #"{"began":{}}"#, #"{"ended":{"sequence":"x"}}"#, #"{"checkpoint":{"deadLetters":[3,2]}}"#])
    func whatIsNoRecordIsRefused(text: String) {
        #expect(throws: (any Error).self) { try JSON.decode(JournalRecord.self, from: Array(text.utf8)) }
    }

    // MARK: - The fold

    /// Bounded however much waits.
    @Test func aHundredThousandUndeliveredMessagesCostPositionsOnly() {
        let bench = ChargingBench(keys: [.meterValueSampleInterval: "1"])
        bench.plug()
        bench.swipe("CARD")
        bench.run(seconds: 3)
        guard case .sampled(var sampled)? = bench.journal.last(where: { $0.sequence == 3 }) else {
            Issue.record("the bench writes samples")
            return
        }
        var restored = TransactionLedger()
        for record in bench.journal { restored.read(record) }
        for sequence in 5..<100_005 {
            sampled.sequence = Int64(sequence)
            restored.read(.sampled(sampled))
        }
        #expect(restored.lastSequence == 100_004)
        #expect(restored.deliveredThrough == 0)
        #expect(restored.open.count == 1)
        #expect(restored.assigned.isEmpty)
    }

    @Test func aCompactedJournalFoldsToTheSame() {
        let bench = ChargingBench(keys: [.meterValueSampleInterval: "1", .transactionMessageAttempts: "1"])
        bench.goOnline()
        for round in 0..<6 {
            bench.plug()
            bench.swipe("CARD")
            if round == 2 {
                bench.central.interfere = {
                    $0.action == .meterValues ? .refused(CallError(code: .internalError)) : nil
                }
            }
            bench.run(seconds: 400)
            bench.central.interfere = { _ in nil }
            if round < 5 {
                bench.swipe("CARD")
                bench.run(seconds: 3)
                bench.unplug()
                bench.run(seconds: 6)
            }
        }
        #expect(bench.compactions == 1)
        var restored = TransactionLedger()
        for record in bench.journal { restored.read(record) }
        #expect(restored.open.count == 1)
        // The newest four wait for the disk, and were not sent.
        #expect(restored.deadLetters.count == 396)
        #expect(restored.withoutEnd.isEmpty)
        // The dead letters of a compacted journal can still be sent, with the id of their transaction.
        bench.restart()
        bench.central.forgetLines()
        bench.goOnline()
        let (count, effects) = bench.machine.resendDeadLetters(at: bench.moment)
        bench.perform(effects)
        bench.pump()
        #expect(count == 396)
        #expect(bench.lines.filter { $0.hasPrefix("Meter 1 #3 ") }.count == 396)
        #expect(bench.machine.undelivered == 0)
    }

    // MARK: - Sets of numbers

    @Test(arguments: 1...20)
    func aSequenceSetIsASet(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var set = SequenceSet()
        var model: Set<Int64> = []
        for _ in 0..<500 {
            let number = Int64.random(in: 0..<60, using: &random)
            if Bool.random(using: &random) {
                set.insert(number)
                model.insert(number)
            } else {
                set.remove(number)
                model.remove(number)
            }
            #expect(set.first == model.min())
            #expect(set.count == model.count)
        }
        for number in Int64(-1)...60 { #expect(set.contains(number) == model.contains(number)) }
        var other = SequenceSet()
        for number in Int64(20)..<40 { other.insert(number) }
        set.formUnion(other)
        #expect(set.count == model.union(20..<40).count)
    }
}
