import BusSchema
import EventLoop
import GPIOLines
import HardwareCore
import HardwareDevices
import Primitives
import SimulatedGPIO
import SiteConfiguration
import Testing

@testable import hardware_io

/// Drivers on GPIO lines, over a board in memory.
@Suite struct LinesDriverTests {
    private final class Bench {
        static let chip = "/dev/gpiochip0"
        static let expander = "/dev/gpiochip1"

        let board = SimulatedGPIO()
        let loop: EventLoop
        let driver: LinesDriver
        var heard: [DriverEvent] { told.events }
        private let told = Told()

        private final class Told {
            var events: [DriverEvent] = []
        }

        init(_ parts: GPIODrivers.Parts) throws {
            board.addChip(Self.chip, label: "board", names: ["COIL", "LOCK", "UNLOCK", "ALARM"])
            board.addChip(Self.expander, label: "expander", names: ["MIRROR", "BOLT"])
            loop = try EventLoop()
            driver = LinesDriver(parts.device, parts.groups, kernel: board, loop: loop, log: { _ in })
            driver.report = { [told] event, _ in told.events.append(event) }
            driver.start()
        }

        func coil() -> Bool { board.level(Self.chip, 0) }

        func run(until condition: @escaping ([DriverEvent]) -> Bool) throws {
            let end = EventLoop.uptime() + .seconds(10)
            let source = loop.addDeadlineSource(
                next: { [told] in Deadline(at: condition(told.events) ? .zero : end, for: "a test") },
                fire: { [loop] _ in loop.stop() }
            )
            try loop.run()
            loop.removeDeadlineSource(source)
            let came = condition(told.events)
            #expect(came, "it never came true: \(told.events)")
        }

        func forget() { told.events.removeAll() }
    }

    private static func file(_ connector: String, phases: Int = 1) throws -> SiteFile {
        try SiteFile(
            bytes: Array(
                """
                {"allowSimulation": true, "connectors": [{"id": 1, "cable": "socket", "maximumCurrentAmps": 16, "phases": \(phases),
                "pilot": "simulated", "meter": "simulated", \(connector)}]}
                """.utf8
            )
        )
    }

    private static func contactorBench() throws -> Bench {
        let site = try file(
            #""contactor": {"driver": "gpio-contactor", "output": {"line": "COIL"}, "feedback": {"line": "MIRROR"}}"#
        )
        let choice = try #require(try site.connectors()[0].contactor)
        let settings = try site.settings(of: choice, as: GPIOContactorSettings.self)
        return try Bench(GPIODrivers.contactor(settings, .contactor(connectorId: 1)))
    }

    private static let contactor = Device.contactor(connectorId: 1)

    @Test func aContactorFollowsItsOrdersAndTellsItsContact() throws {
        let bench = try Self.contactorBench()
        try bench.run { $0.count == 2 }
        #expect(bench.heard == [.deviceRecovered(Self.contactor), .contactorFeedback(connectorId: 1, closed: false)])
        bench.driver.perform(.closeContactor(connectorId: 1))
        #expect(bench.coil())
        bench.board.drive(Bench.expander, 0, true)
        try bench.run { $0.last == .contactorFeedback(connectorId: 1, closed: true) }
        bench.driver.perform(.openContactor(connectorId: 1))
        #expect(!bench.coil())
    }

    @Test func theCoilFallsWhenTheMirrorContactIsLostAndDoesNotComeBackByItself() throws {
        let bench = try Self.contactorBench()
        try bench.run { $0.count == 2 }
        bench.driver.perform(.closeContactor(connectorId: 1))
        bench.forget()
        bench.board.unbind(Bench.expander)
        try bench.run { !$0.isEmpty }
        guard case .deviceLost(Self.contactor, _) = bench.heard.first else {
            Issue.record("not lost: \(bench.heard)")
            return
        }
        #expect(!bench.coil())
        bench.driver.perform(.closeContactor(connectorId: 1))
        #expect(!bench.coil())
        bench.board.bind(Bench.expander)
        try bench.run { $0.count == 3 }
        #expect(bench.heard[1] == .deviceRecovered(Self.contactor))
        #expect(!bench.coil())
    }

    @Test func theCoilIsOffWhenItsOwnChipIsBack() throws {
        let bench = try Self.contactorBench()
        try bench.run { $0.count == 2 }
        bench.driver.perform(.closeContactor(connectorId: 1))
        bench.forget()
        bench.board.unbind(Bench.chip)
        try bench.run { !$0.isEmpty }
        bench.board.bind(Bench.chip)
        try bench.run { $0.contains(.deviceRecovered(Self.contactor)) }
        #expect(!bench.coil())
    }

    @Test func theEndOpensTheContactorAndReleasesItsLines() throws {
        let bench = try Self.contactorBench()
        try bench.run { $0.count == 2 }
        bench.driver.perform(.closeContactor(connectorId: 1))
        bench.driver.stop()
        #expect(!bench.coil())
        bench.driver.perform(.closeContactor(connectorId: 1))
        #expect(!bench.coil())
    }

    @Test func aLockIsDrivenForItsPulseAndTellsItsBolt() throws {
        let site = try Self.file(
            """
            "contactor": "simulated", "lock": {"driver": "gpio-lock", "lockOutput": {"line": "LOCK"},
            "unlockOutput": {"line": "UNLOCK"}, "feedback": {"line": "BOLT", "activeLow": true}, "pulseMilliseconds": 50}
            """
        )
        let choice = try #require(try site.connectors()[0].lock)
        let settings = try site.settings(of: choice, as: GPIOLockSettings.self)
        let bench = try Bench(GPIODrivers.lock(settings, connectorId: 1))
        try bench.run { $0.count == 2 }
        #expect(bench.heard.last == .lockFeedback(connectorId: 1, locked: true))
        bench.forget()
        bench.driver.perform(.unlock(connectorId: 1))
        #expect(bench.board.level(Bench.chip, 2))
        #expect(!bench.board.level(Bench.chip, 1))
        bench.board.drive(Bench.expander, 1, true)
        // Told when it moves, and again when it has been read after the pulse.
        try bench.run { $0.count == 2 }
        #expect(bench.heard == [DriverEvent](repeating: .lockFeedback(connectorId: 1, locked: false), count: 2))
        #expect(!bench.board.level(Bench.chip, 2))
    }

    @Test func aPhaseContactorMovesByOrdersAloneAndStaysWhereItIsWhenItsContactIsLost() throws {
        let site = try Self.file(
            #""contactor": "simulated", "phaseContactor": {"driver": "gpio-contactor", "output": {"line": "COIL"}, "feedback": {"line": "MIRROR"}}"#,
            phases: 3
        )
        let choice = try #require(try site.connectors()[0].further.phaseContactor)
        let settings = try site.settings(of: choice, as: GPIOContactorSettings.self)
        let device = Device.phaseContactor(connectorId: 1)
        let bench = try Bench(GPIODrivers.contactor(settings, device))
        try bench.run { $0.count == 2 }
        #expect(bench.heard == [.deviceRecovered(device), .phaseFeedback(connectorId: 1, closed: false)])
        bench.driver.perform(.switchPhases(connectorId: 1, .three))
        #expect(bench.coil())
        bench.board.drive(Bench.expander, 0, true)
        try bench.run { $0.last == .phaseFeedback(connectorId: 1, closed: true) }
        bench.forget()
        bench.driver.perform(.readPosition(device))
        #expect(bench.heard == [.phaseFeedback(connectorId: 1, closed: true)])
        bench.board.unbind(Bench.expander)
        try bench.run { $0.contains { if case .deviceLost(device, _) = $0 { true } else { false } } }
        #expect(bench.coil())
        // The order that finds it away is not kept, and the next one is obeyed.
        bench.driver.perform(.switchPhases(connectorId: 1, .one))
        #expect(bench.coil())
        bench.board.bind(Bench.expander)
        try bench.run { $0.contains(.deviceRecovered(device)) }
        #expect(bench.coil())
        bench.driver.perform(.switchPhases(connectorId: 1, .one))
        #expect(!bench.coil())
    }

    @Test func theVoltageBehindAContactorIsTold() throws {
        let site = try Self.file(
            #""contactor": "simulated", "outputVoltage": {"driver": "gpio-input", "input": {"chip": "board", "line": "3"}}"#
        )
        let choice = try #require(try site.connectors()[0].further.outputVoltage)
        let settings = try site.settings(of: choice, as: GPIOInputSettings.self)
        let device = Device.outputVoltage(connectorId: 1)
        let bench = try Bench(try #require(GPIODrivers.alarm(settings, device)))
        try bench.run { $0.count == 2 }
        #expect(bench.heard == [.deviceRecovered(device), .outputVoltageRead(connectorId: 1, live: false)])
        bench.board.drive(Bench.chip, 3, true)
        try bench.run { $0.last == .outputVoltageRead(connectorId: 1, live: true) }
    }

    @Test func anEmergencyStopIsTold() throws {
        let site = try Self.file(
            #""contactor": "simulated", "emergencyStop": {"driver": "gpio-input", "input": {"chip": "board", "line": "3"}}"#
        )
        let choice = try #require(try site.connectors()[0].further.emergencyStop)
        let settings = try site.settings(of: choice, as: GPIOInputSettings.self)
        let device = Device.emergencyStop(connectorId: 1)
        let bench = try Bench(try #require(GPIODrivers.alarm(settings, device)))
        try bench.run { $0.count == 2 }
        bench.board.drive(Bench.chip, 3, true)
        try bench.run { $0.count == 3 }
        let detail = "the emergency stop is pressed"
        #expect(
            bench.heard[2] == .faultReported(connectorId: 1, code: .emergencyStop, present: true, detail: detail)
        )
    }
}
