import BusSchema
import Primitives
import Testing

@testable import chargectl

@Suite struct NetTextTests {
    private static let radio = UplinkRadio(
        signalDbm: -97,
        technology: "LTE",
        operatorName: "Example",
        cell: "00C3/0A7B"
    )

    private static func entry(
        _ kind: UplinkHistory.Kind,
        _ reason: String,
        minute: Int64,
        uplink: String? = "mobile",
        boot: String = "a",
        radio: UplinkRadio? = nil
    ) -> UplinkHistory.Entry {
        .init(
            number: minute,
            kind: kind,
            uplink: uplink,
            reason: reason,
            bootId: boot,
            uptime: minute * 60_000,
            at: 1_790_000_000_000 + minute * 60_000,
            signalPercent: radio == nil ? nil : 40,
            radio: radio
        )
    }

    @Test func aNightOfflineIsToldWithItsReasonsAndDurations() {
        var denied = Self.radio
        denied.cause = "regular deactivation"
        let story = NetText.story([
            Self.entry(.started, "watching begins", minute: 0, uplink: nil),
            Self.entry(.up, "connected", minute: 1, radio: Self.radio),
            Self.entry(.down, "the network ended the connection", minute: 61, radio: denied),
            Self.entry(.step, "started the modem anew: no answer", minute: 70),
            Self.entry(.up, "connected", minute: 241),
            // After a start of the machine nobody knows how long that took.
            Self.entry(.down, "no port", minute: 2, boot: "b"),
        ])
        #expect(
            story == [
                "2026-09-21T14:13:20.000Z  modem-manager began to watch",
                "2026-09-21T14:14:20.000Z  mobile came up: connected [Example, LTE, signal 40 % (-97 dBm), cell 00C3/0A7B]",
                "2026-09-21T15:14:20.000Z  mobile went down: the network ended the connection "
                    + "[Example, LTE, signal 40 % (-97 dBm), cell 00C3/0A7B; cause: regular deactivation]; "
                    + "it had been up for 60 min 0 s",
                "2026-09-21T15:23:20.000Z  mobile: started the modem anew: no answer",
                "2026-09-21T18:14:20.000Z  mobile came up: connected; it had been away for 3 h 0 min",
                "2026-09-21T14:15:20.000Z  mobile is down: no port",
            ]
        )
    }

    @Test func whatWasNeverUpDoesNotGoDownAndWasNotAway() {
        let story = NetText.story([
            Self.entry(.up, "connected", minute: 0),
            Self.entry(.started, "watching begins", minute: 1, uplink: nil),
            Self.entry(.down, "no port", minute: 1),
            Self.entry(.up, "connected", minute: 1),
            Self.entry(.cell, "connected", minute: 2, radio: Self.radio),
            Self.entry(.down, "no port", minute: 3),
            Self.entry(.unknown, "at work", minute: 4),
            Self.entry(.up, "connected", minute: 5),
        ]).map { $0.dropFirst("2026-09-21T15:14:20.000Z  ".count) }
        #expect(
            story.dropFirst(2) == [
                "mobile is down: no port", "mobile came up: connected",
                "mobile is in this cell now [Example, LTE, signal 40 % (-97 dBm), cell 00C3/0A7B]",
                "mobile went down: no port; it had been up for 2 min 0 s",
                "nothing is known of mobile any more: at work; it had been away for 60 s",
                "mobile came up: connected; it had been away for 60 s",
            ]
        )
    }

    @Test func aTimeThatNobodyKnowsIsCountedFromTheStartOfTheMachine() {
        var entry = Self.entry(.up, "connected", minute: 5)
        entry.at = nil
        #expect(NetText.story([entry]) == ["5 min 0 s after a start of the machine  mobile came up: connected"])
    }

    @Test(arguments: [
        (-5, "0 s"), (119_999, "119 s"), (7_199_000, "119 min 59 s"), (7_200_000, "2 h 0 min"),
        (180_000_000, "2 days 2 h"),
    ])
    func durationsAreSaidAsPeopleSayThem(milliseconds: Int64, words: String) {
        #expect(NetText.words(milliseconds) == words)
    }

    @Test func aStatusSaysWhatIsInUseAndHowFarOneGets() {
        let state = UplinkState(
            link: .up,
            active: "mobile",
            since: 1_790_000_000_000,
            uplinks: [
                .init(name: "lan", driver: "static", link: .down, detail: "eth0 is not running", interface: "eth0"),
                .init(
                    name: "mobile",
                    driver: "modem",
                    link: .up,
                    detail: "connected",
                    interface: "ppp0",
                    signalPercent: 57,
                    address: "10.64.64.2",
                    radio: UplinkRadio(iccid: "8949", imsi: "26201"),
                    endToEnd: .unreachable,
                    lastStep: "redial",
                    monthBytes: 12_345_678
                ),
            ],
            endToEnd: .unreachable
        )
        let lines = NetText.lines(of: state, lasting: 90_000)
        #expect(
            lines == [
                "the network is reached over mobile, for 90 s",
                "  lan (static): down, eth0 is not running",
                "    interface eth0",
                "* mobile (modem): up, connected",
                "    interface ppp0, address 10.64.64.2",
                "    signal 57 %",
                "    SIM 8949, IMSI 26201",
                "    nothing comes back from the central system",
                "    last step to recover it: redial",
                "    12.3 MB this month",
            ]
        )
    }

    @Test func howLongIsLeftOutWhereNobodyKnows() {
        let state = UplinkState(link: .down, active: nil, since: 0, uplinks: [], endToEnd: nil)
        #expect(NetText.lines(of: state, lasting: nil) == ["no uplink is up"])
    }

    @Test func aStepOfATestIsALine() {
        let step = UplinkTest.Step(
            name: "dns",
            outcome: .failed,
            detail: "no name server answers",
            milliseconds: 10_002
        )
        #expect(NetText.line(step) == "  dns           failed   10002 ms  no name server answers")
        let next = UplinkTest.Step(name: "tcp", outcome: .skipped, detail: "dns failed")
        #expect(NetText.line(next) == "  tcp           not tried: dns failed")
    }

    @Test func whatComesFromANetworkSteersNoTerminal() {
        let evil = "a\u{1B}[2J\u{7}\n\u{9B}\u{202E}\u{2028}b"
        var uplink = UplinkState.Uplink(name: "mobile", driver: "mmcli", link: .up, detail: evil)
        uplink.radio = UplinkRadio()
        uplink.radio?.operatorName = evil
        let state = UplinkState(link: .up, active: "mobile", since: 0, uplinks: [uplink], endToEnd: nil)
        let entry = UplinkHistory.Entry(
            number: 1,
            kind: .down,
            uplink: "mobile",
            reason: evil,
            bootId: "a",
            uptime: 0,
            at: 0
        )
        let step = NetText.line(UplinkTest.Step(name: "dns", outcome: .failed, detail: evil))
        let status = NetText.lines(of: state, lasting: nil)
        for line in status + NetText.story([entry]) + [step] {
            let isPlain = line.unicodeScalars.allSatisfy {
                $0.value >= 0x20 && ![0x9B, 0x202E, 0x2028].contains($0.value)
            }
            #expect(isPlain, "\(line)")
        }
    }
}
