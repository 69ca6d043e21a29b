import Primitives
import Testing
import UplinkCore

/// When a boot of the machine is wished for, at an uplink that nothing else can be done for.
@Suite struct HostRebootTests {
    /// However long the process got no CPU, and however little it is late for its deadline: a transaction begins, and the word of that waits behind it.
    @Test(arguments: [Duration.milliseconds(3), .milliseconds(720), .seconds(52)])
    func whatWasSaidBeforeAStandstillOfTheProcessIsNoLeaveForABoot(_ late: Duration) throws {
        var charger = Charger(memory: try Charger.earlier())
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
        var charger = Charger(memory: try Charger.earlier())
        charger.answersAfter = late
        charger.run(for: .seconds(3600))
        #expect(charger.wishes == [])
        #expect(charger.questions > 3)
        charger.answersAfter = .milliseconds(20)
        charger.run(for: .seconds(3600))
        #expect(charger.wishes.count == 1)
    }

    /// As where its folder is in memory, or is lost: the boot may be the one that was wished for.
    @Test func whereNothingIsRememberedTheSpacingIsCountedFromTheBeginningOfTheBoot() throws {
        var forgetful = Charger(memory: UplinkMemory())
        forgetful.run(for: .seconds(86_400))
        let first = try #require(forgetful.wishes.first)
        #expect(first >= RecoveryStep.hostReboot.leastSpacing)
        #expect(first < RecoveryStep.hostReboot.leastSpacing + .seconds(3600))
        var charger = Charger(memory: try Charger.earlier())
        charger.run(for: .seconds(3600))
        #expect(charger.wishes.count == 1)
    }

    @Test func aStartIsWrittenDownOnceAndOnlyWhereABootMayBeWishedFor() throws {
        let earlier = try Charger.earlier()
        #expect(Charger.memories(Charger.machine(earlier).starting).isEmpty)
        #expect(Charger.memories(Charger.machine(UplinkMemory(), mayReboot: false).starting).isEmpty)
    }
}

/// A charger whose only interface has no address.
private struct Charger {
    var machine: UplinkMachine
    var now = Moment(uptime: .seconds(100), utc: Timestamp(millisecondsSinceEpoch: 1_790_000_000_000))
    /// Uptimes.
    var wishes: [Duration] = []
    /// What the gateway knows.
    var truth = false
    /// Nil for a gateway that hangs.
    var answersAfter: Duration? = .milliseconds(20)
    private(set) var questions = 0

    init(memory: UplinkMemory) {
        machine = Self.machine(memory)
        take(machine.handle(.started, at: now))
        let reading = InterfaceReading(name: "eth0", isRunning: true, hasAddress: false)
        take(machine.handle(.interfacesRead([reading]), at: now))
        hear(hasTransaction: false)
    }

    static func machine(_ memory: UplinkMemory, mayReboot: Bool = true, boot: String = "this boot") -> UplinkMachine {
        let carrier = InterfaceCarrier(interface: "eth0")
        let uplink = UplinkConfiguration.Uplink(name: "lan", carrier: carrier, mayRebootHost: mayReboot)
        return UplinkMachine(UplinkConfiguration(uplinks: [uplink], bootId: boot, memory: memory))
    }

    static func memories(_ effects: [UplinkEffect]) -> [UplinkMemory] {
        effects.compactMap { if case .persist(let memory) = $0 { memory } else { nil } }
    }

    /// What a charger without any trouble has on disk from the boot before.
    static func earlier() throws -> UplinkMemory {
        try #require(memories(machine(UplinkMemory(), boot: "the boot before").starting).first)
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
        wishes += effects.compactMap { if case .rebootHost = $0 { now.uptime } else { nil } }
        for case .askForTransactions(let question) in effects {
            questions += 1
            guard let answersAfter else { continue }
            let answer = UplinkEvent.transactionsTold(question: question, [1: truth])
            take(machine.handle(answer, at: now.advanced(by: answersAfter)))
        }
    }
}

extension UplinkMachine {
    fileprivate var starting: [UplinkEffect] {
        var machine = self
        return machine.handle(
            .started,
            at: Moment(uptime: .seconds(50), utc: Timestamp(millisecondsSinceEpoch: 1_790_000_000_000))
        )
    }
}
