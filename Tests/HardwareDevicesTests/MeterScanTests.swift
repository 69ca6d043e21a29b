import HardwareDevices
import Primitives
import Testing

@Suite struct MeterScanTests {
    /// A line with devices, each of which understands one speed and parity.
    private func scan(_ devices: [UInt8: LineSettings], refusing: Set<UInt8> = []) -> [MeterScan.Effect] {
        var scan = MeterScan()
        var now = Duration.seconds(5)
        var line = LineSettings(baud: 300)
        var arriving: [(bytes: [UInt8], at: Duration)] = []
        var told: [MeterScan.Effect] = []
        func moment() -> Moment { Moment(uptime: now, utc: Timestamp(millisecondsSinceEpoch: 0)) }
        func perform(_ effects: [MeterScan.Effect]) {
            for effect in effects {
                switch effect {
                case .line(.configure(let settings)): line = settings
                case .line(.send(let frame)):
                    guard let settings = devices[frame[0]] else { continue }
                    // At another speed bytes are noise, to both sides.
                    let isRefusing = refusing.contains(frame[0])
                    let reply = isRefusing ? [frame[0], 0x84, 2] : [frame[0], 4, 4, 0x43, 0x66, 0x19, 0x9A]
                    let bytes = settings == line ? ModbusBus.summed(reply) : [0xF8, 0x00]
                    arriving.append((bytes, now + .milliseconds(30)))
                case .line: break
                default: told.append(effect)
                }
            }
        }
        perform(scan.handle(.opened, at: moment()))
        while let next = [scan.nextDeadline?.at, arriving.first?.at].compactMap({ $0 }).min() {
            now = max(now, next)
            if let first = arriving.first, first.at <= now {
                arriving.removeFirst()
                perform(scan.handle(.received(first.bytes), at: moment()))
            } else {
                perform(scan.deadlineReached(at: moment()))
            }
        }
        #expect(now < .seconds(180), "a scan takes three minutes at most")
        return told
    }

    @Test func eachDeviceIsFoundWithItsSpeedParityAndAddress() {
        let old = LineSettings(baud: 2400)
        let orno = LineSettings(baud: 9600, parity: .even)
        let told = scan([1: old, 7: orno], refusing: [7])
        let found = told.filter { if case .found = $0 { true } else { false } }
        #expect(found == [.found(orno, unit: 7), .found(old, unit: 1)])
        #expect(told.last == .finished)
        #expect(told.first == .trying(LineSettings(baud: 9600)))
    }

    @Test func onALineWithoutDevicesNothingIsFound() {
        let told = scan([:])
        #expect(told.count == MeterScan.usualSettings.count + 1)
        #expect(told.last == .finished)
    }

    @Test func aLineThatCannotBeHadEndsIt() {
        var scan = MeterScan()
        let moment = Moment(uptime: .zero, utc: Timestamp(millisecondsSinceEpoch: 0))
        let effects = scan.handle(.closed(reason: "taken by another program"), at: moment)
        #expect(effects == [.failed("taken by another program")])
        #expect(scan.handle(.opened, at: moment).isEmpty)
        #expect(scan.nextDeadline == nil)
    }

    @Test func withoutAnythingToTryItIsOverAtOnce() {
        let moment = Moment(uptime: .zero, utc: Timestamp(millisecondsSinceEpoch: 0))
        var scan = MeterScan(units: [])
        #expect(scan.handle(.opened, at: moment) == [.finished])
        scan = MeterScan(settings: [])
        #expect(scan.handle(.opened, at: moment) == [.finished])
    }
}
