import BusSchema
import Primitives
import Testing
import UplinkCore

@testable import modem_manager

/// What a test of an uplink says of each step between SIM and BootNotification.
@Suite struct TestStoryTests {
    private static let names = ["sim", "registration", "address", "dns", "tcp", "tls", "webSocket", "boot"]

    private func story(_ link: UplinkState.Link = .up, _ change: (inout CarrierCondition) -> Void = { _ in })
        -> TestStory
    {
        var condition = CarrierCondition(
            link: link,
            detail: "the modem hung up",
            interface: "ppp0",
            address: "10.64.64.2"
        )
        var radio = RadioReport(signalPercent: 60)
        (radio.iccid, radio.operatorName, radio.technology) = ("8949020000012345678", "Example", "LTE")
        (radio.simTook, radio.registrationTook) = (.milliseconds(2100), .seconds(9))
        condition.radio = radio
        condition.addressTook = .milliseconds(3200)
        change(&condition)
        let uplink = UplinkState.Uplink(
            name: "cell",
            driver: "modem",
            link: link,
            detail: condition.detail,
            interface: condition.interface,
            address: link == .up ? condition.address : nil
        )
        return TestStory(uplink: uplink, condition: condition)
    }

    private func link(_ phase: LinkState.Phase, url: String = "wss://csms.example/CP1") -> LinkState {
        LinkState(
            phase: phase,
            url: url,
            since: 0,
            failedAttempts: 0,
            lastError: phase == .backingOff ? "the certificate is not trusted" : nil,
            lastDial: .init(at: 0, dns: 10, tcp: 20, tls: 300, webSocket: 80, boot: 140)
        )
    }

    private func walked(_ story: inout TestStory) {
        story.steps.append(.init(name: "dns", outcome: .ok, detail: "192.0.2.1", milliseconds: 30))
        story.steps.append(.init(name: "tcp", outcome: .ok, detail: "192.0.2.1 answers", milliseconds: 40))
    }

    @Test func everyStepOfAConnectionThatStandsHasItsTime() {
        var story = story()
        walked(&story)
        story.tell(link(.accepted), active: nil)
        #expect(story.complete.map(\.name) == Self.names && story.complete.allSatisfy { $0.outcome == .ok })
        #expect(story.complete.map(\.milliseconds) == [2100, 9000, 3200, 30, 40, 300, 80, 140])
    }

    @Test func whatFollowsAFailureSaysThatItWasNotTriedAndWhy() {
        let story = story(.down)
        #expect(story.complete.map(\.name) == Self.names)
        #expect(
            story.complete.map(\.outcome.rawValue) == ["ok", "ok", "failed"] + Array(repeating: "skipped", count: 5)
        )
        #expect(story.complete[2].milliseconds == nil && story.complete[2].detail == "the modem hung up")
        #expect(story.complete.dropFirst(3).allSatisfy { $0.detail == "address failed" })
    }

    @Test func aSIMThatIsNotThereEndsTheStoryThere() {
        let story = story(.down) {
            $0.radio?.iccid = nil
            $0.radio?.operatorName = nil
        }
        #expect(
            story.hasFailed
                && story.complete.map(\.outcome.rawValue) == ["failed"] + Array(repeating: "skipped", count: 7)
        )
    }

    private func first(_ story: TestStory) -> [String] {
        story.complete.prefix(3).map { "\($0.outcome.rawValue) \($0.detail)" }
    }

    /// The number of a SIM can be read also where it is of no use.
    @Test(arguments: [nil, "8949020000012345678"]) func whatKeepsTheModemFromItsSIMFailsThere(_ iccid: String?) {
        for obstacle in [RadioReport.Obstacle.sim, .modem] {
            let story = story(.down) {
                $0.radio?.way.obstacle = obstacle
                $0.radio?.iccid = iccid
                $0.detail = "the SIM refused the PIN"
            }
            #expect(first(story) == ["failed the SIM refused the PIN", "skipped sim failed", "skipped sim failed"])
        }
    }

    @Test func aNetworkThatIsLostOrRefusesFailsTheRegistration() {
        let story = story(.down) {
            $0.radio?.way.obstacle = .registration
            $0.radio?.way.isRegistered = false
            $0.radio?.operatorName = nil
            $0.detail = "the network refuses"
        }
        #expect(first(story)[1] == "failed the network refuses" && first(story)[0].hasPrefix("ok"))
    }

    @Test func aNetworkThatHasNoNameIsOne() {
        let story = story(.down) {
            $0.radio?.operatorName = nil
            $0.radio?.technology = nil
            $0.radio?.way.obstacle = .data
            $0.radio?.way.isRegistered = true
        }
        #expect(first(story) == ["ok ICCID 8949020000012345678", "ok registered", "failed the modem hung up"])
    }

    @Test(arguments: [LinkState.Phase.resolving, .connecting, .handshaking])
    func whatIsUnderWayHasNotFailed(_ phase: LinkState.Phase) {
        for url in ["wss://csms.example/CP1", "ws://csms.example/CP1"] {
            var story = story()
            walked(&story)
            story.tell(link(phase, url: url), active: nil)
            #expect(!story.complete.contains { $0.outcome == .failed })
            #expect(story.complete[6].detail == "the gateway is still \(phase)")
        }
    }

    @Test func aBootNotificationThatIsToBeSentAgainHasFailed() {
        var booting = link(.booting)
        var asked = story()
        walked(&asked)
        asked.tell(booting, active: nil)
        #expect(!asked.hasFailed && asked.complete.last?.detail == "BootNotification is not answered yet")
        booting.nextAttemptAt = 1
        var refused = story()
        walked(&refused)
        refused.tell(booting, active: nil)
        #expect(refused.hasFailed && refused.steps.last?.name == "boot")
    }

    @Test func withoutAModemTheFirstStepsAreNotTried() {
        let story = story { $0.radio = nil }
        #expect(story.complete[0].detail == "there is no modem" && story.complete[1].outcome == .skipped)
        #expect(story.complete[2].outcome == .ok)
    }

    @Test func overAnotherUplinkThanTheGatewaysNoSecondConnectionIsMade() {
        var story = story()
        walked(&story)
        story.tell(nil, active: "lan")
        let words = "the gateway is connected over lan, and a second connection would end the first"
        #expect(story.complete.suffix(3).allSatisfy { $0.outcome == .skipped && $0.detail == words })
    }

    @Test func whatKeepsTheGatewayAwayIsToldInItsWords() {
        var story = story()
        walked(&story)
        story.tell(link(.backingOff), active: nil)
        #expect(story.complete[5].detail == "the gateway has no connection")
        #expect(story.complete[6].outcome == .failed && story.complete[6].detail == "the certificate is not trusted")
    }

    @Test(arguments: [
        ("tls", ["failed", "skipped", "skipped"]), ("webSocket", ["ok", "failed", "skipped"]),
    ])
    func theStepThatFailedIsTheOneThatIsNamed(_ step: String, _ outcomes: [String]) {
        var story = story()
        walked(&story)
        var link = link(.backingOff)
        link.failedStep = step
        story.tell(link, active: nil)
        #expect(story.complete.suffix(3).map(\.outcome.rawValue) == outcomes)
        #expect(story.complete.first { $0.outcome == .failed }?.detail == "the certificate is not trusted")
        #expect(story.complete.first { $0.name == step }?.outcome == .failed)
    }

    @Test func anInterfaceThatDoesNotExistHasNoAddress() {
        let story = story(.unknown) {
            $0.radio = nil
            ($0.detail, $0.remedy) = ("there is no interface nope0", .person)
        }
        #expect(story.hasFailed && story.complete[2].detail == "there is no interface nope0")
        #expect(story.complete[3].detail == "address failed")
    }

    @Test func whereNobodyKnowsOfAnAddressTheWayIsTriedAllTheSame() {
        let story = story(.unknown) { $0.radio = nil }
        #expect(!story.hasFailed && story.complete[2].outcome == .skipped)
    }

    @Test func withoutTLSThereIsNoTimeForIt() {
        var story = story()
        walked(&story)
        story.tell(link(.accepted, url: "ws://csms.example/CP1"), active: nil)
        #expect(story.complete[5].outcome == .skipped && story.complete[5].detail == "not asked for")
        #expect(story.complete[6].milliseconds == 80)
    }
}
