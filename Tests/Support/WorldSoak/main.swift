import CentralSystem
import ChargerWorld

// Plays random worlds and prints those that went wrong, each with the newest steps before it; run by Tests/soak.sh.
//
// usage: world-soak FIRST COUNT STRIDE HOURS [STEPS]: COUNT seeds from FIRST on, STRIDE apart; of each that goes wrong the newest
// STEPS notes are printed, else 60.

/// What the central systems of the worlds have seen, and what was wrong.
struct Played {
    var failedWorlds = 0
    /// Transactions that have come to the central system, each of them once: one that comes twice is a violation.
    var transactions = 0
    /// Messages of transactions that came again, because an answer was lost.
    var retransmissions = 0

    var summary: String {
        "\(failedWorlds) with violations, \(transactions) transactions, \(retransmissions) retransmissions"
    }
}

/// Plays one world.
func play(_ seed: UInt64, hours: Int, steps: Int, into played: inout Played) {
    let kinds = RandomWorld.Kind.allCases
    // The seed of the world is what is left: of each kind there are worlds of every sort that goes by the seed.
    let (quotient, remainder) = seed.quotientAndRemainder(dividingBy: UInt64(kinds.count))
    let kind = kinds[Int(remainder)]
    let seed = quotient
    let world = RandomWorld.play(kind, seed: seed, hours: hours, rememberedSteps: steps)
    played.transactions += world.ledger.transactions.count
    played.retransmissions += world.ledger.transactions.reduce(0) { $0 + $1.retransmissions }
    guard let first = world.violations.first else { return }
    played.failedWorlds += 1
    print("VIOLATION \(kind) seed \(seed): \(first)")
    print(world.report(steps: steps))
}

let numbers = CommandLine.arguments.dropFirst().compactMap { UInt64($0) }
if 4...5 ~= numbers.count, numbers[2] > 0 {
    let steps = numbers.count == 5 ? Int(numbers[4]) : 60
    var played = Played()
    for number in 0..<numbers[1] {
        play(numbers[0] + number * numbers[2], hours: Int(numbers[3]), steps: steps, into: &played)
    }
    print("DONE \(numbers[1]) worlds, \(played.summary)")
} else {
    fatalError("usage: world-soak FIRST COUNT STRIDE HOURS [STEPS]")
}
