import BusSchema
import Primitives
import Testing
import UplinkCore

/// Cable first, then mobile, both with probes; the clock is the script's.
private struct Script {
    private(set) var machine: UplinkMachine
    private(set) var moment = Moment(uptime: .seconds(100), utc: Timestamp(millisecondsSinceEpoch: 1_790_000_000_000))
    private var lastID: UInt64 = 0

    init() {
        machine = UplinkMachine(
            UplinkConfiguration(
                uplinks: [
                    .init(name: "lan", carrier: InterfaceCarrier(interface: "eth0")),
                    .init(name: "mobile", carrier: InterfaceCarrier(interface: "ppp0")),
                ],
                probes: true,
                bootId: "boot"
            )
        )
        _ = machine.handle(.started, at: moment)
    }

    var active: String? { machine.state?.active }
    func health(_ name: String) -> UplinkReport.Health? { machine.state?.uplinks.first { $0.name == name }?.endToEnd }

    @discardableResult
    mutating func handle(_ event: UplinkEvent) -> [UplinkEffect] { machine.handle(event, at: moment) }

    @discardableResult
    mutating func read(lan: Bool, mobile: Bool = true, address: String = "10.0.0.2") -> [UplinkEffect] {
        handle(
            .interfacesRead([
                InterfaceReading(name: "eth0", isRunning: lan, hasAddress: lan, address: "192.0.2.7"),
                InterfaceReading(name: "ppp0", isRunning: mobile, hasAddress: mobile, address: address),
            ])
        )
    }

    mutating func report(_ health: UplinkReport.Health, over uplink: String? = nil) {
        lastID += 1
        handle(.reported(RequestID(lastID), UplinkReport(health: health, uplink: uplink)))
    }

    /// Lets time pass; each probe is answered with `answer` of its interface, nil for never.
    @discardableResult
    mutating func pass(_ time: Duration, _ answer: (String) -> ProbeOutcome? = { _ in .answered }) -> [String] {
        let end = moment.uptime + time
        var probes: [String] = []
        while let due = machine.nextDeadline?.at, due <= end {
            if due > moment.uptime { moment = moment.advanced(by: due - moment.uptime) }
            for effect in machine.deadlineReached(at: moment) {
                guard case .probe(let number, let interface, _) = effect else { continue }
                probes.append(interface)
                if let outcome = answer(interface) { handle(.probed(number: number, outcome)) }
            }
        }
        moment = moment.advanced(by: end - moment.uptime)
        return probes
    }
}

@Suite struct EndToEndTests {
    @Test func anUplinkInUseIsProbedEveryMinuteAndTheOtherEveryTenth() {
        var script = Script()
        script.read(lan: true)
        let probes = script.pass(.seconds(1205))
        #expect((19...21).contains(probes.count { $0 == "eth0" }))
        #expect((2...3).contains(probes.count { $0 == "ppp0" }))
    }

    @Test func framesOfTheGatewaySpareTheProbes() {
        var script = Script()
        script.read(lan: true, mobile: false)
        script.report(.reachable, over: "lan")
        for _ in 0..<20 {
            let probes = script.pass(.seconds(60))
            #expect(probes == [])
            script.report(.reachable, over: "lan")
        }
        // They end: what was fresh is stale.
        #expect(!script.pass(.seconds(240)).isEmpty)
    }

    @Test func twoProbesWithoutAnAnswerMakeTheNextUplinkTheOneInUse() {
        var script = Script()
        script.read(lan: true)
        script.pass(.seconds(30))
        #expect(script.active == "lan")
        script.pass(.seconds(100)) { $0 == "eth0" ? .silent("nothing") : .answered }
        #expect(script.active == "mobile")
        #expect(script.health("lan") == .unreachable)
        // Three answers in a row bring it back.
        script.pass(.seconds(100))
        #expect(script.active == "lan")
        #expect(script.health("lan") == .reachable)
    }

    /// A restart of the central system, a proxy that resets, a zone with a mistake in it: all of that came through the network.
    @Test(arguments: [ProbeOutcome.answered, .nameUnknown("there is no csms.example")])
    func anyAnswerOfTheNetworkProvesTheUplink(outcome: ProbeOutcome) {
        var script = Script()
        script.read(lan: true)
        script.pass(.seconds(7200)) { _ in outcome }
        #expect(script.active == "lan")
        script.report(.refused, over: "lan")
        script.report(.unreachable, over: "lan")
        script.pass(.seconds(600)) { _ in outcome }
        #expect(script.active == "lan")
    }

    @Test func aProbeThatNeverEndsCountsAsSilence() {
        var script = Script()
        script.read(lan: true)
        script.pass(.seconds(400)) { $0 == "eth0" ? nil : .answered }
        #expect(script.active == "mobile")
    }

    @Test func whereNothingComesBackOverAnyTheOneInUseStays() {
        var script = Script()
        script.read(lan: true)
        script.pass(.seconds(3600)) { _ in .silent("nothing") }
        #expect(script.machine.state?.link == .up)
        #expect(script.active != nil)
        #expect(script.machine.state?.endToEnd == .unreachable)
    }

    @Test func whatWasProvedIsForgottenWithTheAddress() {
        var script = Script()
        script.read(lan: false)
        script.report(.reachable, over: "mobile")
        #expect(script.health("mobile") == .reachable)
        script.read(lan: false, address: "10.0.0.9")
        #expect(script.health("mobile") == nil)
        #expect(script.machine.state?.activeUplink?.address == "10.0.0.9")
    }

    @Test func aReportBelongsToTheUplinkThatItNames() {
        var script = Script()
        script.read(lan: true)
        script.report(.reachable, over: "mobile")
        #expect(script.health("lan") == nil)
        #expect(script.health("mobile") == .reachable)
        // A name that nobody has changes nothing.
        script.report(.refused, over: "satellite")
        #expect(script.health("lan") == nil)
    }

    @Test func theFirstReturnOfAPreferredUplinkCountsAtOnceAndFurtherOnesMustLast() {
        var script = Script()
        script.read(lan: true)
        script.read(lan: false)
        #expect(script.active == "mobile")
        script.pass(.seconds(5))
        script.read(lan: true)
        #expect(script.active == "lan")
        script.pass(.seconds(5))
        script.read(lan: false)
        script.pass(.seconds(5))
        script.read(lan: true)
        #expect(script.active == "mobile")
        script.pass(.seconds(29))
        #expect(script.active == "mobile")
        script.pass(.seconds(2))
        #expect(script.active == "lan")
    }

    @Test func anUplinkThatFlapsIsBetterThanNone() {
        var script = Script()
        for _ in 0..<5 {
            script.read(lan: true, mobile: false)
            script.read(lan: false, mobile: false)
        }
        script.read(lan: true, mobile: false)
        #expect(script.active == "lan")
    }
}
