import EventLoop
import GPIOLines
import LoopUnderTest
import Primitives
import SimulatedGPIO
import Testing

@Suite struct GPIOLineGroupTests {
    private static let chip = "/dev/gpiochip0"

    /// A board with one chip, and a group of its lines.
    private final class Fixture {
        let loop: EventLoop
        let board = SimulatedGPIO()
        private let told = Told()
        private(set) var group: GPIOLineGroup?

        final class Told {
            var events: [GPIOLineGroup.Event] = []
            var moments: [Moment] = []
            var log: [LogRecord] = []
        }

        init(label: String = "board") throws {
            loop = try EventLoop()
            board.addChip(chip, label: label, names: ["RELAY", "FEEDBACK", "", "LOCK_A", "LOCK_B"])
        }

        func take(_ lines: GPIOLineGroup.Settings.Line..., direction: GPIODirection) {
            take(GPIOLineGroup.Settings(lines, direction: direction, consumer: "test"))
        }

        func take(_ settings: GPIOLineGroup.Settings) {
            group = GPIOLineGroup(settings, kernel: board, loop: loop) { [told] event, moment in
                told.events.append(event)
                told.moments.append(moment)
            } log: { [told] in
                told.log.append($0)
            }
            group?.start()
        }

        var events: [GPIOLineGroup.Event] { told.events }
        var moments: [Moment] { told.moments }
        var log: [LogRecord] { told.log }

        func run(events count: Int) throws { try loop.run(until: { [told] in told.events.count >= count }) }
    }

    private static func line(_ name: String, isActiveLow: Bool = false) -> GPIOLineGroup.Settings.Line {
        GPIOLineGroup.Settings.Line(GPIOLineName(line: .name(name)), isActiveLow: isActiveLow)
    }

    private static func line(
        chip: String?,
        _ offset: UInt32,
        isActiveLow: Bool = false
    ) -> GPIOLineGroup.Settings.Line {
        GPIOLineGroup.Settings.Line(GPIOLineName(chip: chip, line: .offset(offset)), isActiveLow: isActiveLow)
    }

    @Test func outputsHaveTheirInitialLevelsFromTheFirstMomentOn() throws {
        let fixture = try Fixture()
        fixture.take(Self.line("LOCK_A"), Self.line("LOCK_B", isActiveLow: true), direction: .output(initial: 0))
        try fixture.run(events: 1)
        #expect(fixture.events == [.taken(levels: 0)])
        #expect(fixture.board.history == [.init(offset: 3, level: false), .init(offset: 4, level: true)])
        #expect(fixture.group?.set(0b11, mask: 0b10) == true)
        #expect(!fixture.board.level(Self.chip, 3))
        #expect(!fixture.board.level(Self.chip, 4))
        #expect(fixture.group?.levels() == 0b10)
    }

    @Test func aLineFallsWhenItIsReleased() throws {
        let fixture = try Fixture()
        fixture.take(Self.line("RELAY"), direction: .output(initial: 1))
        try fixture.run(events: 1)
        #expect(fixture.board.level(Self.chip, 0))
        fixture.group?.close()
        #expect(!fixture.board.level(Self.chip, 0))
        #expect(fixture.group?.set(1, mask: 1) == false)
    }

    @Test(arguments: ["board", "gpiochip0", "/dev/gpiochip0"])
    func aChipIsFoundByItsLabelItsNameAndItsPath(chip: String) throws {
        let fixture = try Fixture()
        fixture.board.addChip("/dev/gpiochip1", label: "other", names: ["", ""])
        fixture.board.drive(Self.chip, 1, true)
        fixture.take(Self.line(chip: chip, 1), direction: .input(debounce: .zero))
        try fixture.run(events: 1)
        #expect(fixture.events == [.taken(levels: 1)])
    }

    @Test func edgesAreLogicalAndHaveTheTimeOfTheKernel() throws {
        let fixture = try Fixture()
        fixture.take(
            Self.line("FEEDBACK", isActiveLow: true),
            Self.line(chip: "board", 2),
            direction: .input(debounce: .milliseconds(10))
        )
        try fixture.run(events: 1)
        let before = EventLoop.uptime()
        fixture.board.drive(Self.chip, 1, true)
        fixture.board.drive(Self.chip, 2, true)
        let after = EventLoop.uptime()
        try fixture.run(events: 3)
        #expect(fixture.events.first == .taken(levels: 0b01))
        #expect(
            fixture.events.dropFirst() == [.changed(line: 0, isActive: false), .changed(line: 1, isActive: true)]
        )
        // The two clocks are not read in the same instant.
        let slack = Duration.milliseconds(1)
        #expect(
            fixture.moments.dropFirst().allSatisfy { (before - slack...after + slack).contains($0.uptime) }
        )
    }

    @Test func levelsAreReadAgainWhenEdgesWereMissed() throws {
        let fixture = try Fixture()
        fixture.board.eventBuffer = 3
        fixture.take(Self.line("FEEDBACK"), direction: .input(debounce: .zero))
        try fixture.run(events: 1)
        for number in 0..<9 { fixture.board.drive(Self.chip, 1, number % 2 == 0) }
        try fixture.run(events: 6)
        #expect(fixture.events.dropFirst().first == .missed(line: 0, edges: 6))
        #expect(fixture.events.dropFirst(5) == [.refreshed(levels: 1)])
    }

    @Test(arguments: [false, true])
    func aChipThatGoesIsToldOnceAndTakenAgainWhenItIsBack(hangsUp: Bool) throws {
        let fixture = try Fixture()
        fixture.board.hangsUp = hangsUp
        fixture.take(Self.line("RELAY"), direction: .output(initial: 0))
        try fixture.run(events: 1)
        #expect(fixture.group?.set(1, mask: 1) == true)
        fixture.board.unbind(Self.chip)
        let gone = EventLoop.uptime()
        try fixture.run(events: 2)
        guard case .lost = fixture.events[1] else {
            Issue.record("not lost: \(fixture.events)")
            return
        }
        #expect(EventLoop.uptime() - gone < .seconds(hangsUp ? 1 : 3))
        #expect(fixture.group?.isTaken == false)
        #expect(fixture.group?.set(1, mask: 1) == false)
        fixture.board.bind(Self.chip)
        try fixture.run(events: 3)
        #expect(fixture.events[2] == .taken(levels: 0))
        #expect(!fixture.board.level(Self.chip, 0))
        #expect(fixture.log.map(\.message) == ["GPIO lines are lost", "GPIO lines are back"])
    }

    @Test func settingALineOfAChipThatIsGoneFailsAtOnceAndIsToldLater() throws {
        let fixture = try Fixture()
        fixture.take(Self.line("RELAY"), direction: .output(initial: 0))
        try fixture.run(events: 1)
        fixture.board.unbind(Self.chip)
        #expect(fixture.group?.set(1, mask: 1) == false)
        #expect(fixture.events.count == 1)
        try fixture.run(events: 2)
        #expect(fixture.events.last == .lost(reason: "use GPIO lines: No such device"))
    }

    @Test func whoHasALineIsSaid() throws {
        let fixture = try Fixture()
        fixture.board.occupy(Self.chip, 0, by: "sysfs")
        fixture.take(Self.line("RELAY"), direction: .output(initial: 0))
        try fixture.run(events: 1)
        #expect(fixture.events == [.lost(reason: "line RELAY: taken by sysfs")])
        fixture.board.occupy(Self.chip, 0, by: nil)
        try fixture.run(events: 2)
        #expect(fixture.events.last == .taken(levels: 0))
    }

    @Test(arguments: [
        (GPIOLineName(line: .name("RELAIS")), "line RELAIS: not there"),
        (GPIOLineName(chip: "board", line: .offset(5)), "line 5 of board: not there"),
        (
            GPIOLineName(chip: "/dev/gpiochip7", line: .offset(0)),
            "line 0 of /dev/gpiochip7: open /dev/gpiochip7: No such file or directory"
        ),
        (GPIOLineName(line: .name("TWICE")), "line TWICE: there are 2 of that name; say which chip"),
    ])
    func aLineThatCannotBeFoundIsSaid(name: GPIOLineName, reason: String) throws {
        let fixture = try Fixture()
        fixture.board.addChip("/dev/gpiochip1", label: "other", names: ["TWICE", "TWICE"])
        fixture.take(GPIOLineGroup.Settings.Line(name), direction: .output(initial: 0))
        try fixture.run(events: 1)
        #expect(fixture.events == [.lost(reason: reason)])
    }

    @Test func linesOfTwoChipsAreNoGroup() throws {
        let fixture = try Fixture()
        fixture.board.addChip("/dev/gpiochip1", label: "other", names: [""])
        fixture.take(Self.line("RELAY"), Self.line(chip: "other", 0), direction: .output(initial: 0))
        try fixture.run(events: 1)
        #expect(fixture.events == [.lost(reason: "line RELAY, line 0 of other: not on one chip")])
        #expect(fixture.board.history.isEmpty)
    }
}
