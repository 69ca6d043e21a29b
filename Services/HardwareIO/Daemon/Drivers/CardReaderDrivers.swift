import BusSchema
import HardwareCore
import HardwareDevices
import Primitives
import SerialPort
import SiteConfiguration

/// A card reader on a line of bytes, whatever it speaks.
struct CardReaderDevice<Protocol: CardReaderMachine>: LineDevice {
    private var machine: Protocol

    init(_ machine: Protocol) { self.machine = machine }

    var nextDeadline: Deadline? { machine.nextDeadline }

    mutating func handle(_ event: LineEvent, at moment: Moment) -> [DeviceOutput] {
        machine.handle(event, at: moment).map { DeviceOutput($0) }
    }

    /// Nothing is ordered of a reader.
    mutating func perform(_ command: DriverCommand, at moment: Moment) -> [DeviceOutput] { [] }

    mutating func deadlineReached(at moment: Moment) -> [DeviceOutput] {
        machine.deadlineReached(at: moment).map { DeviceOutput($0) }
    }

    mutating func end(at moment: Moment) -> [DeviceOutput] { machine.end().map { DeviceOutput($0) } }

    func counters(of device: Device) -> [DeviceState.Counter] { machine.counters.told }
}

extension DeviceOutput {
    fileprivate init(_ effect: ReaderEffect) {
        switch effect {
        case .line(let order): self = .line(order)
        case .report(let event): self = .report(event)
        case .log(let record): self = .log(record)
        }
    }
}

/// The drivers of card readers: each is a machine of `HardwareDevices` over a line.
enum CardReaderDrivers {
    static let rows: [DriverRegistry.Row] = [
        DriverRegistry.Row(name: "pn532") { readers, surroundings in
            try surroundings.settings(readers, as: PN532Settings.self).map { device, settings in
                driver(
                    device,
                    PN532Machine(readerId: id(of: device)),
                    surroundings,
                    surroundings.serialPort(settings.line)
                )
            }
        },
        DriverRegistry.Row(name: "rdm6300") { readers, surroundings in
            try surroundings.settings(readers, as: RDM6300Settings.self).map { device, settings in
                let format = PrintedFormat.rdm6300(withCustomerByte: settings.hasCustomerByte)
                return printing(device, format, surroundings, surroundings.serialPort(settings.line))
            }
        },
        DriverRegistry.Row(name: "twn4") { readers, surroundings in
            try surroundings.settings(readers, as: TWN4Settings.self).map { device, settings in
                printing(device, .twn4, surroundings, surroundings.serialPort(settings.line))
            }
        },
        DriverRegistry.Row(name: "line-reader") { readers, surroundings in
            try surroundings.settings(readers, as: LineReaderSettings.self).map { device, settings in
                printing(device, format(settings.printed), surroundings, surroundings.serialPort(settings.line))
            }
        },
        DriverRegistry.Row(name: "evdev") { readers, surroundings in
            try surroundings.settings(readers, as: KeyboardReaderSettings.self).map { device, settings in
                var format = format(settings.printed)
                // Not every one of them presses Enter.
                format.endsWithSilence = true
                return printing(device, format, surroundings, source: .keys(.native)) {
                    [loop = surroundings.loop] owner in
                    KeyboardDevice(path: settings.device, loop: loop, owner: owner)
                }
            }
        },
    ]

    private static func printing(
        _ device: Device,
        _ format: PrintedFormat,
        _ surroundings: DriverSurroundings,
        source: PrintedSource = .characters,
        _ makeLine: (LineOwner) -> any ByteLine
    ) -> any Driver {
        let machine = PrintingReaderMachine(readerId: id(of: device), format: format, source: source)
        return driver(device, machine, surroundings, makeLine)
    }

    private static func driver(
        _ device: Device,
        _ machine: some CardReaderMachine,
        _ surroundings: DriverSurroundings,
        _ makeLine: (LineOwner) -> any ByteLine
    ) -> any Driver {
        LineDriver(
            [device],
            CardReaderDevice(machine),
            loop: surroundings.loop,
            log: surroundings.log,
            makeLine: makeLine
        )
    }

    private static func id(of device: Device) -> Int {
        guard case .reader(let readerId) = device else {
            preconditionFailure("SiteDriver lets these drivers stand at readers only.")
        }
        return readerId
    }

    private static func format(_ printed: PrintedLineSettings) -> PrintedFormat {
        let content: PrintedFormat.Content =
            switch printed.characters {
            case .uid: .hexadecimal
            case .digits: .text(.digits)
            case .hexadecimal: .text(.hexadecimal)
            case .alphanumeric: .text(.alphanumeric)
            case .printable: .text(.printable)
            }
        let terminators: [UInt8] =
            switch printed.terminator {
            case .lineEnd: [0x0D, 0x0A]
            case .semicolon: [0x3B]
            case .tab: [0x09]
            case .silence: []
            }
        return PrintedFormat(
            terminators: terminators,
            endsWithSilence: printed.terminator == .silence,
            gap: .milliseconds(300),
            prefix: printed.printedPrefix,
            content: content
        )
    }
}
