import ChargerWorld

// Plays random worlds and prints those that went wrong, each with the newest steps before it; run by Tests/soak.sh.
//
// usage: world-soak FIRST COUNT STRIDE HOURS [STEPS]: COUNT seeds from FIRST on, STRIDE apart; of each that goes wrong the newest
// STEPS notes are printed, else 60.

/// Plays one world. Returns whether nothing was hurt.
func play(_ seed: UInt64, hours: Int, steps: Int) -> Bool {
    let kinds = RandomWorld.Kind.allCases
    let kind = kinds[Int(seed % UInt64(kinds.count))]
    let world = RandomWorld.play(kind, seed: seed, hours: hours, rememberedSteps: steps)
    guard let first = world.violations.first else { return true }
    print("VIOLATION \(kind) seed \(seed): \(first)")
    print(world.report(steps: steps))
    return false
}

let numbers = CommandLine.arguments.dropFirst().compactMap { UInt64($0) }
if 4...5 ~= numbers.count, numbers[2] > 0 {
    let steps = numbers.count == 5 ? Int(numbers[4]) : 60
    let failed = (0..<numbers[1]).count { !play(numbers[0] + $0 * numbers[2], hours: Int(numbers[3]), steps: steps) }
    print("DONE \(numbers[1]) worlds, \(failed) with violations")
} else {
    fatalError("usage: world-soak FIRST COUNT STRIDE HOURS [STEPS]")
}
