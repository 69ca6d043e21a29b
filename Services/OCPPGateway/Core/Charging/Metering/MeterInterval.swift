import OCPP
import Primitives

/// What happened since an instant: how far registers counted, and what everything else was on the average of time (OCPP 1.6 §9.1.5).
struct MeterInterval: Equatable, Sendable {
    private struct Register: Equatable {
        var begin: Int64
        var newest: Int64
        /// When it was read last; nil for one that was known before any reading.
        var readAt: Duration?
    }

    /// The newest value, and of those before it the sum over time, thousandths times milliseconds.
    private struct Course: Equatable {
        var newest: Int64
        /// When that was measured.
        var newestAt: Duration
        /// Since when it counts: it may be older than the interval.
        var countsFrom: Duration
        var sum: Int64 = 0
        var milliseconds: Int64 = 0

        func average(at uptime: Duration) -> Int64 {
            let held = heldMilliseconds(at: uptime)
            guard milliseconds + held > 0 else { return newest }
            return sum.addingClamped(newest.multipliedClamped(by: held)) / (milliseconds + held)
        }

        mutating func follow(_ value: Int64, at uptime: Duration) {
            let held = heldMilliseconds(at: uptime)
            sum = sum.addingClamped(newest.multipliedClamped(by: held))
            milliseconds += held
            newest = value
            newestAt = uptime
            countsFrom = uptime
        }

        /// Whether it is measured still.
        func isKnown(at uptime: Duration) -> Bool { uptime - newestAt < MeterInterval.longestHeld }

        /// A value counts until the next one, but not for long when there is none: what was then, nobody knows.
        private func heldMilliseconds(at uptime: Duration) -> Int64 {
            max(0, (min(uptime, newestAt + MeterInterval.longestHeld) - countsFrom).wholeMilliseconds)
        }
    }

    /// Longest time that a value counts for after it was measured.
    private static let longestHeld = Duration.seconds(15)

    /// When it began.
    private(set) var since: EventTime
    private var registers: [MeasurandSelection: Register] = [:]
    private var courses: [MeasurandSelection: Course] = [:]
    /// When the newest reading came, whatever it had.
    private var readAt = Duration.zero

    /// Begins with a register that is known; others count from their first reading.
    init(since: EventTime, energyWh: Int64) {
        self.since = since
        let place = MeasurandSelection(.energyActiveImportRegister)
        let energy = energyWh.multipliedClamped(by: 1000)
        registers[place] = Register(begin: energy, newest: energy)
    }

    /// Takes a reading in.
    mutating func follow(_ figures: [MeterFigure], at uptime: Duration) {
        readAt = uptime
        for figure in figures {
            if figure.place.measurand.isRegister {
                followRegister(figure, at: uptime)
            } else if var course = courses[figure.place] {
                course.follow(figure.thousandths, at: uptime)
                courses[figure.place] = course
            } else {
                courses[figure.place] = Course(newest: figure.thousandths, newestAt: uptime, countsFrom: uptime)
            }
        }
    }

    /// One that falls begins elsewhere, and what it counted before stays counted.
    private mutating func followRegister(_ figure: MeterFigure, at uptime: Duration) {
        let value = figure.thousandths
        var register = registers[figure.place] ?? Register(begin: value, newest: value)
        if value < register.newest {
            register.begin = value.subtractingClamped(register.newest.subtractingClamped(register.begin))
        }
        register.newest = value
        register.readAt = uptime
        registers[figure.place] = register
    }

    /// Ends, and the next begins where this one is: nothing is lost between them. What is not measured any more ends with it; a register
    /// may come back, and has counted then what it counted meanwhile.
    mutating func beginAnew(since: EventTime, at uptime: Duration) {
        self.since = since
        registers = registers.mapValues { Register(begin: $0.newest, newest: $0.newest, readAt: $0.readAt) }
        courses = courses.filter { $0.value.isKnown(at: uptime) }
            .mapValues { Course(newest: $0.newest, newestAt: $0.newestAt, countsFrom: uptime) }
    }

    /// The energy that was counted until now, by those registers that the newest readings have: that nothing was counted is another thing than
    /// that nobody knows.
    var energy: [MeterFigure] {
        registers.filter { $0.value.readAt.map { readAt - $0 < Self.longestHeld } ?? true }
            .compactMap { place, register in
                place.measurand.intervalMeasurand.map {
                    MeterFigure($0, place.phase, register.newest.subtractingClamped(register.begin))
                }
            }
            .sorted { $0.place.text < $1.place.text }
    }

    /// What everything else was on the average of the time that it was known for.
    func averages(at uptime: Duration) -> [MeterFigure] {
        courses.map { MeterFigure($0.key.measurand, $0.key.phase, $0.value.average(at: uptime)) }
            .sorted { $0.place.text < $1.place.text }
    }
}
