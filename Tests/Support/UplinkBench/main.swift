import Glibc
import MobileWorld
import Primitives
import UplinkCore

// How long a mobile uplink takes to be recovered from each kind of fault, under virtual time: the table in the README of the modem manager.
//
// usage: uplink-bench [RUNS [WORLDS [WEEKS [FIRST]]]]: each fault in RUNS fresh worlds, and WORLDS of so many WEEKS of random faults from seed FIRST
// on. Exits 1 if a promise was broken. RUNS 0 leaves the table out.

struct Bench {
    private var recoveries: [MobileFault: [Duration]] = [:]
    private(set) var isBroken = false

    mutating func play(seed: UInt64, weeks: Int) {
        var played = MobileWeeks(seed: seed)
        played.play(weeks: weeks)
        let books = played.world.books
        print("seed \(seed): \(played.summary)")
        for problem in books.broken { print("VIOLATION seed \(seed): \(problem)") }
        isBroken = isBroken || !books.broken.isEmpty
        recoveries.merge(books.recoveries) { $0 + $1 }
    }

    func printTable(runs: UInt64) {
        print("\n| Fault | Helped by | p50 | Worst | p50 in random weeks | Worst |\n|---|---|---|---|---|---|")
        for fault in MobileFault.allCases {
            let alone = Self.figures((0..<runs).map { Self.fresh(fault, seed: $0) })
            print("| \(fault.words) | \(fault.helper) | \(alone) | \(Self.figures(recoveries[fault] ?? [])) |")
        }
    }

    private static func fresh(_ fault: MobileFault, seed: UInt64) -> Duration? {
        var settings = MobileWorld.Settings()
        settings.mayReboot = fault == .hostStuck
        let world = MobileWorld(seed: seed, settings: settings)
        world.run(for: .seconds(900))
        world.begin(fault, lasting: .seconds(900))
        world.run(for: .seconds(86_400), until: { world.isWell })
        return world.books.recoveries[fault]?.first
    }

    /// Median and worst.
    private static func figures(_ times: [Duration?]) -> String {
        let known = times.compactMap { $0 }.sorted()
        guard known.count == times.count, let worst = known.last else {
            return times.isEmpty ? "|" : "not each | never"
        }
        return "\(known[known.count / 2].wholeSeconds) s | \(worst.wholeSeconds) s"
    }
}

let numbers = CommandLine.arguments.dropFirst().compactMap { UInt64($0) }
let runs = numbers.first ?? 20
let worlds = numbers.count > 1 ? numbers[1] : 10
let length = numbers.count > 2 ? Int(min(numbers[2], 10_000)) : 10
let first = numbers.count > 3 ? numbers[3] : 0

let bench = (first..<(first + worlds)).reduce(into: Bench()) { $0.play(seed: $1, weeks: length) }
if runs > 0 { bench.printTable(runs: runs) }
if bench.isBroken { exit(1) }
