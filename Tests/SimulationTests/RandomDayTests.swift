import ChargerWorld
import Glibc
import Testing

/// Hours of users and mishaps by chance.
///
/// `CHARGER_SIM_SEED=n` runs that seed alone, `CHARGER_SIM_RUNS=n` so many seeds of each kind, `CHARGER_SIM_KIND=badNetwork` one kind.
/// `Tests/soak.sh` plays many more of them.
@Suite struct RandomDayTests {
    static let seeds: [UInt64] = {
        if let seed = number("CHARGER_SIM_SEED") { return [seed] }
        return Array(1...(number("CHARGER_SIM_RUNS") ?? 2))
    }()

    static let kinds: [RandomWorld.Kind] = {
        let named = text("CHARGER_SIM_KIND").flatMap { RandomWorld.Kind(rawValue: $0) }
        return named.map { [$0] } ?? RandomWorld.Kind.allCases
    }()

    private static func text(_ variable: String) -> String? { getenv(variable).map { String(cString: $0) } }

    private static func number(_ variable: String) -> UInt64? { text(variable).flatMap { UInt64($0) } }

    @Test(arguments: kinds, seeds)
    func nothingIsHurtInADay(of kind: RandomWorld.Kind, seed: UInt64) {
        let world = RandomWorld.play(kind, seed: seed)
        #expect(world.violations.isEmpty, "\(kind) \(world.report(steps: 200))")
    }
}
