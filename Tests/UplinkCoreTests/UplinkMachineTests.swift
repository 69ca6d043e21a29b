import BusSchema
import Primitives
import Testing
import UplinkCore

/// A machine with a clock that the script moves.
private struct Script {
    private(set) var machine: UplinkMachine
    private(set) var moment = Moment(uptime: .seconds(100), utc: Timestamp(millisecondsSinceEpoch: 1_000_000))
    private var lastID: UInt64 = 0

    init(_ uplinks: UplinkConfiguration.Uplink...) {
        // What the journal of causes keeps has tests of its own.
        machine = UplinkMachine(UplinkConfiguration(uplinks: uplinks))
    }

    mutating func handle(_ event: UplinkEvent, after pause: Duration = .zero) -> [UplinkEffect] {
        moment = moment.advanced(by: pause)
        return machine.handle(event, at: moment).withoutEntries
    }

    mutating func report(
        _ health: UplinkReport.Health,
        detail: String? = nil,
        after pause: Duration = .zero
    ) -> [UplinkEffect] {
        lastID += 1
        return handle(.reported(RequestID(lastID), UplinkReport(health: health, detail: detail)), after: pause)
    }

    mutating func simulate(
        _ name: String?,
        up: Bool?,
        signalPercent: Int? = nil,
        after pause: Duration = .zero
    ) -> [UplinkEffect] {
        lastID += 1
        let request = SimulateUplink(name: name, up: up, signalPercent: signalPercent)
        return handle(.simulationRequested(RequestID(lastID), request), after: pause)
    }

    /// Moves to the deadline and lets it pass.
    mutating func passDeadline() -> [UplinkEffect] {
        guard let next = machine.nextDeadline else { return [] }
        moment = moment.advanced(by: next.at - moment.uptime)
        return machine.deadlineReached(at: moment).withoutEntries
    }
}

extension [UplinkEffect] {
    fileprivate var states: [UplinkState] { published(UplinkState.self) }
    fileprivate var changes: [UplinkChanged] { published(UplinkChanged.self) }

    private func published<M: BusMessage>(_: M.Type) -> [M] {
        compactMap {
            guard case .publish(let message) = $0 else { return nil }
            return message.value as? M
        }
    }

    fileprivate var withoutEntries: [UplinkEffect] {
        filter {
            guard case .record = $0 else { return true }
            return false
        }
    }

    fileprivate var withoutLog: [UplinkEffect] {
        filter {
            guard case .log = $0 else { return true }
            return false
        }
    }
}

private let lan = UplinkConfiguration.Uplink(name: "lan", carrier: InterfaceCarrier(interface: "eth0"))
private let any = UplinkConfiguration.Uplink(name: "network", carrier: InterfaceCarrier(interface: nil))
private let mobile = UplinkConfiguration.Uplink(name: "mobile", carrier: SimulatedCarrier())
private let spare = UplinkConfiguration.Uplink(name: "spare", carrier: SimulatedCarrier())

private func interface(_ name: String, running: Bool = true, address: Bool = true) -> InterfaceReading {
    InterfaceReading(name: name, isLoopback: name == "lo", isRunning: running, hasAddress: address)
}

@Suite struct UplinkMachineTests {
    @Test func whatOfItsSettingsCannotBeUsedIsToldWithTheUplink() throws {
        var modem = mobile
        modem.complaint = "a secret of the modem cannot be read: no such file"
        var script = Script(modem)
        let state = try #require(script.handle(.started).states.first)
        #expect(state.uplinks[0].detail == "simulated; a secret of the modem cannot be read: no such file")
        #expect(state.uplinks[0].link == .up)
        let cut = try #require(script.simulate(nil, up: false).states.first)
        #expect(cut.uplinks[0].detail == "cut by request; a secret of the modem cannot be read: no such file")
    }

    @Test func aStartTellsWhatIsKnownAndReadsTheInterfaces() throws {
        var script = Script(lan)
        let effects = script.handle(.started)
        #expect(effects.first == .readInterfaces)
        let state = try #require(effects.states.first)
        #expect(state.link == .unknown)
        #expect(state.active == nil)
        #expect(state.endToEnd == nil)
        #expect(state.since == 1_000_000)
        #expect(state.uplinks.map(\.detail) == ["not read yet"])
        #expect(effects.count == 2)
    }

    @Test func anInterfaceWithAnAddressIsUp() throws {
        var script = Script(lan)
        _ = script.handle(.started)
        let effects = script.handle(.interfacesRead([interface("lo"), interface("eth0")]), after: .seconds(1))
        let state = try #require(effects.states.first)
        #expect(state.link == .up)
        #expect(state.active == "lan")
        #expect(state.since == 1_001_000)
        #expect(
            state.uplinks == [
                .init(name: "lan", driver: "static", link: .up, detail: "eth0 has an address", interface: "eth0")
            ]
        )
        #expect(effects.changes == [UplinkChanged(link: .up, active: "lan", reason: "lan: eth0 has an address")])
    }

    /// What it has is a way for the other family, which carries nothing of this address.
    @Test(
        arguments: [
            ("192.0.2.7", [.four, .six], ""), ("192.0.2.7", [.six], ", and no default route"),
            ("2001:db8::7", [.six], ""), ("2001:db8::7", [.four], ", and no default route"),
        ] as [(String, Set<AddressFamily>, String)]
    )
    func aDefaultRouteIsOneOfTheFamilyOfTheAddress(address: String, routes: Set<AddressFamily>, lack: String) throws {
        var script = Script(lan)
        _ = script.handle(.started)
        var reading = InterfaceReading(name: "eth0", isRunning: true, hasAddress: true)
        (reading.address, reading.defaultRoutes) = (address, routes)
        let state = try #require(script.handle(.interfacesRead([reading])).states.first)
        #expect(state.uplinks.map(\.detail) == ["eth0 has an address\(lack)"] && state.link == .up)
    }

    @Test(arguments: [
        ([interface("eth0", running: false)], "eth0 is not running"),
        ([interface("eth0", address: false)], "eth0 has no address"),
    ])
    func anInterfaceWithoutOneIsDown(readings: [InterfaceReading], detail: String) throws {
        var script = Script(lan)
        _ = script.handle(.started)
        let effects = script.handle(.interfacesRead(readings))
        let state = try #require(effects.states.first)
        #expect(state.link == .down)
        #expect(state.active == nil)
        #expect(state.uplinks.map(\.detail) == [detail])
        #expect(effects.changes == [UplinkChanged(link: .down, active: nil, reason: "lan: \(detail)")])
    }

    @Test(arguments: [
        ([], "there is no interface eth0; there is none"),
        ([interface("lo"), interface("eth1"), interface("wlan0")], "there is no interface eth0; there is eth1, wlan0"),
    ])
    func aNameThatNoInterfaceHasKeepsNobodyFromTryingAndIsAnErrorOnce(
        readings: [InterfaceReading],
        detail: String
    ) throws {
        var script = Script(lan)
        _ = script.handle(.started)
        let effects = script.handle(.interfacesRead(readings))
        let state = try #require(effects.states.first)
        #expect(state.link == .unknown)
        #expect(state.uplinks.map(\.detail) == [detail])
        #expect(effects.changes == [])
        func complaints(_ effects: [UplinkEffect]) -> Int {
            effects.count { if case .log(let record) = $0 { record.level == .error } else { false } }
        }
        #expect(complaints(effects) == 1)
        #expect(complaints(script.handle(.interfacesRead(readings))) == 0)
        // It comes, and it goes again: that is news.
        #expect(script.handle(.interfacesRead([interface("eth0")])).states.first?.link == .up)
        #expect(complaints(script.handle(.interfacesRead(readings))) == 1)
    }

    @Test func theLastWordOfAProcessThatEndsIsThatNothingIsKnown() throws {
        var script = Script(lan, spare)
        _ = script.handle(.started)
        _ = script.handle(.interfacesRead([interface("eth0", running: false)]))
        #expect(script.simulate("spare", up: false).states.first?.link == .down)
        let effects = script.handle(.terminationRequested)
        let state = try #require(effects.states.first)
        #expect(state.link == .unknown)
        #expect(state.active == nil)
        #expect(state.uplinks.map(\.link) == [.unknown, .unknown])
        #expect(effects.last == .finish)
    }

    @Test func anyInterfaceMeansAnyButTheLoopback() {
        var script = Script(any)
        _ = script.handle(.started)
        #expect(script.handle(.interfacesRead([interface("lo")])).states.first?.link == .down)
        let effects = script.handle(.interfacesRead([interface("lo"), interface("wwan0")]))
        #expect(effects.states.first?.link == .up)
        #expect(effects.states.first?.uplinks.first?.interface == "wwan0")
        let gone = script.handle(.interfacesRead([interface("lo"), interface("wwan0", address: false)]))
        #expect(gone.states.first?.uplinks.first?.interface == nil)
        #expect(gone.states.first?.uplinks.first?.detail == "no interface has an address")
    }

    @Test func theLoopbackCountsWhereItIsNamed() {
        var script = Script(.init(name: "here", carrier: InterfaceCarrier(interface: "lo")))
        _ = script.handle(.started)
        #expect(script.handle(.interfacesRead([interface("lo")])).states.first?.link == .up)
    }

    @Test func interfacesThatCannotBeReadLeaveTheLinkUnknown() {
        var script = Script(lan)
        _ = script.handle(.started)
        _ = script.handle(.interfacesRead([interface("eth0")]))
        let effects = script.handle(.interfacesUnreadable("too many open files"))
        #expect(effects.states.first?.link == .unknown)
        #expect(effects.states.first?.uplinks.first?.detail == "too many open files")
        #expect(effects.changes.count == 1)
    }

    @Test func nothingNewIsNotPublished() {
        var script = Script(lan)
        _ = script.handle(.started)
        _ = script.handle(.interfacesRead([interface("eth0")]))
        #expect(script.handle(.interfacesRead([interface("eth0"), interface("eth1")]), after: .seconds(30)).isEmpty)
    }

    @Test func interfacesAreReadEveryThirtySecondsAndWhenTheKernelSaysSo() {
        var script = Script(lan)
        _ = script.handle(.started)
        #expect(script.machine.nextDeadline?.at == .seconds(130))
        #expect(script.passDeadline() == [.readInterfaces])
        #expect(script.machine.nextDeadline?.at == .seconds(160))
        #expect(script.handle(.addressesChanged, after: .seconds(10)) == [.readInterfaces])
        #expect(script.machine.nextDeadline?.at == .seconds(170))
    }

    @Test func wakingEarlyDoesNothing() {
        var script = Script(lan)
        _ = script.handle(.started)
        var machine = script.machine
        #expect(machine.deadlineReached(at: script.moment.advanced(by: .seconds(29))) == [])
        #expect(machine.nextDeadline?.at == .seconds(130))
    }

    @Test func simulatedUplinksAloneNeverWakeTheProcess() {
        var script = Script(mobile)
        let effects = script.handle(.started)
        #expect(effects.states.first?.link == .up)
        #expect(effects.states.first?.uplinks.first?.driver == "simulated")
        #expect(effects.changes == [UplinkChanged(link: .up, active: "mobile", reason: "mobile: simulated")])
        #expect(!effects.contains(.readInterfaces))
        #expect(script.machine.nextDeadline == nil)
        #expect(script.report(.unreachable).contains(.readInterfaces) == false)
        #expect(script.machine.nextDeadline == nil)
    }

    @Test func theSignalOfTheUplinkInUseIsPublished() {
        var script = Script(mobile)
        #expect(script.handle(.started).states.first?.signalPercent == nil)
        let weak = script.simulate("mobile", up: true, signalPercent: 12)
        #expect(weak.states.map(\.signalPercent) == [12])
        #expect(weak.changes.isEmpty)
        // A request that says nothing of it leaves it as it is.
        #expect(script.simulate("mobile", up: false).states.first?.uplinks.first?.signalPercent == 12)
        #expect(script.simulate("mobile", up: true).states.first?.signalPercent == 12)
        #expect(script.simulate("mobile", up: true, signalPercent: 101).states.isEmpty)
    }

    @Test func aSignalAloneMendsNoLink() {
        var script = Script(mobile)
        _ = script.handle(.started)
        _ = script.simulate("mobile", up: false)
        let weak = script.simulate("mobile", up: nil, signalPercent: 12).states.first?.uplinks.first
        #expect(weak?.link == .down)
        #expect(weak?.signalPercent == 12)
        #expect(script.simulate("mobile", up: nil).contains { if case .refuse = $0 { true } else { false } })
    }

    @Test func aSimulatedUplinkIsCutAndMendedByRequest() throws {
        var script = Script(mobile)
        _ = script.handle(.started)
        let cut = script.simulate("mobile", up: false, after: .seconds(5))
        #expect(cut.states.first?.link == .down)
        #expect(cut.states.first?.since == 1_005_000)
        #expect(cut.changes == [UplinkChanged(link: .down, active: nil, reason: "mobile: cut by request")])
        #expect(cut.last == .accept(RequestID(1)))
        #expect(script.simulate("mobile", up: false) == [.accept(RequestID(2))])
        let mended = script.simulate(nil, up: true, after: .seconds(5))
        #expect(mended.changes.map(\.link) == [.up])
        #expect(mended.last == .accept(RequestID(3)))
    }

    @Test func requestsThatFitNoSimulatedUplinkAreRefused() {
        var script = Script(lan, mobile)
        _ = script.handle(.started)
        let real = BusError(.refused, "uplink lan is real, it cannot be cut by request")
        #expect(script.simulate("lan", up: false) == [.refuse(RequestID(1), real)])
        let unknown = BusError(.invalid, "name: there is no uplink satellite")
        #expect(script.simulate("satellite", up: false) == [.refuse(RequestID(2), unknown)])
        var realOnly = Script(lan)
        _ = realOnly.handle(.started)
        let none = BusError(.refused, "no uplink is simulated")
        #expect(realOnly.simulate(nil, up: false) == [.refuse(RequestID(1), none)])
    }

    @Test func theFirstUplinkThatIsUpIsTheActiveOne() {
        var script = Script(lan, mobile, spare)
        let start = script.handle(.started)
        #expect(start.states.first?.active == "mobile")
        let better = script.handle(.interfacesRead([interface("eth0")]))
        #expect(better.states.first?.active == "lan")
        #expect(better.changes == [UplinkChanged(link: .up, active: "lan", reason: "lan: eth0 has an address")])
        #expect(script.simulate("mobile", up: false).changes.isEmpty)
        let worse = script.handle(.interfacesRead([interface("eth0", running: false)]), after: .seconds(60))
        #expect(worse.states.first?.active == "spare")
        #expect(worse.states.first?.since == 1_000_000)
        #expect(worse.changes.map(\.active) == ["spare"])
        let none = script.simulate("spare", up: false)
        let reason = "lan: eth0 is not running, mobile: cut by request, spare: cut by request"
        #expect(none.changes == [UplinkChanged(link: .down, active: nil, reason: reason)])
    }

    @Test func anUnknownUplinkKeepsTheLinkFromBeingDown() {
        var script = Script(lan, mobile)
        _ = script.handle(.started)
        #expect(script.simulate("mobile", up: false).states.first?.link == .unknown)
    }

    @Test func reportsOfTheGatewayAreKeptAndChangeNoLink() {
        var script = Script(lan)
        _ = script.handle(.started)
        _ = script.handle(.interfacesRead([interface("eth0")]))
        let reachable = script.report(.reachable)
        #expect(reachable.states.map(\.endToEnd) == [.reachable])
        #expect(reachable.states.map(\.link) == [.up])
        #expect(reachable.changes.isEmpty)
        #expect(reachable.last == .accept(RequestID(1)))
        #expect(script.report(.reachable, detail: "again") == [.accept(RequestID(2))])
        #expect(script.report(.refused).states.map(\.endToEnd) == [.refused])
    }

    @Test func anUnreachableCentralSystemMakesTheInterfacesBeReadButNotTooOften() {
        var script = Script(lan)
        _ = script.handle(.started)
        _ = script.handle(.interfacesRead([interface("eth0")]))
        #expect(!script.report(.unreachable, after: .seconds(4)).contains(.readInterfaces))
        #expect(script.report(.unreachable, after: .seconds(1)) == [.readInterfaces, .accept(RequestID(2))])
        #expect(script.report(.unreachable, after: .seconds(4)) == [.accept(RequestID(3))])
        #expect(script.machine.nextDeadline?.at == .seconds(135))
    }

    @Test func anUnknownHealthIsRefused() {
        var script = Script(lan)
        _ = script.handle(.started)
        let effects = script.report(UplinkReport.Health(rawValue: "splendid"))
        #expect(effects == [.refuse(RequestID(1), BusError(.invalid, "health: unknown value splendid"))])
    }

    @Test func changesAreLoggedOnceWithTheirReason() {
        var script = Script(lan)
        _ = script.handle(.started)
        let effects = script.handle(.interfacesRead([interface("eth0", running: false)]))
        let record = LogRecord(
            .warning,
            "uplink changed",
            .init("link", "down"),
            .init("active", "none"),
            .init("reason", "lan: eth0 is not running")
        )
        #expect(effects.last == .log(record))
        let report = script.report(.unreachable, detail: String(repeating: "x", count: 500))
        guard case .log(let health)? = report.first(where: { [$0].withoutLog.isEmpty }) else {
            Issue.record("not logged")
            return
        }
        #expect(health.fields.last?.value.count == UplinkMachine.maximumDetail)
    }

    @Test func lateReadingsAfterAnythingAreLegal() {
        var script = Script(lan, mobile)
        #expect(script.handle(.interfacesRead([interface("eth0")])).states.first?.active == "lan")
        #expect(script.handle(.interfacesRead([interface("eth0")])).isEmpty)
        #expect(script.handle(.started) == [.readInterfaces])
    }
}
