import CentralSystem
import JSON
import OCPP
import Testing

@Suite struct ControlRequestTests {
    @Test(arguments: [
        (
            "remote-start 04A1 2",
            ControlRequest.command(.call(.remoteStartTransaction(.init(connectorId: 2, idTag: "04A1"))), to: nil)
        ),
        ("@CP1 remote-stop", .command(.stopNewestTransaction, to: "CP1")),
        ("remote-stop 7", .command(.call(.remoteStopTransaction(.init(transactionId: 7))), to: nil)),
        ("get-configuration", .command(.call(.getConfiguration(.init(key: nil))), to: nil)),
        ("get-configuration A B", .command(.call(.getConfiguration(.init(key: ["A", "B"]))), to: nil)),
        (
            "change-configuration K v",
            .command(.call(.changeConfiguration(.init(key: "K", value: "v"))), to: nil)
        ),
        ("call ClearCache", .command(.callText(action: "ClearCache", payload: [:]), to: nil)),
        ("call X {\"a\": [1, 2]}", .command(.callText(action: "X", payload: ["a": [1, 2]]), to: nil)),
        ("send [2,  oops", .command(.sendText(Array("[2,  oops".utf8)), to: nil)),
        ("drop any", .command(.inject(Fault(.drop, action: nil)), to: nil)),
        ("drop Heartbeat 3", .command(.inject(Fault(.drop, action: .heartbeat, count: 3)), to: nil)),
        (
            "delay MeterValues 1500 2",
            .command(.inject(Fault(.delay(.milliseconds(1500)), action: .meterValues, count: 2)), to: nil)
        ),
        (
            "error StopTransaction 2 GenericError",
            .command(.inject(Fault(.error(.genericError), action: .stopTransaction, count: 2)), to: nil)
        ),
        ("tag 04A1 Blocked G", .command(.setTag("04A1", IdTagInfo(parentIdTag: "G", status: .blocked)), to: nil)),
        ("registration pending:2", .command(.setRegistration(.pending(times: 2)), to: nil)),
        ("ledger", .ledger(forPeople: false)), ("ledger --for-people", .ledger(forPeople: true)),
        ("refuse-connections on", .refuseConnections(status: nil)),
        ("refuse-connections on 404", .refuseConnections(status: 404)), ("refuse-connections off", .allowConnections),
        ("silence on", .silence(true)), ("@CP2 cut", .cut(chargePoint: "CP2")), ("status", .status), ("quit", .quit),
        ("wait-registered 5", .waitRegistered(seconds: 5, chargePoint: nil)),
        ("wait MeterValues 3", .waitReceived(action: "MeterValues", count: 3, seconds: 30)),
        (
            "bench 10 change-configuration K 1 2",
            .bench(
                calls: [
                    .call(.changeConfiguration(.init(key: "K", value: "1"))),
                    .call(.changeConfiguration(.init(key: "K", value: "2"))),
                ],
                count: 10,
                to: nil
            )
        ),
        ("arrival BootNotification", .arrival(action: "BootNotification")),
        ("time-start 04A1", .timeStart(.call(.remoteStartTransaction(.init(idTag: "04A1"))), to: nil)),
        (
            "bench GetConfiguration 7",
            .bench(calls: [.call(.getConfiguration(.init(key: ["HeartbeatInterval"])))], count: 7, to: nil)
        ),
        (
            "bench 5 get-configuration A",
            .bench(calls: [.call(.getConfiguration(.init(key: ["A"])))], count: 5, to: nil)
        ),
    ])
    func linesAreUnderstood(line: String, request: ControlRequest) throws {
        #expect(try ControlRequest(line: line) == request)
    }

    @Test func aListOfWordsMayHoldSpaces() throws {
        let request = try ControlRequest(line: "[\"change-configuration\",\"K\",\"a b\"]")
        #expect(request == .command(.call(.changeConfiguration(.init(key: "K", value: "a b"))), to: nil))
    }

    @Test(arguments: [
        "", "nonsense", "[1]", "[", "remote-start", "remote-start 04A1 x", "remote-start 123456789012345678901",
        "ledger twice", "call X {", "drop RemoteStopTransaction", "drop Heartbeat 0", "error Heartbeat 1 NoSuchCode",
        "tag 04A1 Perhaps", "registration pending:0", "registration accepted:1", "refuse-connections maybe",
        "refuse-connections on 200", "bench 0 get-configuration", "bench 5 ledger", "bench 5", "bench Reset 5",
        "silence",
    ])
    func anythingElseIsRefusedInWords(line: String) {
        #expect(throws: ControlError.self) { try ControlRequest(line: line) }
    }

    @Test func tagsOfTheCommandLineHaveStatusAndParent() throws {
        let (idTag, info) = try Command.tag(option: "04A1=Accepted,GROUP")
        #expect(idTag == "04a1")
        #expect(info == IdTagInfo(parentIdTag: "GROUP", status: .accepted))
        #expect(throws: ControlError.self) { try Command.tag(option: "04A1") }
        #expect(throws: ControlError.self) { try Command.tag(option: "04A1=") }
    }
}

@Suite struct LatenciesTests {
    @Test func percentilesAreNearestRanks() {
        let latencies = Latencies(microseconds: (1...200).reversed().map { Int64($0) })
        #expect(latencies.percentile(0) == 1)
        #expect(latencies.percentile(0.5) == 100)
        #expect(latencies.percentile(0.99) == 198)
        #expect(latencies.percentile(1) == 200)
        #expect(latencies.json["meanMicroseconds"] == 100)
    }

    @Test func nothingMeasuredIsNull() {
        let json = Latencies(microseconds: []).json
        #expect(json["count"] == 0)
        #expect(json["p50Microseconds"] == .null)
    }
}
