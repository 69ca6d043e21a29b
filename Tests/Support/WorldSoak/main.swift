import ChargerWorld

// Plays random worlds and prints those that went wrong, each with the newest steps before it; run by Tests/soak.sh.
//
// usage: world-soak FIRST COUNT STRIDE HOURS: COUNT seeds from FIRST on, STRIDE apart.

/// Plays one world. Returns whether nothing was hurt.
func play(_ seed: UInt64, hours: Int) -> Bool {
    let kinds = RandomWorld.Kind.allCases
    let kind = kinds[Int(seed % UInt64(kinds.count))]
    let world = RandomWorld.play(kind, seed: seed, hours: hours)
    guard let first = world.violations.first else { return true }
    print("VIOLATION \(kind) seed \(seed): \(first)")
    print(world.report(steps: 60))
    return false
}

let numbers = CommandLine.arguments.dropFirst().compactMap { UInt64($0) }
if numbers.count == 4, numbers[2] > 0 {
    let failed = (0..<numbers[1]).count { !play(numbers[0] + $0 * numbers[2], hours: Int(numbers[3])) }
    print("DONE \(numbers[1]) worlds, \(failed) with violations")
} else {
    fatalError("usage: world-soak FIRST COUNT STRIDE HOURS")
}
