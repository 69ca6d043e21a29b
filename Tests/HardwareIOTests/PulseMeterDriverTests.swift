import EventLoop
import GPIOLines
import HardwareCore
import HardwareStorage
import Primitives
import SimulatedGPIO
import SiteConfiguration
import Storage
import TemporaryFolder
import Testing

@testable import hardware_io

/// A meter that gives pulses, on a line of a board in memory, with its count in a folder.
@Suite struct PulseMeterDriverTests {
    private static let chip = "/dev/gpiochip0"
    private static let meter = Device.meter(connectorId: 1)

    private let board = SimulatedGPIO()
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        for name in ["state", "run"] { try folder.makeFolder(name) }
        board.addChip(Self.chip, label: "board", names: ["S0"])
    }

    private func file(boot: String = "a") -> PulseCountFile {
        PulseCountFile(
            meter: "meter-1",
            stateFolder: folder.file("state"),
            runtimeFolder: folder.file("run"),
            boot: boot
        )
    }

    private func start(_ hearing: Hearing, boot: String = "a") throws -> PulseMeterDriver {
        let site = try SiteFile(
            bytes: Array(
                """
                {"allowSimulation": true, "connectors": [{"id": 1, "cable": "fixed", "maximumCurrentAmps": 16, "phases": 1,
                "pilot": "simulated", "contactor": "simulated", "meter": {"driver": "s0-meter", "input": {"line": "S0"},
                "pulsesPerKilowattHour": 1000, "debounceMilliseconds": 0}}]}
                """.utf8
            )
        )
        let settings = try site.settings(of: try site.connectors()[0].meter, as: PulseMeterSettings.self)
        let driver = try PulseMeterDriver(
            connectorId: 1,
            settings,
            file: file(boot: boot),
            kernel: board,
            loop: hearing.loop,
            log: { _ in }
        )
        hearing.listen(to: driver)
        driver.start()
        try hearing.run("it answers") { $0.contains(.deviceRecovered(Self.meter)) }
        return driver
    }

    /// All of them within less than a moment.
    private func pulse(_ count: Int) {
        for _ in 0..<count {
            board.drive(Self.chip, 0, true)
            board.drive(Self.chip, 0, false)
        }
    }

    private func energy(_ driver: PulseMeterDriver, _ hearing: Hearing) throws -> Int64? {
        hearing.forget()
        driver.perform(.readMeter(connectorId: 1))
        try hearing.run("a reading") { !$0.isEmpty }
        guard case .meterRead(1, let sample) = hearing.events.last else { return nil }
        return sample.energyWh
    }

    @Test func pulsesBecomeEnergyAndEachIsCountedOnce() throws {
        let hearing = try Hearing()
        let driver = try start(hearing)
        #expect(try energy(driver, hearing) == 0)
        pulse(5)
        try hearing.run("they are noted") { _ in file().load().count == 5 }
        #expect(try energy(driver, hearing) == 5)
    }

    /// The kernel keeps 128 edges of a process that does not fetch them, and says how many there were.
    @Test(arguments: [true, false])
    func pulsesThatTheKernelHadNoRoomForAreCountedToo(_ endsWithinAPulse: Bool) throws {
        let hearing = try Hearing()
        let driver = try start(hearing)
        pulse(300)
        if endsWithinAPulse { board.drive(Self.chip, 0, true) }
        let count: Int64 = endsWithinAPulse ? 301 : 300
        try hearing.run("they are noted") { _ in file().load().count == count }
        #expect(try energy(driver, hearing) == count)
    }

    @Test func aRestartOfTheProcessForgetsNone() throws {
        let hearing = try Hearing()
        let first = try start(hearing)
        pulse(7)
        try hearing.run("they are noted") { _ in file().load().count == 7 }
        first.stop()
        let next = try Hearing()
        #expect(try energy(try start(next), next) == 7)
    }

    @Test func aPowerCutCostsWhatCameSinceTheDiskWasWritten() throws {
        let hearing = try Hearing()
        let first = try start(hearing)
        var document = file().document()
        try document.save(PulseCountFile.body(40))
        pulse(3)
        try hearing.run("they are noted") { _ in file().load().count ?? 0 >= 40 }
        first.stop()
        let next = try Hearing()
        #expect(try energy(try start(next, boot: "b"), next) == 40)
    }

    @Test func aLineThatIsNotThereIsALostMeterThatComesBack() throws {
        let hearing = try Hearing()
        let driver = try start(hearing)
        pulse(2)
        try hearing.run("they are noted") { _ in file().load().count == 2 }
        hearing.forget()
        board.unbind(Self.chip)
        try hearing.run("it is lost") {
            $0.contains { if case .deviceLost(Self.meter, _) = $0 { true } else { false } }
        }
        #expect(try energy(driver, hearing) == nil)
        board.bind(Self.chip)
        try hearing.run("it is back") { $0.contains(.deviceRecovered(Self.meter)) }
        #expect(try energy(driver, hearing) == 2)
    }
}
