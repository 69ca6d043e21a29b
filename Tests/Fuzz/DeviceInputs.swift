import HardwareCore
import HardwareDevices
import Primitives

/// What devices send, in chunks with time between them: the first byte chooses the machine, each chunk begins with its length and the tenths
/// of a second until it comes. A machine may not stop, and sends at most so much for each byte and each tenth of a second.
enum DeviceInputs {
    static func readCards(_ bytes: [UInt8]) {
        guard let first = bytes.first else { return }
        let printed: [PrintedFormat] = [
            .rdm6300(), .rdm6300(withCustomerByte: false), .twn4,
            PrintedFormat(terminators: [], endsWithSilence: true, content: .text(.printable)),
            PrintedFormat(terminators: [0x3B], prefix: "ID", content: .text(.digits)),
        ]
        switch Int(first) % 8 {
        case let index where index < printed.count:
            var machine = PrintingReaderMachine(readerId: 1, format: printed[index])
            play(bytes.dropFirst(), opened: .opened, received: { .received($0) }, with: &machine, sent: sent)
        case 5:
            let format = PrintedFormat(endsWithSilence: true, content: .text(.printable))
            var machine = PrintingReaderMachine(readerId: 1, format: format, source: .keys(.longs64Bit))
            play(bytes.dropFirst(), opened: .opened, received: { .received($0) }, with: &machine, sent: sent)
        default:
            var machine = PN532Machine(readerId: 1)
            play(bytes.dropFirst(), opened: .opened, received: { .received($0) }, with: &machine, sent: sent)
        }
    }

    /// The first byte says what is ordered of the controller before each chunk.
    static func readController(_ bytes: [UInt8]) {
        guard let first = bytes.first else { return }
        var machine = RAPIMachine()
        let order: RAPIOrder = first == 0 ? .forbid : first == 1 ? .unavailable : .permit(amps: Int(first))
        play(
            bytes.dropFirst(),
            opened: .line(.opened),
            received: { .line(.received($0)) },
            also: [.ordered(order), .hostLives],
            with: &machine
        ) { effect in
            guard case .line(.send(let bytes)) = effect else { return 0 }
            return bytes.count
        }
    }

    private static func sent(_ effect: ReaderEffect) -> Int {
        if case .line(.send(let bytes)) = effect { bytes.count } else { 0 }
    }

    private static func play<M: Machine>(
        _ bytes: ArraySlice<UInt8>,
        opened: M.Event,
        received: ([UInt8]) -> M.Event,
        also: [M.Event] = [],
        with machine: inout M,
        sent: (M.Effect) -> Int
    ) {
        var moment = Moment(uptime: .seconds(100), utc: Timestamp(millisecondsSinceEpoch: 0))
        var effects = machine.handle(opened, at: moment)
        var rest = bytes
        var allowed = 4096
        while rest.count >= 2 {
            let count = Int(rest.removeFirst())
            let tenths = Int(rest.removeFirst())
            let chunk = Array(rest.prefix(count))
            rest = rest.dropFirst(count)
            allowed += 64 * (chunk.count + tenths + 2)
            let end = moment.uptime + .milliseconds(100 * tenths)
            var turns = 0
            while let due = machine.nextDeadline, due.at <= end {
                moment = moment.advanced(by: max(.zero, due.at - moment.uptime))
                effects += machine.deadlineReached(at: moment)
                turns += 1
                precondition(turns < 10_000, "A deadline that stays due: \(due.reason).")
            }
            moment = moment.advanced(by: end - moment.uptime)
            for event in also { effects += machine.handle(event, at: moment) }
            effects += machine.handle(received(chunk), at: moment)
        }
        precondition(effects.reduce(0) { $0 + sent($1) } <= allowed, "It sends too much.")
    }
}
