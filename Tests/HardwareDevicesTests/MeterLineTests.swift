import HardwareCore
import Primitives
import SiteConfiguration
import Testing

@testable import HardwareDevices

/// Meters on one line in virtual time, which answer what their registers hold.
private struct MeterBench {
    var registers: [UInt8: [UInt16: [UInt16]]] = [1: ShippedMeters.sdm120(), 2: ShippedMeters.sdm120(energy: 20)]
    var serials: [UInt8: [UInt16]] = [1: [0x0001, 0x86A0], 2: [0, 7]]
    var dead: Set<UInt8> = []
    /// How long each of them thinks.
    var latency = Duration.milliseconds(20)
    private(set) var line: MeterLine
    private(set) var told: [(effect: MeterLine.Effect, at: Duration)] = []
    private(set) var questions: [[UInt8]] = []
    private var now = Duration.seconds(10)
    private var arriving: [(bytes: [UInt8], at: Duration)] = []

    init() throws {
        let map = MeterMap(try ShippedMeters.description("sdm120"), phases: 1)
        let meters = [1, 2].map { MeterLine.Meter(connectorId: $0, unit: UInt8($0), map: map) }
        line = MeterLine(meters, over: .serial(baud: 9600))
        handle(.line(.opened))
    }

    private var moment: Moment { Moment(uptime: now, utc: Timestamp(millisecondsSinceEpoch: 0)) }

    mutating func handle(_ event: MeterLine.Event) { perform(line.handle(event, at: moment)) }

    mutating func read(_ ids: Int..., for duration: Duration = .seconds(1)) -> [MeterLine.Effect] {
        told = []
        for id in ids { handle(.wanted(connectorId: id)) }
        run(for: duration)
        return told.map(\.effect)
    }

    mutating func run(for duration: Duration) {
        let end = now + duration
        while let next = [line.nextDeadline?.at, arriving.first?.at].compactMap({ $0 }).min(), next <= end {
            now = max(now, next)
            if let first = arriving.first, first.at <= now {
                arriving.removeFirst()
                handle(.line(.received(first.bytes)))
            } else {
                perform(line.deadlineReached(at: moment))
            }
        }
        now = end
    }

    private mutating func perform(_ effects: [MeterLine.Effect]) {
        for effect in effects {
            guard case .line(let order) = effect else {
                told.append((effect, now))
                continue
            }
            guard case .send(let frame) = order else { continue }
            questions.append(frame)
            guard !dead.contains(frame[0]) else { continue }
            let address = UInt16(frame[2]) << 8 | UInt16(frame[3])
            var words = Array(repeating: UInt16(0), count: Int(frame[5]))
            if frame[1] == 3 {
                guard let serial = serials[frame[0]] else {
                    arriving.append((ModbusBus.summed([frame[0], 0x83, 2]), now + .milliseconds(20)))
                    continue
                }
                words = serial
            } else {
                for (place, values) in registers[frame[0]] ?? [:] {
                    for (offset, value) in values.enumerated() {
                        let index = Int(place) + offset - Int(address)
                        if words.indices.contains(index) { words[index] = value }
                    }
                }
            }
            let body =
                [frame[0], frame[1], UInt8(words.count * 2)] + words.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }
            arriving.append((ModbusBus.summed(body), now + latency))
        }
    }
}

@Suite struct MeterLineTests {
    private func energies(_ effects: [MeterLine.Effect]) -> [Int: [Int64]] {
        effects.reduce(into: [:]) { all, effect in
            if case .read(let id, let sample, _) = effect { all[id, default: []].append(sample.energyWh) }
        }
    }

    @Test func twoMetersOfOneLineAreReadEachForItself() throws {
        var bench = try MeterBench()
        let told = bench.read(1, 2)
        #expect(energies(told) == [1: [1_234_567], 2: [20_000]])
        #expect(told.contains(.health(connectorId: 1, .ok)))
        #expect(told.contains(.serialNumber(connectorId: 1, "100000")))
        #expect(told.contains(.serialNumber(connectorId: 2, "7")))
    }

    @Test func theTimeOfASampleIsThatOfTheQuestion() throws {
        var bench = try MeterBench()
        let before = Duration.seconds(10)
        for effect in bench.read(1) {
            guard case .read(_, _, let takenAt) = effect else { continue }
            #expect(takenAt >= before && takenAt <= before + .milliseconds(100))
        }
    }

    @Test func oneThatIsWantedWhileItIsReadIsReadOnceMore() throws {
        var bench = try MeterBench()
        #expect(energies(bench.read(1, 1, 1))[1]?.count == 2)
    }

    @Test func theSerialNumberIsNotAskedForEachTime() throws {
        var bench = try MeterBench()
        _ = bench.read(1)
        let asked = bench.questions.count
        _ = bench.read(1)
        #expect(bench.questions.count == asked + 2)
        _ = bench.read(for: .seconds(700))
        _ = bench.read(1)
        #expect(bench.questions.count == asked + 5)
    }

    @Test func anotherMeterIsToldBeforeItsValues() throws {
        var bench = try MeterBench()
        _ = bench.read(1)
        bench.serials[1] = [0, 99]
        bench.registers[1] = ShippedMeters.sdm120(energy: 3)
        let told = bench.read(1)
        #expect(told.first == .serialNumber(connectorId: 1, "99"))
        #expect(energies(told) == [1: [3000]])
    }

    private func serials(_ effects: [MeterLine.Effect]) -> [String?] {
        effects.compactMap { effect -> String?? in
            if case .read(_, let sample, _) = effect { .some(sample.serialNumber) } else { nil }
        }
    }

    @Test func eachSampleSaysWhichMeterItIsFrom() throws {
        var bench = try MeterBench()
        #expect(serials(bench.read(1) + bench.read(1)) == ["100000", "100000"])
        bench.serials[1] = [0, 99]
        bench.registers[1] = ShippedMeters.sdm120(energy: 3)
        #expect(serials(bench.read(1)) == ["99"])
    }

    /// Nobody draws 100 Wh within a second: the register is another one's, and its values must not be told as those of before.
    @Test func aRegisterThatRoseByMoreThanCanHaveFlowedIsAskedWhoseItIs() throws {
        var bench = try MeterBench()
        _ = bench.read(1)
        let asked = bench.questions.count
        bench.registers[1] = ShippedMeters.sdm120(energy: 1234.569)
        _ = bench.read(1)
        #expect(bench.questions.count == asked + 2, "2 Wh at 3.7 kW are what flowed.")
        bench.serials[1] = [0, 99]
        bench.registers[1] = ShippedMeters.sdm120(energy: 1234.669)
        #expect(serials(bench.read(1)) == ["99"])
    }

    /// It was away, and does not say who it is: it may be another one. It is asked again soon.
    @Test func oneThatIsBackAndDoesNotSayWhichItIsIsNotTakenForTheOneOfBefore() throws {
        var bench = try MeterBench()
        _ = bench.read(1)
        bench.dead = [1]
        for _ in 0..<3 { _ = bench.read(1, for: .seconds(5)) }
        bench.dead = []
        let serial = bench.serials[1]
        bench.serials[1] = nil
        #expect(serials(bench.read(1, for: .seconds(5))) == [nil])
        bench.serials[1] = serial
        bench.run(for: .seconds(10))
        #expect(serials(bench.read(1)) == ["100000"])
    }

    @Test func metersThatTakeTooLongTogetherAreBusyUntilTheyAreNot() throws {
        var bench = try MeterBench()
        _ = bench.read(1, 2)
        bench.latency = .milliseconds(480)
        var told: [MeterLine.Effect] = []
        for _ in 0..<3 { told += bench.read(1, 2, for: .seconds(4)) }
        #expect(told.contains { if case .health(_, .busy) = $0 { true } else { false } })
        #expect(energies(told).mapValues(\.count) == [1: 3, 2: 3])
        bench.latency = .milliseconds(20)
        #expect(bench.read(1, 2).contains { if case .health(_, .ok) = $0 { true } else { false } })
    }

    @Test(arguments: [("em24", 3, 9600, 2), ("sdm120", 1, 9600, 6), ("sdm120", 1, 2400, 2), ("sdm630", 3, 115_200, 11)])
    func aLineHasRoomForSoManyMeters(type: String, phases: Int, baud: Int, most: Int) throws {
        let map = MeterMap(try ShippedMeters.description(type), phases: phases)
        var load = LineLoad(baud: baud)
        var room = 0
        while room < 50 {
            load.add(map)
            if load.isTooMuch { break }
            room += 1
        }
        #expect(room == most)
        #expect(load.words.contains("\(load.percent) % of the 2000 ms"))
    }

    @Test func aMeterWithoutSerialNumberIsReadAllTheSame() throws {
        var bench = try MeterBench()
        bench.serials = [:]
        #expect(energies(bench.read(1)) == [1: [1_234_567]])
    }

    @Test func oneThatDoesNotAnswerIsDegradedAndThenLostUntilItIsBack() throws {
        var bench = try MeterBench()
        _ = bench.read(1)
        bench.dead = [1]
        #expect(
            bench.read(1, for: .seconds(5)) == [
                .failed(connectorId: 1, reason: "no answer"), .health(connectorId: 1, .degraded),
            ]
        )
        _ = bench.read(1, for: .seconds(5))
        #expect(bench.read(1, for: .seconds(5)).last == .health(connectorId: 1, .lost))
        bench.dead = []
        #expect(bench.read(1, for: .seconds(5)).last == .health(connectorId: 1, .ok))
        #expect(bench.line.counters.timeouts == 9)
    }

    @Test func nonsenseIsAFailureWithItsReasonAndNoValue() throws {
        var bench = try MeterBench()
        bench.registers[1]?[0x48] = ShippedMeters.float(.nan)
        let told = bench.read(1)
        #expect(told.first == .failed(connectorId: 1, reason: "Energy.Active.Import.Register is no number"))
        #expect(energies(told).isEmpty)
    }

    @Test func aClosedLineIsAFailureOfTheMeterThatIsRead() throws {
        var bench = try MeterBench()
        bench.dead = [1]
        _ = bench.read(1, for: .milliseconds(100))
        bench.handle(.line(.closed(reason: "unplugged")))
        #expect(bench.told.first?.effect == .failed(connectorId: 1, reason: "line closed: unplugged"))
        #expect(
            bench.read(2) == [
                .failed(connectorId: 2, reason: "line closed: unplugged"), .health(connectorId: 2, .degraded),
            ]
        )
    }

    @Test func somebodyElsesMeterIsNotRead() throws {
        var bench = try MeterBench()
        #expect(bench.read(3).isEmpty)
        #expect(bench.questions.isEmpty)
    }
}
