import OCPP
import Primitives

/// What happened since an instant: how far registers counted, and what everything else was on the average of time (OCPP 1.6 §9.1.5).
struct MeterInterval: Equatable, Sendable {
    private struct Register: Equatable {
        var begin: Int64
        var newest: Int64
    }

    /// The newest value, and of those before it the sum over time, thousandths times milliseconds.
    private struct Course: Equatable {
        var newest: Int64
        var newestAt: Duration
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
        }

        /// A value counts until the next one, but not for long when there is none: what was then, nobody knows.
        private func heldMilliseconds(at uptime: Duration) -> Int64 {
            (uptime - newestAt).wholeMilliseconds.clamped(to: 0...MeterInterval.longestHeldMilliseconds)
        }
    }

    private static let longestHeldMilliseconds: Int64 = 15_000

    /// When it began.
    private(set) var since: EventTime
    private var registers: [MeasurandSelection: Register] = [:]
    private var courses: [MeasurandSelection: Course] = [:]

    /// Begins with a register that is known; others count from their first reading.
    init(since: EventTime, energyWh: Int64) {
        self.since = since
        let place = MeasurandSelection(.energyActiveImportRegister)
        let energy = energyWh.multipliedClamped(by: 1000)
        registers[place] = Register(begin: energy, newest: energy)
    }

    /// Takes a reading in.
    mutating func follow(_ figures: [MeterFigure], at uptime: Duration) {
        for figure in figures {
            if figure.place.measurand.isRegister {
                let begin = registers[figure.place]?.begin ?? figure.thousandths
                registers[figure.place] = Register(begin: begin, newest: max(begin, figure.thousandths))
            } else if var course = courses[figure.place] {
                course.follow(figure.thousandths, at: uptime)
                courses[figure.place] = course
            } else {
                courses[figure.place] = Course(newest: figure.thousandths, newestAt: uptime)
            }
        }
    }

    /// Ends, and the next begins where this one is: nothing is lost between them.
    mutating func beginAnew(since: EventTime, at uptime: Duration) {
        self.since = since
        registers = registers.mapValues { Register(begin: $0.newest, newest: $0.newest) }
        courses = courses.mapValues { Course(newest: $0.newest, newestAt: max($0.newestAt, uptime)) }
    }

    /// The energy that was counted until now.
    var energy: [MeterFigure] {
        registers.compactMap { place, register in
            place.measurand.intervalMeasurand.map {
                MeterFigure($0, place.phase, register.newest.subtractingClamped(register.begin))
            }
        }
        .sorted { $0.place.text < $1.place.text }
    }

    /// What everything else was on the average.
    func averages(at uptime: Duration) -> [MeterFigure] {
        courses.map { MeterFigure($0.key.measurand, $0.key.phase, $0.value.average(at: uptime)) }
            .sorted { $0.place.text < $1.place.text }
    }
}
