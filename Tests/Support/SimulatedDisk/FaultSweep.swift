public import Storage

/// Runs a scripted session again and again, and each time another call to the disk fails: the n-th for every n, with each error, once
/// and from then on, or with a power cut there. What the session was told is then compared with what is left after the power came back.
public struct FaultSweep: Sendable {
    /// One run.
    public struct Trial: Hashable, Sendable, CustomStringConvertible {
        public var seed: UInt64
        public var fault: DiskFault

        public var description: String { "seed \(seed), \(fault)" }
    }

    /// Seeds of the disks; each error is tried with each.
    public var seeds: [UInt64]
    /// What the n-th call does.
    public var effects: [DiskFault.Effect]
    /// Only calls of these kinds fail; nil for all.
    public var kinds: Set<DiskCall>?

    public init(
        seeds: [UInt64] = [1, 2, 3],
        effects: [DiskFault.Effect] = [.error(.deviceFailed), .error(.deviceFull), .powerCut],
        kinds: Set<DiskCall>? = nil
    ) {
        self.seeds = seeds
        self.effects = effects
        self.kinds = kinds
    }

    /// Runs everything.
    /// - Parameters:
    ///   - makeDisk: a disk as the session finds it.
    ///   - session: does its work and returns what it was told. Errors of the disk are a part of that.
    ///   - check: is called when the faults are gone and the power went and came back.
    /// - Returns: how many runs there were.
    /// - Throws: what `session` or `check` throw.
    @discardableResult
    public func run<Told>(
        on makeDisk: (_ seed: UInt64) throws -> SimulatedDisk,
        session: (SimulatedDisk, Trial) throws -> Told,
        check: (SimulatedDisk, Told, Trial) throws -> Void
    ) throws -> Int {
        var runs = 0
        for seed in seeds {
            for effect in effects {
                for lasting in effect == .powerCut ? [.once] : [DiskFault.Lasting.once, .fromThenOn] {
                    // The session may get longer by a failure, but it is over when no call was left to fail.
                    for call in 1... {
                        let fault = DiskFault(call: call, kinds: kinds, effect: effect, lasting: lasting)
                        let trial = Trial(seed: seed, fault: fault)
                        let disk = try makeDisk(seed)
                        disk.plan(fault)
                        let told = try session(disk, trial)
                        let happened = disk.isPowerOff || !disk.failures.isEmpty
                        disk.heal()
                        disk.losePower()
                        try check(disk, told, trial)
                        runs += 1
                        if !happened { break }
                    }
                }
            }
        }
        return runs
    }
}
