import Primitives
import Testing
import UplinkCore

/// When a boot of the machine is wished for, at an uplink that nothing else can be done for.
@Suite struct HostRebootTests {
    @Test func whatWasSaidBeforeAStandstillOfTheProcessIsNoLeaveForABoot() throws {
        var charger = Charger(memory: UplinkMemory(), upFor: Self.spacing)
        var twin = charger
        twin.run(for: .seconds(3600))
        let wished = try #require(twin.wishes.first)
        charger.run(for: wished - charger.now.uptime - .milliseconds(1))
        #expect(charger.wishes == [])
        // It gets no CPU, and a transaction begins: the word of that comes behind what is overdue.
        charger.wait(.seconds(52))
        charger.hear(hasTransaction: true)
        charger.run(for: .seconds(7200))
        #expect(charger.wishes == [])
        charger.hear(hasTransaction: false)
        charger.run(for: .seconds(3600))
        #expect(charger.wishes.count == 1)
    }

    /// Its folder may be in memory or lost, older than the last boot, or half written, and the uplink that it was for may have another name now.
    @Test(arguments: [true, false], ["lan", "wan"])
    func theSpacingIsCountedFromTheBeginningOfTheBootWhateverIsRemembered(isRemembered: Bool, name: String) throws {
        var earlier = Charger(memory: UplinkMemory(), boot: "the boot before", upFor: Self.spacing)
        earlier.run(for: .seconds(3600))
        #expect(earlier.wishes.count == 1)
        let memory = try #require(earlier.memory)
        var charger = Charger(memory: isRemembered ? memory : UplinkMemory(), name: name, upFor: .seconds(100))
        charger.run(for: .seconds(86_400))
        let first = try #require(charger.wishes.first)
        #expect(first >= Self.spacing && first < Self.spacing + .seconds(3600))
    }

    private static let spacing = RecoveryStep.hostReboot.leastSpacing
}

/// A charger whose only interface has no address.
private struct Charger {
    var machine: UplinkMachine
    var now: Moment
    /// What is on disk; nil for what was there before.
    var memory: UplinkMemory?
    /// Uptimes.
    var wishes: [Duration] = []
    private var hasTransaction = false

    init(memory: UplinkMemory, name: String = "lan", boot: String = "this boot", upFor uptime: Duration) {
        now = Moment(uptime: uptime, utc: Timestamp(millisecondsSinceEpoch: 1_790_000_000_000))
        let carrier = InterfaceCarrier(interface: "eth0")
        let uplink = UplinkConfiguration.Uplink(name: name, carrier: carrier, mayRebootHost: true)
        machine = UplinkMachine(UplinkConfiguration(uplinks: [uplink], bootId: boot, memory: memory))
        take(machine.handle(.started, at: now))
        let reading = InterfaceReading(name: "eth0", isRunning: true, hasAddress: false)
        take(machine.handle(.interfacesRead([reading]), at: now))
        hear(hasTransaction: false)
    }

    mutating func hear(hasTransaction: Bool) {
        self.hasTransaction = hasTransaction
        take(machine.handle(.connectorTold(id: 1, hasTransaction: hasTransaction), at: now))
    }

    /// Nothing is done, and then what is overdue.
    mutating func wait(_ time: Duration) {
        now = now.advanced(by: time)
        take(machine.deadlineReached(at: now))
    }

    /// The gateway repeats its word each minute.
    mutating func run(for time: Duration) {
        let end = now.uptime + time
        var told = now.uptime
        while now.uptime < end {
            let next = min(machine.nextDeadline?.at ?? end, told + .seconds(60), end)
            now = now.advanced(by: max(next - now.uptime, .zero))
            if now.uptime >= told + .seconds(60) {
                told = now.uptime
                hear(hasTransaction: hasTransaction)
            }
            if machine.nextDeadline?.isDue(at: now.uptime) == true { take(machine.deadlineReached(at: now)) }
        }
    }

    private mutating func take(_ effects: [UplinkEffect]) {
        for effect in effects {
            switch effect {
            case .rebootHost: wishes.append(now.uptime)
            case .persist(let memory): self.memory = memory
            default: break
            }
        }
    }
}
