import Primitives

/// Weeks of a mobile uplink by chance: faults of every kind after minutes or after half a day, some of them while the disk is full, a transaction runs
/// or the process dies again and again. Each fault must be got over before the next one comes.
public struct MobileWeeks {
    public let world: MobileWorld
    public private(set) var faults = 0
    private var random: SeededRandom
    private let kinds: [MobileFault]

    /// What a process may have to live with until the fault is over.
    private enum Nuisance: CaseIterable { case none, kill, disk, transaction }

    public init(seed: UInt64, mayReboot: Bool = true) {
        var settings = MobileWorld.Settings()
        settings.mayReboot = mayReboot
        settings.leaps = true
        world = MobileWorld(seed: seed, settings: settings)
        random = SeededRandom(seed: seed ^ 0xFACE)
        kinds = MobileFault.all(mayReboot: mayReboot)
    }

    public var summary: String {
        let steps = world.books.steps.values.reduce(0, +)
        return "\(world.elapsed.wholeSeconds / 604_800) weeks, \(faults) faults, \(steps) steps of the ladder, "
            + "\(world.books.starts) starts of the process, \(world.books.reboots) of the machine"
    }

    /// Plays so many weeks more, or until a promise is broken.
    public mutating func play(weeks: Int) {
        let end = world.elapsed + .seconds(604_800) * weeks
        while world.elapsed < end, world.books.broken.isEmpty {
            world.run(for: pause(upTo: 10))
            let fault = kinds.randomElement(using: &random) ?? .callEnded
            faults += 1
            world.begin(fault, lasting: pause(upTo: 8))
            var left = Int.random(in: 0..<4, using: &random)
            while left > 0, !world.isWell {
                left -= 1
                world.run(for: pause(upTo: 6) / 60, until: { [world] in world.isWell })
                annoy()
            }
            world.setDisk(fails: false)
            world.setTransaction(false)
            // The longest spacing of all, and the way up to it.
            world.run(for: .seconds(2 * 86_400), until: { [world] in world.isWell })
            if !world.isWell { world.breach("\(fault) was never got over") }
        }
    }

    /// 1 min…, doubled as often as chance has it: as often short as long.
    private mutating func pause(upTo doublings: Int) -> Duration {
        let least = Duration.seconds(60) * (1 << Int.random(in: 0..<doublings, using: &random))
        return random.duration(in: least...(least * 2))
    }

    private mutating func annoy() {
        switch Nuisance.allCases.randomElement(using: &random) ?? .none {
        case .none: break
        case .kill: world.startProcess()
        case .disk: world.setDisk(fails: Bool.random(using: &random))
        case .transaction: world.setTransaction(Bool.random(using: &random))
        }
    }
}
