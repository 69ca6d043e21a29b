import BusCodec
import BusSchema

extension Fixture {
    /// Append-only, like the files: a changed shape gets a new number, and its predecessor `isCurrent: false`.
    static let all: [Fixture] = envelopes + services + hardware + uplinks + gateway + configuration

    static let transaction = "0f8fad5b-d9cb-469f-a165-70867728950e"
    static let noon: Int64 = 1_767_268_800_000

    private static let envelopes: [Fixture] = [
        Fixture(
            "header/001-request",
            Header(
                kind: .request,
                type: "hardware.permit",
                id: "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
                source: .ocppGateway,
                sentAt: noon,
                uptime: 86_400_123,
                seq: 7,
                replyTo: "6ecd8c99-4036-403d-bf84-cf8400f67836",
                transaction: transaction,
                cause: "9b2e4f4e-1c4d-4c2e-8f63-0c2d1d0a7b11",
                expiresAt: 86_402_123
            ),
            isCurrent: true,
            encode: { try BusCodec.encodeHeader($0) },
            decode: { try BusCodec.decodeHeader($0) }
        ),
        Fixture(
            "header/002-state",
            Header(
                kind: .state,
                type: "uplink.state",
                id: "3f2504e0-4f89-41d3-9a0c-0305e82c3302",
                source: .modemManager,
                sentAt: noon,
                uptime: 5
            ),
            isCurrent: true,
            encode: { try BusCodec.encodeHeader($0) },
            decode: { try BusCodec.decodeHeader($0) }
        ),
        Fixture(
            "error/001-refused",
            BusError(.refused, "the contactor is closed"),
            isCurrent: true,
            encode: { try BusCodec.encode(error: $0, header: header(.error, "hardware.unlock")).payload },
            decode: { try BusCodec.decodeError($0, type: "hardware.unlock") }
        ),
    ]

    private static let services: [Fixture] = [
        .message("001-all", ServiceTraffic()),
        .reply(
            ServiceTraffic.self,
            "001-two-messages",
            .init(
                service: .ocppGateway,
                messages: [
                    .init(
                        at: noon,
                        kind: .event,
                        topic: "ocpp.message",
                        id: "abc-1",
                        source: .ocppGateway,
                        cause: nil,
                        note: "sent CALL Heartbeat",
                        payload: nil
                    ),
                    .init(
                        at: noon,
                        kind: .request,
                        topic: "request.ocpp.status",
                        id: "xyz-1",
                        source: .chargectl,
                        cause: "xyz-0",
                        payload: "{}"
                    ),
                ]
            )
        ),
        .message(
            "001-running",
            Announce(
                service: .hardwareIO,
                version: "1.0.0",
                schemaVersion: 1,
                pid: 4711,
                startedAt: noon,
                publishes: ["hardware.connector", "hardware.card"],
                serves: ["hardware.permit"],
                simulated: true,
                running: true
            )
        ),
        .message(
            "001-after-a-flood",
            ServiceHealth(
                service: .hardwareIO,
                longestTurnMicroseconds: 3200,
                longestTurnWorkedMicroseconds: 1100,
                longestTurnReason: "requests",
                turnLimitMicroseconds: 5000,
                longTurns: 0,
                droppedLogLines: 17,
                disconnectedSubscribers: 2
            )
        ),
        .message(
            "002-with-writes",
            ServiceHealth(
                service: .configStore,
                longestTurnMicroseconds: 900,
                longestTurnWorkedMicroseconds: 300,
                longestTurnReason: "requests",
                turnLimitMicroseconds: 50_000,
                longTurns: 0,
                droppedLogLines: 0,
                disconnectedSubscribers: 0,
                flashBytes: 8192,
                flashSyncs: 12
            )
        ),
    ]

    private static let link = LinkState(
        phase: .backingOff,
        url: "ws://csms.example/ocpp/CP-1",
        since: noon,
        failedAttempts: 3,
        nextAttemptAt: noon + 8000,
        lastError: "connection refused",
        heartbeatIntervalSeconds: 300,
        clockOffsetMilliseconds: -12
    )

    private static let flappingLink = LinkState(
        phase: .accepted,
        url: "ws://csms.example/ocpp/CP-1",
        since: noon,
        failedAttempts: 0,
        flaps: 4
    )

    private static let linkWithOlderPassword = LinkState(
        phase: .accepted,
        url: "ws://csms.example/ocpp/CP-1",
        since: noon,
        failedAttempts: 0,
        passwordRefused: true
    )

    private static let linkWithEndedCertificate = LinkState(
        phase: .accepted,
        url: "wss://csms.example/ocpp/CP-1",
        since: noon,
        failedAttempts: 0,
        certificateDoubt: "a certificate of the central system ended on 2025-12-31"
    )

    private static let timedLink = LinkState(
        phase: .accepted,
        url: "wss://csms.example/ocpp/CP-1",
        since: noon,
        failedAttempts: 0,
        lastDial: .init(at: noon - 900, dns: 120, tcp: 95, tls: 310, webSocket: 88, boot: 140)
    )

    private static let untrustedLink = LinkState(
        phase: .backingOff,
        url: "wss://csms.example/ocpp/CP-1",
        since: noon,
        failedAttempts: 1,
        lastError: "the certificate is not trusted",
        failedStep: "tls"
    )

    private static let refusedStatus = ConnectorStatus(
        connectorId: 1,
        status: "Charging",
        errorCode: "NoError",
        info: nil,
        since: noon,
        transaction: .init(
            uuid: transaction,
            transactionId: nil,
            idTag: "04A1B2C3",
            startedAt: noon,
            meterStartWh: 1_234_000,
            startIsDeadLetter: true
        ),
        explanation: "The EV may draw up to 16 A.",
        refusal: .init(reason: "the central system says Blocked", at: noon)
    )

    private static let status = ConnectorStatus(
        connectorId: 1,
        status: "Charging",
        errorCode: "NoError",
        info: "by card",
        since: noon,
        transaction: .init(
            uuid: transaction,
            transactionId: 42,
            idTag: "04A1B2C3",
            startedAt: noon,
            meterStartWh: 1_234_000
        ),
        explanation: "The EV charges at up to 16 A."
    )

    private static let queue = QueueState(
        undelivered: 2,
        oldestAt: noon,
        inFlight: "StartTransaction",
        attempts: 1,
        nextAttemptAt: noon + 60_000,
        deadLetters: 1,
        storageFault: "no space left"
    )

    private static let gateway: [Fixture] = [
        .message("001-backing-off", link),
        .message("002-flapping", flappingLink),
        .message("003-older-password", linkWithOlderPassword),
        .message("004-ended-certificate", linkWithEndedCertificate),
        .message("005-timed", timedLink),
        .message("006-untrusted", untrustedLink),
        .message("001-charging", status),
        .message("002-refused", refusedStatus),
        .message("001-waiting", queue),
        .message(
            "001-answer",
            OCPPMessage(
                direction: .received,
                kind: .callResult,
                action: "Heartbeat",
                messageId: "17",
                frame: #"[3,"17",{"currentTime":"2026-01-01T12:00:00.000Z"}]"#,
                latencyMicroseconds: 1530
            )
        ),
        .message("001-ask", GatewayStatus()),
        .reply(GatewayStatus.self, "001-all", .init(link: link, connectors: [status], queue: queue)),
        .reply(
            GatewayStatus.self,
            "002-measurands",
            .init(
                link: link,
                connectors: [],
                queue: queue,
                measurands: ["Energy.Active.Import.Register", "Voltage.L1"]
            )
        ),
        .message("001-all", ResendDeadLetters()),
        .message("002-one", ResendDeadLetters(messageNumber: 17)),
        .reply(ResendDeadLetters.self, "001-three", ResendDeadLetters.Reply(requeued: 3)),
        .message("001-dead", ReadRecords(after: 16, limit: 50, state: .deadLetter, transaction: transaction)),
        .reply(ReadRecords.self, "001-stop", ReadRecords.Reply(records: [record], next: 17)),
        .message("001-some", RegisterVendor(vendorId: "com.example", messageIds: ["Tariff"], leaseSeconds: 60)),
        .reply(RegisterVendor.self, "001-done", Done()),
        .message(
            "001-text",
            DataTransferReceived(number: 7, vendorId: "com.example", messageId: "Tariff", data: "0.30")
        ),
        .message("001-accepted", AnswerDataTransfer(number: 7, status: .accepted, data: "done")),
        .reply(AnswerDataTransfer.self, "001-done", Done()),
        .message("001-text", SendDataTransfer(vendorId: "com.example", messageId: "Tariff", data: "which?")),
        .reply(SendDataTransfer.self, "001-accepted", SendDataTransfer.Reply(status: .accepted, data: "0.30")),
    ]

    private static let record = MessageRecord(
        messageNumber: 17,
        action: "StopTransaction",
        state: .deadLetter,
        transaction: transaction,
        transactionId: 42,
        connectorId: 1,
        at: noon,
        energyWh: 1_234_567,
        idTag: "04A1B2C3",
        reason: "Local"
    )

    private static let value = ConfigValue(
        key: "HeartbeatInterval",
        owner: .ocppGateway,
        value: "300",
        revision: 12,
        secretPresent: false
    )

    private static let declaration = KeyDeclaration(
        key: "HeartbeatInterval",
        type: .integer,
        defaultValue: "86400",
        access: .readWrite,
        description: "Time between heartbeats.",
        unit: "s",
        minimum: 0,
        maximum: 86_400,
        maximumLength: 5,
        maximumItems: 1,
        choices: ["0", "300"]
    )

    private static let change = ConfigChange(
        revision: 12,
        at: noon,
        key: "HeartbeatInterval",
        oldValue: "86400",
        newValue: "300",
        source: .ocppGateway,
        reason: "ChangeConfiguration"
    )

    private static let values = ConfigValues(
        owner: .ocppGateway,
        revision: 12,
        values: [
            value,
            ConfigValue(key: "AuthorizationKey", owner: .ocppGateway, value: nil, revision: 3, secretPresent: true),
        ]
    )

    private static let configuration: [Fixture] = [
        .message("001-of-the-gateway", values),
        .message("001-heartbeat", ConfigChanged(change: change)),
        .message("001-of-the-gateway", ConfigDeclare(owner: .ocppGateway, keys: [declaration])),
        .reply(
            ConfigDeclare.self,
            "001-values",
            .init(values: values, unfit: ["MeterValueSampleInterval: not digits"])
        ),
        .message("001-one", ConfigGet(keys: ["HeartbeatInterval", "Nonsense"])),
        .reply(
            ConfigGet.self,
            "001-one",
            .init(entries: [.init(value: value, declaration: declaration)], unknownKeys: ["Nonsense"])
        ),
        .message(
            "001-everything",
            ConfigSet(
                key: "HeartbeatInterval",
                value: "300",
                secretFile: "5d41402a",
                reason: "technician",
                expectedRevision: 11
            )
        ),
        .reply(ConfigSet.self, "001-done", .init(value: value, rebootRequired: false)),
        .message("001-one-key", ConfigHistory(key: "HeartbeatInterval", limit: 20)),
        .reply(ConfigHistory.self, "001-one", .init(changes: [change])),
    ]
}
