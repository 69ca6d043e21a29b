import Glibc
import MobileWorld
import ModemProtocol
import ModemSimulation
import Primitives
import Testing
import UplinkCore

/// The whole of modem-manager but its process, against a simulated modem that fails in every way, for weeks.
@Suite struct MobileWorldTests {
    /// In about the time that the README names.
    @Test(arguments: MobileFault.allCases)
    func everyFaultIsGotOver(fault: MobileFault) {
        var settings = MobileWorld.Settings()
        settings.mayReboot = fault == .hostStuck
        let world = MobileWorld(seed: 3, settings: settings)
        world.run(for: .seconds(900))
        #expect(world.isWell)
        world.begin(fault, lasting: .seconds(900))
        world.run(for: .seconds(4 * 3600), until: { world.isWell })
        #expect(world.isWell)
        #expect(world.books.broken == [])
        let time = world.books.recoveries[fault]?.first ?? .seconds(86_400)
        let (median, worst) = Self.readme.alone(fault)
        #expect(time <= worst * 5 / 4 && time >= median / 2, "\(median), \(worst) and \(time)")
    }

    /// Two weeks of each: `Tests/soak.sh` plays years.
    @Test(arguments: 0..<2)
    func everyPromiseHoldsOverWeeksOfFaultsAndRestarts(seed: Int) {
        var weeks = MobileWeeks(seed: UInt64(seed))
        weeks.play(weeks: 2)
        #expect(weeks.world.books.broken == [])
        #expect(weeks.faults > 20)
        print("seed \(seed): \(weeks.summary)")
        for (fault, times) in weeks.world.books.recoveries {
            let promised = Self.readme.worst(of: fault)
            #expect((times.max() ?? .zero) <= promised * 5 / 4, "\(fault), which the README gives \(promised)")
        }
    }

    private static let readme = RecoveryTable()

    /// What the weeks leave out, so that they take seconds, changes nothing.
    @Test func anHourThatIsLeaptOverIsLikeOneThatWasLivedThrough() {
        var settings = MobileWorld.Settings()
        let lived = MobileWorld(seed: 5, settings: settings)
        settings.leaps = true
        let leapt = MobileWorld(seed: 5, settings: settings)
        for world in [lived, leapt] {
            world.begin(.firmwareHung)
            world.run(for: .seconds(2 * 3600))
            #expect(world.isWell)
        }
        #expect(leapt.state == lived.state)
        #expect(leapt.modem.commands.count < lived.modem.commands.count / 2)
        for world in [lived, leapt] {
            world.begin(.notLetIn)
            world.run(for: .seconds(3600), until: { world.isWell })
        }
        #expect(leapt.books.steps == lived.books.steps)
        #expect(leapt.books.broken == [] && lived.books.broken == [])
    }

    @Test func aWrongPINIsTriedOnceInWeeksOfRestartsAndPowerCuts() {
        var settings = MobileWorld.Settings()
        settings.modem.modem.pin = Secret("9999")
        let world = MobileWorld(seed: 1, settings: settings)
        var random = SeededRandom(seed: 7)
        while world.elapsed < .seconds(8 * 86_400) {
            world.run(for: random.duration(in: .seconds(60)...(.seconds(20_000))))
            if Bool.random(using: &random) {
                world.startProcess()
            } else {
                world.begin(.portGone, lasting: .seconds(40))
            }
        }
        #expect(world.modem.pinAttempts.map(\.pin) == ["9999"])
        #expect(world.books.broken == [] && !world.isWell)
        #expect(world.books.steps == [:], "A PIN that is wrong is nothing that a step could mend.")
    }
}

/// What the README of the modem manager promises, which `uplink-bench` printed.
private struct RecoveryTable {
    private let rows: [[String]]

    init() {
        let root = String(#filePath.dropLast("Tests/ModemProtocolTests/MobileWorldTests.swift".count))
        var text = ""
        if let file = fopen(root + "Services/ModemManager/README.md", "r") {
            defer { fclose(file) }
            var bytes: [UInt8] = []
            while case let byte = fgetc(file), byte != EOF { bytes.append(UInt8(truncatingIfNeeded: byte)) }
            text = String(decoding: bytes, as: UTF8.self)
        }
        rows = text.split(separator: "\n").filter { $0.hasPrefix("| ") }.map { row in
            row.split(separator: "|").map { String($0.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()) }
        }
    }

    /// In a fresh world: median and worst.
    func alone(_ fault: MobileFault) -> (Duration, Duration) { (seconds(fault, 2), seconds(fault, 3)) }
    /// In weeks of other faults before it.
    func worst(of fault: MobileFault) -> Duration { seconds(fault, 5) }

    private func seconds(_ fault: MobileFault, _ column: Int) -> Duration {
        let row = rows.first { $0.first == fault.words && $0.count == 6 }
        return .seconds(row.flatMap { Int($0[column].dropLast(2)) } ?? -1)
    }
}
