import BusSchema

/// What modem-manager says and is asked.
extension Fixture {
    static let uplinks: [Fixture] = [
        .message(
            "001-two",
            UplinkState(
                link: .up,
                active: "ethernet",
                since: noon,
                uplinks: [
                    .init(
                        name: "ethernet",
                        driver: "static",
                        link: .up,
                        detail: "eth0 has an address",
                        interface: "eth0"
                    ),
                    .init(name: "mobile", driver: "simulated", link: .down, detail: "cut by request"),
                ],
                endToEnd: .reachable
            )
        ),
        .message(
            "002-signal",
            UplinkState(
                link: .up,
                active: "mobile",
                since: noon,
                uplinks: [
                    .init(name: "mobile", driver: "simulated", link: .up, detail: "simulated", signalPercent: 12)
                ],
                endToEnd: nil
            )
        ),
        .message("001-up", UplinkChanged(link: .up, active: "ethernet", reason: "eth0 has an address")),
        .message("001-unreachable", UplinkReport(health: .unreachable, detail: "connection refused")),
        .message("002-of-an-uplink", UplinkReport(health: .reachable, uplink: "mobile")),
        .reply(UplinkReport.self, "001-done", Done()),
        .message("001-cut", SimulateUplink(name: "mobile", up: false)),
        .message("002-signal", SimulateUplink(name: "mobile", up: true, signalPercent: 12)),
        .message("003-signal-alone", SimulateUplink(name: "mobile", signalPercent: 12)),
        .reply(SimulateUplink.self, "001-done", Done()),
        .message(
            "003-modem",
            UplinkState(
                link: .up,
                active: "mobile",
                since: noon,
                uplinks: [
                    .init(
                        name: "mobile",
                        driver: "modem",
                        link: .up,
                        detail: "connected",
                        interface: "ppp0",
                        signalPercent: 68,
                        address: "10.64.64.2",
                        radio: radio,
                        endToEnd: .reachable,
                        lastStep: "redial",
                        monthBytes: 1_048_576
                    )
                ],
                endToEnd: .reachable
            )
        ),
        .message(
            "004-name-servers",
            UplinkState(
                link: .up,
                active: "mobile",
                since: noon,
                uplinks: [
                    .init(
                        name: "mobile",
                        driver: "modem",
                        link: .up,
                        detail: "ppp0 has an address",
                        interface: "ppp0",
                        address: "10.64.64.2",
                        nameServers: ["10.64.64.1", "10.64.64.9"]
                    )
                ],
                endToEnd: nil
            )
        ),
        .message("001-page", UplinkHistory(limit: 50, before: 1200)),
        .reply(
            UplinkHistory.self,
            "001-one",
            .init(
                entries: [
                    .init(
                        number: 1199,
                        kind: .down,
                        uplink: "mobile",
                        reason: "the network ended the connection",
                        bootId: "9b2e4f4e-1c4d-4c2e-8f63-0c2d1d0a7b11",
                        uptime: 86_400_000,
                        at: noon,
                        interface: "ppp0",
                        signalPercent: 68,
                        radio: radio,
                        monthBytes: 1_048_576
                    )
                ],
                next: 1199
            )
        ),
        .message("001-mobile", UplinkTest(uplink: "mobile")),
        .reply(
            UplinkTest.self,
            "001-two-steps",
            .init(
                uplink: "mobile",
                steps: [
                    .init(name: "address", outcome: .ok, detail: "ppp0 has 10.64.64.2"),
                    .init(name: "dns", outcome: .failed, detail: "10.64.64.1 does not answer", milliseconds: 5000),
                ]
            )
        ),
    ]

    private static let radio = UplinkRadio(
        signalDbm: -93,
        technology: "LTE",
        operatorName: "Example",
        operatorCode: "26201",
        cell: "00C3/0000A7B2",
        iccid: "8949020000012345678",
        imsi: "262011234567890",
        cause: "regular deactivation"
    )
}
