import CentralSystem
import JSON
import OCPP
import Primitives
import Testing

@Suite struct LedgerTests {
    private func booted() -> Script {
        var script = Script { $0.firstTransactionId = 40 }
        script.boot()
        return script
    }

    @Test func aSessionIsWrittenDown() throws {
        var script = booted()
        script.call(script.start(meter: 1000))
        script.call(script.sample(40, "1000.5", after: 1))
        script.call(script.sample(40, "1.2", unit: .kWh, after: 2))
        script.call(script.stop(40, meter: 1200, after: 3))
        let transaction = try #require(script.machine.ledger.transaction(40))
        #expect(transaction.samples == 2)
        #expect(transaction.newestRegisterWh == 1200)
        #expect(transaction.energyWh == 200)
        #expect(script.machine.ledger.openTransactions(of: "CP1").isEmpty)
        #expect(script.violations == [])
        #expect(
            script.machine.ledger.received == [
                "BootNotification": 1, "StartTransaction": 1, "MeterValues": 2, "StopTransaction": 1,
            ]
        )
    }

    @Test func idsCountUp() {
        var script = booted()
        script.call(script.start(connector: 1))
        script.call(script.start(connector: 2, after: 1))
        #expect(script.machine.ledger.openTransactions(of: "CP1").map(\.transactionId) == [40, 41])
        #expect(script.violations == [])
    }

    @Test func theSameMessageAfterItsAnswerIsADuplicate() {
        var script = booted()
        let start = script.start()
        let stop = script.stop(40, after: 1)
        for request in [start, start, stop, stop] { script.call(request) }
        #expect(script.violations == [.duplicate, .duplicate])
        #expect(script.machine.ledger.transactions.count == 1)
    }

    @Test func oldMeterValuesWithTheirOldIdsAreRetransmissions() {
        var script = Script()
        script.boot()
        script.call(script.start())
        let first = script.sample(1, "1100", after: 10)
        let second = script.sample(1, "1200", after: 20)
        script.call(first, id: "a")
        script.call(second, id: "b")
        script.disconnect()
        script.connect()
        script.call(first, id: "a")
        script.call(second, id: "b")
        #expect(script.violations.isEmpty)
        #expect(script.machine.ledger.transaction(1)?.samples == 2)
        #expect(script.machine.ledger.transaction(1)?.sampleRetransmissions == 2)
    }

    @Test func theSameMessageOnAnotherConnectionIsARetransmission() {
        var script = booted()
        let start = script.start()
        let sample = script.sample(40, "1001", after: 1)
        let stop = script.stop(40, after: 2)
        for request in [start, sample, stop] {
            script.call(request)
            script.disconnect()
            script.connect()
            script.call(request)
        }
        let transaction = script.machine.ledger.transactions.first
        #expect(script.violations == [])
        #expect(transaction?.startRetransmissions == 1)
        #expect(transaction?.sampleRetransmissions == 1)
        #expect(transaction?.samples == 1)
        #expect(transaction?.stopRetransmissions == 1)
    }

    @Test func aSecondDifferentStopIsADuplicateWherever() {
        var script = booted()
        script.call(script.start())
        script.call(script.stop(40, meter: 2000, after: 1))
        script.disconnect()
        script.connect()
        script.call(script.stop(40, meter: 2001, after: 1))
        #expect(script.violations == [.duplicate])
        #expect(script.machine.ledger.transaction(40)?.energyWh == 1000)
    }

    @Test(arguments: [-1, 0, 39, 41])
    func onlyIdsThatWereGivenOutExist(transactionId: Int) {
        var script = booted()
        script.call(script.start())
        script.call(script.sample(transactionId, "1", after: 1))
        script.call(script.stop(transactionId, after: 2))
        #expect(script.violations == [.unknownTransaction, .unknownTransaction])
    }

    @Test func anotherChargePointsIdDoesNotExist() {
        var script = booted()
        script.call(script.start())
        let stop = script.stop(40)
        script.handle(.connected(chargePoint: "CP2"))
        script.handle(.textReceived(Script.text(of: stop), from: "CP2"))
        #expect(script.violations.contains(.unknownTransaction))
        #expect(script.machine.ledger.openTransactions(of: "CP1").count == 1)
    }

    @Test func registersNeverRunBackwards() {
        var script = booted()
        script.call(script.start(meter: 1000))
        script.call(script.sample(40, "999", after: 1))
        #expect(script.violations == [.register])
        script.call(script.sample(40, "1500", after: 2))
        script.call(script.sample(40, "1500", after: 3))
        #expect(script.violations == [.register])
        script.call(script.stop(40, meter: 1499, after: 4))
        #expect(script.violations == [.register, .register])
    }

    @Test func aFinerRegisterThanMeterStopIsFine() {
        var script = booted()
        script.call(script.start(meter: 1000))
        script.call(script.sample(40, "1499.9", after: 2))
        script.call(script.stop(40, meter: 1499, after: 4))
        #expect(script.violations == [])
    }

    @Test func otherReadingsAreNotTheRegister() {
        var script = booted()
        script.call(script.start(meter: 1000))
        let readings = [
            SampledValue(value: "16.0", measurand: .currentImport, phase: .l1, unit: .a),
            SampledValue(value: "1", phase: .l1),
            SampledValue(value: "AABB", format: .signedData),
        ]
        let values = MeterValue(
            timestamp: script.now.utc.advanced(by: .seconds(1)),
            sampledValue: OneOrMore(readings[0], readings[1], readings[2])
        )
        script.call(.meterValues(.init(connectorId: 1, transactionId: 40, meterValue: OneOrMore(values))))
        #expect(script.violations == [])
        #expect(script.machine.ledger.transaction(40)?.newestRegisterWh == nil)
    }

    @Test func theMessagesAboutAConnectorComeInOrder() {
        var script = booted()
        script.call(script.start(connector: 1, after: 10))
        script.call(script.sample(40, "1001", after: 9))
        #expect(script.violations == [.order])
        script.call(script.stop(40, after: 8))
        #expect(script.violations.filter { $0 == .order }.count >= 2)
    }

    @Test func theTimesOfAnotherConnectorAreNoMeasureForTheOrder() {
        var script = booted()
        script.call(script.start(connector: 1, after: 10))
        script.call(script.start(connector: 2, after: 9))
        script.call(script.sample(40, "1001", after: 20))
        script.call(script.stop(41, after: 15))
        #expect(script.violations == [])
    }

    @Test func nothingIsMeasuredAfterTheStop() {
        var script = booted()
        script.call(script.start())
        script.call(script.stop(40, after: 5))
        script.call(script.sample(40, "2001", after: 6))
        #expect(script.violations == [.order])
    }

    @Test func aConnectorHasOneTransaction() {
        var script = booted()
        script.call(script.start(meter: 1000))
        script.call(script.start(meter: 1500, after: 10))
        #expect(script.violations == [.overlap])
    }

    @Test func violationsAreLimitedButCounted() {
        var script = booted()
        for _ in 0..<(Ledger.violationLimit + 5) { script.text("noise") }
        #expect(script.machine.ledger.violations.count == Ledger.violationLimit)
        #expect(script.machine.ledger.violationCount == Ledger.violationLimit + 5)
    }

    @Test func theJSONHasStableKeys() throws {
        var script = booted()
        script.call(script.start(meter: 1000))
        script.call(script.sample(40, "1010", after: 1))
        script.call(script.stop(40, meter: 1200, after: 3))
        script.call(.statusNotification(.init(connectorId: 1, errorCode: .noError, status: .available)))
        let json = script.machine.ledger.json
        let transaction = try #require(json["transactions"]?.asArray?.first)
        let expected: JSONValue = [
            "transactionId": 40, "chargePoint": "CP1", "connectorId": 1, "idTag": "04A1", "meterStart": 1000,
            "startedAt": "2027-01-15T08:00:00.000Z", "meterStop": 1200, "stoppedAt": "2027-01-15T08:00:03.000Z",
            "stopIdTag": "04A1", "reason": "Local", "energyWh": 200, "samples": 1, "startRetransmissions": 0,
            "sampleRetransmissions": 0, "stopRetransmissions": 0,
        ]
        #expect(transaction == expected)
        #expect(json["open"] == 0 && json["violationCount"] == 0 && json["retransmissions"] == 0)
        #expect(json["received"]?["MeterValues"] == 1)
        #expect(json["statuses"]?["CP1"]?["1"] == "Available")
    }

    @Test func theTextSaysWhatWentWrong() {
        var script = booted()
        script.call(script.start(meter: 1000))
        #expect(script.machine.ledger.text.contains("No violations"))
        script.call(script.stop(40, meter: 900, after: 3))
        let text = script.machine.ledger.text
        #expect(text.contains("1 violation:"))
        #expect(text.contains("meterStop 900 Wh after 1000.0 Wh"))
        #expect(text.contains("stopped: Local"))
    }
}
