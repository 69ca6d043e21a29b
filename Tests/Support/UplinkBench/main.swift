import MobileWorld
import Primitives
import UplinkCore
import UplinkWorld

// How long each kind of fault takes to be recovered from, under virtual time: the table of the README of the modem manager.
let runs = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 400
print("| fault | helped by | p50 | worst of \(runs) |")
print("|---|---|---|---|")
for fault in ModelFault.allCases {
    guard let cure = fault.cure else { continue }
    var times: [Duration] = []
    for run in 0..<runs {
        let world = UplinkWorld(seed: UInt64(run))
        world.run(for: .seconds(3600))
        world.begin(fault)
        world.run(for: .seconds(86_400), until: { world.isWell })
        times += world.recoveries[fault] ?? []
    }
    times.sort()
    let isEach = times.count == runs
    let figures = isEach ? [times[runs / 2], times[runs - 1]].map { "\($0.wholeSeconds) s" } : ["not each", "never"]
    let text = figures.joined(separator: " | ")
    print("| \(fault) | \(cure.name) | \(text) |")
}

// The same with the machine of a modem, which has to find out what is wrong: the modem's own time to start and to register is in it.
print("\n| fault | helped by | p50 | worst of \(runs) |")
print("|---|---|---|---|")
for fault in MobileFault.allCases {
    var times: [Duration] = []
    for run in 0..<runs {
        let world = MobileWorld(seed: UInt64(run))
        world.run(for: .seconds(900))
        world.begin(fault, lasting: .seconds(900))
        world.run(for: .seconds(86_400), until: { world.isWell })
        times += world.recoveries[fault] ?? []
    }
    times.sort()
    let isEach = times.count == runs
    let figures = isEach ? [times[runs / 2], times[runs - 1]].map { "\($0.wholeSeconds) s" } : ["not each", "never"]
    print("| \(fault) | \(fault.cure?.name ?? "its end") | \(figures.joined(separator: " | ")) |")
}
