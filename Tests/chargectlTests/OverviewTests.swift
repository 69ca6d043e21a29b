import Bus
import BusSchema
import EventLoop
import Glibc
import JSON
import Primitives
import TemporaryFolder
import Testing

@testable import chargectl

@Suite struct OverviewTests {
    /// What `services` say, all others being absent.
    private func overview(
        of services: Set<ServiceName>,
        silent: Set<ServiceName> = [],
        status: JSONValue = [
            "connectorId": 1, "status": "Faulted", "errorCode": "GroundFailure",
            "explanation": "Cannot deliver energy.",
        ],
        link: JSONValue = ["phase": "accepted"],
        hardware: JSONValue = ["connectorId": 1, "pilot": "C", "contactor": "closed", "lock": "absent", "faults": []],
        started: JSONValue? = nil,
        sentAt: Int64 = 0,
        uptime: Int64 = 0,
        now: Moment = EventLoop.now(),
        directory: String = "/nowhere"
    ) -> Overview {
        var states: [String: Session.State] = [:]
        func add(_ type: String, _ instance: String, _ source: ServiceName, _ payload: JSONValue) {
            guard services.contains(source), !silent.contains(source) else { return }
            let header = Header(kind: .state, type: type, id: "1", source: source, sentAt: sentAt, uptime: uptime)
            let topic = "\(type).\(instance)"
            states[topic] = Session.State(header: header, topic: topic, payload: payload)
        }
        for service in services {
            add(Announce.type, service.rawValue, service, ["version": "1", "startedAt": started ?? .null])
        }
        add(ConnectorStatus.type, "1", .ocppGateway, status)
        add(ConnectorState.type, "1", .hardwareIO, hardware)
        add(LinkState.type, "x", .ocppGateway, link)
        let directory = RuntimeDirectory(path: directory)
        return Overview(states: states, running: services, directory: directory, hearing: .seconds(2), now: now)
    }

    private func lines(_ overview: Overview, about word: String) -> [String] {
        overview.lines.filter { $0.contains(word) }
    }

    @Test func aSocketFileThatSomebodyRemovedIsToldWithWhatToDo() throws {
        let folder = try TemporaryFolder()
        let sockets = try ["pub", "rpc", "svc"].map { name in
            try LocalSocket.listen(at: folder.file("config-store.\(name)"), mode: 0o600)
        }
        defer { sockets.forEach { close($0) } }
        func line(running: Bool = true, silent: Set<ServiceName> = []) -> String {
            let shown = overview(of: running ? [.configStore] : [], silent: silent, directory: folder.path)
            return lines(shown, about: "config-store ").first ?? ""
        }
        #expect(!line().contains("removed"))
        try folder.remove("config-store.svc")
        let advice = "was removed, which systemctl restart config-store makes again"
        #expect(line().hasSuffix("; services do not find it: \(folder.file("config-store.svc")) \(advice)"))
        try folder.remove("config-store.pub")
        let two = "\(folder.file("config-store.pub")) and \(folder.file("config-store.svc"))"
        #expect(line(silent: [.configStore]) == "config-store    is not heard: \(two) \(advice)")
        #expect(line(running: false) == "config-store    cannot be asked: \(two) \(advice)")
        // One that is stopped has none at all.
        try folder.remove("config-store.rpc")
        #expect(line(running: false) == "config-store    not running (no socket in \(folder.path))")
    }

    @Test func everyFaultOfAConnectorIsShown() {
        let hardware: JSONValue = [
            "connectorId": 1, "pilot": "B", "contactor": "welded", "lock": "locked",
            "permit": ["limitMilliamps": 16_500], "offeredMilliamps": 0,
            "faults": ["GroundFailure", "PowerSwitchFailure"], "notChargingBecause": "GroundFailure: tripped",
        ]
        let overview = overview(of: Set(ServiceName.daemons), hardware: hardware)
        #expect(
            overview.connectorLines == [
                "connector 1     Faulted (GroundFailure): Cannot deliver energy.",
                "  hardware      pilot B, contactor welded, lock locked, permit up to 16.5 A; "
                    + "faults: GroundFailure, PowerSwitchFailure; no energy: tripped",
            ]
        )
        #expect(!overview.isWell)
    }

    @Test func aPermitForFewerPhasesIsToldWithThoseThatThereAre() {
        func line(_ permit: JSONValue) -> String? {
            let hardware: JSONValue = [
                "connectorId": 1, "pilot": "C", "contactor": "closed", "lock": "absent", "permit": permit,
                "offeredMilliamps": 16_000, "phases": 1, "faults": [],
            ]
            return overview(of: Set(ServiceName.daemons), hardware: hardware).connectorLines.last
        }
        #expect(
            line(["limitMilliamps": 16_000, "phases": 2])
                == "  hardware      pilot C, contactor closed, permit up to 16 A on 2 phases, offers 16 A on 1 phase"
        )
        #expect(
            line(["limitMilliamps": 16_000])
                == "  hardware      pilot C, contactor closed, permit up to 16 A, offers 16 A"
        )
    }

    /// The charger is connected with the one before, and would hide it.
    @Test func aPasswordThatWasRefusedIsTold() {
        let link: JSONValue = ["phase": "accepted", "url": "ws://csms/CP1", "passwordRefused": true]
        let told = lines(overview(of: Set(ServiceName.daemons), link: link), about: "central system")
        #expect(told.count == 1 && told[0].contains("the password that was set last was refused"))
    }

    @Test func aStartThatWasRefusedForGoodIsTold() {
        let status: JSONValue = [
            "connectorId": 1, "status": "Charging", "errorCode": "NoError", "explanation": "Energy flows.",
            "transaction": ["startIsDeadLetter": true, "meterStartWh": 10],
        ]
        let told = lines(overview(of: Set(ServiceName.daemons), status: status), about: "connector 1")
        #expect(told.count == 1 && told[0].contains("refused by the central system for good"))
    }

    @Test func theNewestRefusalIsToldWithItsAge() {
        let status: JSONValue = [
            "connectorId": 1, "status": "Available", "errorCode": "NoError", "explanation": "Free.",
            "refusal": ["reason": "the central system says Blocked", "at": 0],
        ]
        let shown = overview(of: Set(ServiceName.daemons), status: status, now: moment(259_200))
        #expect(lines(shown, about: "refused") == ["  refused       3 days ago: the central system says Blocked"])
        // A year to come, or before the machine was switched on: its clock was set between.
        for sentAt: Int64 in [-31_536_000_000, 1_795_916_263_008] {
            let shown = overview(of: Set(ServiceName.daemons), status: status, sentAt: sentAt, now: moment(600))
            #expect(lines(shown, about: "refused") == ["  refused       the central system says Blocked"])
        }
    }

    /// So long after the start of the machine, and 20 years after the times of the messages here: the clock was set since.
    private func moment(_ seconds: Int64) -> Moment {
        Moment(uptime: .seconds(seconds), utc: Timestamp(millisecondsSinceEpoch: 630_720_000_000))
    }

    /// The message came 30 s after the start of the machine, at 0 by the clock of that time; it is asked 90 s after the start.
    @Test(arguments: [
        (0, " for 60 s"), (-20_000, " for 80 s"), (400, " for 59 s"), (31_536_000_000, ""), (-100_000, ""),
    ])
    func aServiceRunsAsLongAsItDoesWhateverTheClockWasSetTo(started: Int64, told: String) {
        let started = JSONValue.number(JSONNumber(started))
        let shown = overview(of: [.configStore], started: started, uptime: 30_000, now: moment(90))
        let line = lines(shown, about: "config-store ").first ?? ""
        #expect(line.hasPrefix("config-store    running\(told), version 1, pid 0"))
    }

    @Test(arguments: [
        (31_000, "; next attempt in 21 s"), (9_000, ""), (-630_719_995_000, ""), (31_536_001_000, ""),
    ])
    func theNextAttemptIsToldByTheClockOfTheMachine(at: Int64, told: String) {
        let link: JSONValue = ["phase": "backingOff", "nextAttemptAt": .number(JSONNumber(at))]
        let shown = overview(of: Set(ServiceName.daemons), link: link, now: moment(10))
        #expect(lines(shown, about: "central system") == ["central system  not connected, tries again\(told)"])
    }

    @Test(arguments: [
        ("backingOff", "not connected, tries again; why"), ("rejected", "connected, and not accepted (Rejected)"),
        ("pending", "(Pending): release this charger"), ("waitingForUplink", "waits for the network"),
    ])
    func theLinkIsToldInWords(phase: String, words: String) {
        let link: JSONValue = ["phase": .string(phase), "lastError": "why", "nextAttemptAt": 0]
        let told = lines(overview(of: Set(ServiceName.daemons), link: link), about: "central system ")
        #expect(told.count == 1 && told[0].contains(words))
        #expect(!told[0].contains("next attempt"))
    }

    @Test func aCertificateThatHasEndedIsTold() {
        let link: JSONValue = ["phase": "accepted", "certificateDoubt": "a certificate ended on 2025-12-31"]
        let told = lines(overview(of: Set(ServiceName.daemons), link: link), about: "ended on 2025-12-31")
        #expect(told.count == 1)
    }

    @Test func oneIsNotMany() {
        #expect(Overview.count(1, "dead letter") == "1 dead letter")
        #expect(Overview.count(2, "dead letter") == "2 dead letters")
    }

    @Test func whatIsEmptyIsLeftOut() {
        let status: JSONValue = ["connectorId": 1, "status": "Available", "errorCode": "NoError", "explanation": ""]
        let shown = overview(of: [.ocppGateway], status: status, link: ["phase": "notConfigured", "url": ""])
        #expect(
            lines(shown, about: "central system") == [
                "central system  not configured: set centralSystem.url in charger.json"
            ]
        )
        #expect(lines(shown, about: "connector 1") == ["connector 1     Available"])
    }

    @Test func withoutHardwareTheStatusIsSaidToBeOld() {
        let overview = overview(of: [.ocppGateway, .configStore, .modemManager])
        #expect(
            overview.connectorLines == [
                "hardware-io does not answer: connectors as the gateway knew them last",
                "connector 1     Faulted (GroundFailure): Cannot deliver energy.",
            ]
        )
        #expect(lines(overview, about: "not running") == ["hardware-io     not running (no socket in /nowhere)"])
    }

    @Test func withoutAGatewayTheHardwareIsStillShown() {
        let expected = [
            "ocpp-gateway does not answer: connectors as hardware-io finds them; nobody renews a permit",
            "connector 1     pilot C, contactor closed, no permit",
        ]
        #expect(overview(of: [.hardwareIO]).connectorLines == expected)
        #expect(overview(of: Set(ServiceName.daemons), silent: [.ocppGateway]).connectorLines == expected)
    }

    @Test func whatAnswersWithoutFaultsIsWell() {
        #expect(overview(of: Set(ServiceName.daemons), status: ["connectorId": 1, "status": "Available"]).isWell)
        #expect(!overview(of: Set(ServiceName.daemons), status: ["connectorId": 1, "status": "Faulted"]).isWell)
    }

    @Test func aServiceThatDoesNotAnswerIsNotWell() {
        let overview = overview(of: Set(ServiceName.daemons), silent: [.hardwareIO])
        #expect(!overview.isWell)
        // Whoever is silent for so long may only be slow, which nobody outside can tell.
        let line = lines(overview, about: "hardware-io     does not answer within 2 s")
        #expect(line.count == 1)
        #expect(line.allSatisfy { $0.contains("only slow") && $0.contains("--timeout") })
        // A command that is about its states alone says the same.
        let words = Unheard.words(for: .hardwareIO, in: overview.directory, isRunning: true, after: .seconds(2))
        #expect(line == ["hardware-io     \(words)"])
        #expect(words.contains("32 connections"))
    }
}
