import Glibc
import Primitives
import Testing

/// Whatever people, cars and broken parts do in whatever order: what must never happen.
@Suite struct RandomWalkTests {
    /// `HARDWARE_WALK_SEED` replays one seed in each manner; with `HARDWARE_WALK_COUNT` so many from there on are played.
    private static let walks: [(Walk.Manner, Int)] = {
        func number(_ name: String) -> Int? { getenv(name).flatMap { Int(String(cString: $0)) } }
        let (first, count) = (number("HARDWARE_WALK_SEED"), number("HARDWARE_WALK_COUNT"))
        return Walk.Manner.allCases.flatMap { manner in
            let seeds = first.map { $0..<$0 + (count ?? 1) } ?? 0..<(count ?? (manner == .wild ? 24 : 8))
            return seeds.map { (manner, $0) }
        }
    }()

    @Test(arguments: walks)
    func nothingForbiddenEverHappens(_ manner: Walk.Manner, seed: Int) {
        var walk = Walk(manner, seed: seed)
        walk.go(steps: manner == .wild ? 250 : 120)
        #expect(walk.yard.model?.violations == [], "\(manner), seed \(seed)")
        let isDead = walk.endsWithoutEnergy()
        #expect(isDead, "\(manner), seed \(seed)")
        #expect(walk.yard.wakeUps < 30_000, "\(manner), seed \(seed)")
    }

    /// The walk would prove nothing if nothing ever closed in it.
    @Test(arguments: zip(Walk.Manner.allCases, [50, 8, 5]))
    func theWalkCharges(_ manner: Walk.Manner, atLeast wanted: Int) {
        var closings = 0
        for seed in 0..<(manner == .wild ? 16 : 4) {
            var walk = Walk(manner, seed: seed)
            walk.go(steps: 100)
            closings += walk.yard.model?.closingCount ?? 0
        }
        #expect(closings >= wanted)
    }

    /// Nor of phases.
    @Test func theWalkSwitchesPhases() {
        var switches = 0
        for seed in [1, 5, 9, 13] {
            var walk = Walk(.wild, seed: seed)
            walk.go(steps: 100)
            switches += walk.yard.model?.switchCount ?? 0
        }
        #expect(switches >= 5)
    }

    /// Nor would it prove anything of mirror contacts that are slow.
    @Test func theWalkTakesBackClosingsThatNobodySaw() {
        var closings = 0
        for seed in 0..<40 {
            var walk = Walk(.hasty, seed: seed)
            walk.go(steps: 120)
            closings += walk.yard.model?.unseenClosingCount ?? 0
        }
        #expect(closings >= 2)
    }
}
