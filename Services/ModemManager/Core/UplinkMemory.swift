internal import Primitives

/// What the machine of all uplinks must know again after a restart, as one small document.
public struct UplinkMemory: Codable, Equatable, Sendable {
    /// One step of the ladder of one uplink.
    struct Step: Codable, Equatable, Sendable {
        var step: String
        var count: Int
        /// Milliseconds of the boot in `bootId`.
        var uptime: Int64
    }

    struct Uplink: Codable, Equatable, Sendable {
        var name: String
        var steps: [Step]
        var usage: DataUsage
    }

    /// Of the boot whose uptimes stand in it.
    var bootId: String
    var uplinks: [Uplink]

    public init() {
        bootId = ""
        uplinks = []
    }

    init(bootId: String, uplinks: [Uplink]) {
        self.bootId = bootId
        self.uplinks = uplinks
    }

    /// What the ladder of the uplink did before. `boot` is the one that runs now; steps of another one count as taken at its beginning.
    func ladder(of name: String, boot: String) -> LadderMemory {
        var memory = LadderMemory()
        for mark in uplinks.first(where: { $0.name == name })?.steps ?? [] {
            guard let step = RecoveryStep(name: mark.step) else { continue }
            let at = boot == bootId ? Duration(outsideMilliseconds: max(mark.uptime, 0)) : .zero
            memory.marks[step] = LadderMemory.Mark(at: at, count: mark.count)
        }
        return memory
    }

    func usage(of name: String) -> DataUsage { uplinks.first { $0.name == name }?.usage ?? DataUsage() }
}
