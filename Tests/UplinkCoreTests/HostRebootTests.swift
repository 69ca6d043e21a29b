import Primitives
import Testing
import UplinkCore

/// When a boot of the machine is wished for, at an uplink that nothing else can be done for.
@Suite struct HostRebootTests {
    /// However long the process got no CPU, and however little it is late for its deadline: a transaction begins, and the word of that waits behind it.
    @Test(arguments: [Duration.milliseconds(3), .milliseconds(720), .seconds(52)])
    func whatWasSaidBeforeAStandstillOfTheProcessIsNoLeaveForABoot(_ late: Duration) throws {
        var charger = Charger(memory: UplinkMemory(), upFor: Self.spacing)
        var twin = charger
        twin.run(for: .seconds(3600))
        let wished = try #require(twin.wishes.first)
        charger.run(for: wished - charger.now.uptime - .milliseconds(1))
        #expect(charger.wishes == [])
        charger.truth = true
        charger.wait(.milliseconds(1) + late)
        charger.hear(hasTransaction: true)
        charger.run(for: .seconds(7200))
        #expect(charger.wishes == [])
        charger.hear(hasTransaction: false)
        charger.run(for: .seconds(3600))
        #expect(charger.wishes.count == 1)
    }

    /// The question was answered before the standstill, and is read after it; or it is not answered at all.
    @Test(arguments: [Duration.seconds(1), .seconds(8), .seconds(30), nil])
    func anAnswerThatComesLateIsNoLeaveForABoot(_ late: Duration?) throws {
        var charger = Charger(memory: UplinkMemory(), upFor: Self.spacing)
        charger.answersAfter = late
        charger.run(for: .seconds(3600))
        #expect(charger.wishes == [])
        #expect(charger.questions > 3)
        charger.answersAfter = .milliseconds(20)
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
    /// What the gateway knows.
    var truth = false
    /// Nil for a gateway that hangs.
    var answersAfter: Duration? = .milliseconds(20)
    private(set) var questions = 0

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
        truth = hasTransaction
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
                hear(hasTransaction: truth)
            }
            if machine.nextDeadline?.isDue(at: now.uptime) == true { take(machine.deadlineReached(at: now)) }
        }
    }

    private mutating func take(_ effects: [UplinkEffect]) {
        for effect in effects {
            switch effect {
            case .rebootHost: wishes.append(now.uptime)
            case .persist(let memory): self.memory = memory
            case .askForTransactions(let question):
                questions += 1
                guard let answersAfter else { continue }
                let answer = UplinkEvent.transactionsTold(question: question, [1: truth])
                take(machine.handle(answer, at: now.advanced(by: answersAfter)))
            default: break
            }
        }
    }
}
