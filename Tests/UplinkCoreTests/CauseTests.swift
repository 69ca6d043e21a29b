import BusSchema
import Primitives
import Testing
import UplinkCore

@Suite struct CauseTests {
    private static let start = Moment(uptime: .seconds(100), utc: Timestamp(millisecondsSinceEpoch: 1_790_000_000_000))

    private static func machine(next: Int64 = 1) -> UplinkMachine {
        let lan = UplinkConfiguration.Uplink(name: "lan", carrier: InterfaceCarrier(interface: "eth0"))
        return UplinkMachine(UplinkConfiguration(uplinks: [lan], bootId: "boot-1", nextEntry: next))
    }

    private static func entries(_ effects: [UplinkEffect]) -> [UplinkHistory.Entry] {
        effects.compactMap { if case .record(let entry) = $0 { entry } else { nil } }
    }

    private static func reading(_ isUp: Bool) -> UplinkEvent {
        .interfacesRead([InterfaceReading(name: "eth0", isRunning: isUp, hasAddress: isUp)])
    }

    @Test func everyChangeOfALinkIsAnEntryWithItsReason() {
        var machine = Self.machine(next: 41)
        var found = Self.entries(machine.handle(.started, at: Self.start))
        found += Self.entries(machine.handle(Self.reading(true), at: Self.start))
        found += Self.entries(machine.handle(Self.reading(true), at: Self.start))
        found += Self.entries(machine.handle(Self.reading(false), at: Self.start.advanced(by: .seconds(60))))
        found += Self.entries(machine.handle(.terminationRequested, at: Self.start.advanced(by: .seconds(61))))
        #expect(found.map(\.kind) == [.started, .up, .down, .ended])
        #expect(found.map(\.number) == [41, 42, 43, 44])
        #expect(found.map(\.reason)[1...2] == ["eth0 has an address", "eth0 is not running"])
        #expect(found.map(\.uptime) == [100_000, 100_000, 160_000, 161_000])
        #expect(found.allSatisfy { $0.bootId == "boot-1" })
    }

    @Test func aCellIsAnEntryAndThatNoneIsKnownIsNot() {
        var machine = UplinkMachine(
            UplinkConfiguration(uplinks: [.init(name: "mobile", carrier: CellCarrier())])
        )
        _ = machine.handle(.started, at: Self.start)
        var found: [UplinkHistory.Entry] = []
        for cell in [1, -1, 1, 1, 2] {
            let event = CarrierEvent.simulated(up: nil, signalPercent: cell)
            found += Self.entries(machine.handle(.carrier(uplink: "mobile", event), at: Self.start))
        }
        #expect(found.map(\.kind) == [.cell, .cell, .cell])
        #expect(found.map(\.radio?.cell) == ["1", "1", "2"])
    }

    @Test func aLinkThatFlapsForDaysFillsNoFlash() {
        var machine = Self.machine()
        var now = Self.start
        var found = Self.entries(machine.handle(.started, at: now))
        for turn in 0..<86_400 {
            now = now.advanced(by: .seconds(1))
            found += Self.entries(machine.handle(Self.reading(turn.isMultiple(of: 2)), at: now))
        }
        #expect(found.count <= 100 + 86_400 / 60 + 1)
        #expect(found.last?.reason.contains("more were left out") == true)
    }

    @Test func timesAreWorkedOutFromWhatTheClockKnewLater() {
        func entry(_ number: Int64, _ boot: String, uptime: Int64, at: Int64?) -> UplinkHistory.Entry {
            .init(number: number, kind: .up, uplink: "lan", reason: "", bootId: boot, uptime: uptime, at: at)
        }
        let entries = [
            entry(1, "lost", uptime: 5000, at: nil),
            entry(2, "old", uptime: 10_000, at: 1_000_000_000_000),
            entry(3, "old", uptime: 70_000, at: 1_790_000_060_000),
            entry(4, "now", uptime: 1000, at: nil),
        ]
        let now = Moment(uptime: .seconds(61), utc: Timestamp(millisecondsSinceEpoch: 1_790_000_600_000))
        let dated = UplinkHistory.dated(entries, boot: "now", now: now)
        #expect(dated.map(\.at) == [nil, 1_790_000_000_000, 1_790_000_060_000, 1_790_000_540_000])
    }

    @Test func historyIsPagedBackwards() throws {
        let entries = (1...10).map {
            UplinkHistory.Entry(
                number: Int64($0),
                kind: .up,
                uplink: nil,
                reason: "",
                bootId: "",
                uptime: 0,
                at: nil
            )
        }
        let newest = try UplinkHistory(limit: 4).reply(from: entries).get()
        #expect(newest.entries.map(\.number) == [7, 8, 9, 10])
        #expect(newest.next == 7)
        let oldest = try UplinkHistory(limit: 500, before: 7).reply(from: entries).get()
        #expect(oldest.entries.map(\.number) == [1, 2, 3, 4, 5, 6])
        #expect(oldest.next == nil)
        for limit in [0, -1, 501, .min, .max] {
            #expect(throws: BusError.self) { try UplinkHistory(limit: limit).reply(from: entries).get() }
        }
    }

    @Test func dataIsCountedOverInterfacesThatComeAndGoAndMonthsThatEnd() throws {
        let budget = DataBudget(monthlyBytes: 1000, billingDay: 15)
        let mobile = UplinkConfiguration.Uplink(
            name: "mobile",
            carrier: InterfaceCarrier(interface: "ppp0"),
            budget: budget
        )
        var machine = UplinkMachine(UplinkConfiguration(uplinks: [mobile]))
        _ = machine.handle(.started, at: Self.start)
        func read(_ bytes: Int64?, _ day: String, uptime: Duration = .seconds(200)) throws -> [Int64?] {
            let utc = try #require(Timestamp("\(day)T12:00:00Z"))
            let reading = InterfaceReading(name: "ppp0", isRunning: true, hasAddress: true, bytes: bytes)
            let readings = bytes == nil ? [] : [reading]
            let effects = machine.handle(.interfacesRead(readings), at: Moment(uptime: uptime, utc: utc))
            let warnings = Self.entries(effects).count { $0.kind == .budget }
            return [machine.state?.uplinks.first?.monthBytes, Int64(warnings)]
        }
        #expect(try read(100, "2026-11-16") == [0, 0])
        #expect(try read(400, "2026-11-17") == [300, 0])
        #expect(try read(nil, "2026-11-17") == [300, 0])
        // Another interface of the name, which begins at zero.
        #expect(try read(50, "2026-11-18") == [300, 0])
        #expect(try read(550, "2026-11-19") == [800, 1])
        #expect(try read(20, "2026-12-14") == [820, 0])
        #expect(try read(220, "2026-12-14") == [1020, 1])
        // The clock goes back and forth; a month begins once.
        #expect(try read(230, "2026-12-15") == [1030, 0])
        #expect(try read(230, "2026-12-15", uptime: .seconds(3800)) == [10, 0])
        #expect(try read(230, "1970-01-01", uptime: .seconds(3800)) == [10, 0])
        #expect(try read(240, "2026-11-20", uptime: .seconds(3800)) == [20, 0])
    }
}

/// It is up, and told which cell it is in, or that none is known.
private struct CellCarrier: Carrier {
    private(set) var condition = CarrierCondition(link: .up, detail: "connected")

    var kind: String { "cell" }
    var steps: Set<RecoveryStep> { [] }
    var readsInterfaces: Bool { false }

    mutating func handle(_ event: CarrierEvent, at moment: Moment) -> [CarrierEffect] {
        guard case .simulated(_, let cell?) = event else { return [] }
        condition.radio = RadioReport()
        condition.radio?.operatorName = "Example"
        condition.radio?.cell = cell < 0 ? nil : "\(cell)"
        return []
    }
}
