public import BusSchema
public import HardwareCore
import JSON
public import Primitives
public import Storage

/// The newest believed reading of each meter, what was last seen of EVs, and what keeps contactors open, for the next process of this boot of the machine: a small file in
/// the runtime directory, which is memory (`/run`), so that a write each second costs no flash, and waits for no disk.
public struct ReadingsFile {
    private struct Content: Encodable {
        /// A runtime folder may outlive a boot where somebody put it on a disk; uptimes do not.
        var boot: String
        var readings: [MeterReading]
        var vehicles: [VehicleSight]
        var latches: [OutletLatches]
    }

    private let file: SmallFile
    private let boot: String
    private var readings: [MeterReading] = []
    /// What the last process of this boot saw of EVs, once that was read; then with what was remembered since.
    public private(set) var vehicles: [VehicleSight] = []
    /// The same for what it latched.
    public private(set) var latches: [OutletLatches] = []
    private var isFailing = false

    /// - Parameters:
    ///   - folder: The service's own in the runtime directory.
    ///   - boot: What tells this boot of the machine from others.
    public init(folder: String, boot: String = SmallFile.machineBootId) {
        file = SmallFile(folder + "/readings", maximumBytes: 64 * 1024)
        self.boot = boot
    }

    /// Reads what the last process of this boot remembered, each entry by itself: one that cannot be understood takes no other with it. What was latched
    /// and cannot be understood counts as a failure of that contactor.
    /// - Parameter log: Gets what could not be read.
    /// - Returns: The newest reading of each meter; none at the first start of a boot.
    public mutating func load(_ log: (LogRecord) -> Void) -> [MeterReading] {
        var problems: [String] = []
        do {
            let content = try JSON.parse(try file.read(from: .handedIn))
            if let boot = content["boot"]?.asString {
                guard boot == self.boot else { return [] }
            } else {
                problems.append("it does not say of which boot it is")
            }
            if problems.isEmpty {
                readings = Self.entries("readings", of: content, &problems)
                vehicles = Self.entries("vehicles", of: content, &problems)
                latches = Self.entries("latches", of: content, &problems) { entry in
                    entry["connectorId"]?.asInt.map(OutletLatches.unknown)
                }
            }
        } catch let error as SmallFileError where error.isAbsence {
            return []  // The first start of this boot.
        } catch {
            problems = ["\(error)"]
        }
        if !problems.isEmpty {
            let message = "readings, EVs or faults of before are not known"
            log(LogRecord(.warning, message, .init("problem", problems.joined(separator: "; "))))
        }
        return readings
    }

    /// Those of one list that can be understood; without it, a version wrote the file that did not keep them.
    private static func entries<Entry: Decodable>(
        _ name: String,
        of content: JSONValue,
        _ problems: inout [String],
        otherwise: (JSONValue) -> Entry? = { _ in nil }
    ) -> [Entry] {
        guard let list = content[name] else { return [] }
        guard let elements = list.asArray else {
            problems.append("\(name) is no list")
            return []
        }
        return elements.compactMap { element in
            do throws(DecodingError) {
                return try JSON.decode(Entry.self, from: element, root: name)
            } catch {
                problems.append("\(error)")
                return otherwise(element)
            }
        }
    }

    /// Puts a reading in place of the one of the same meter.
    /// - Returns: What to log: a problem is said once, until there is none.
    public mutating func remember(_ reading: MeterReading) -> LogRecord? {
        readings.removeAll { $0.connectorId == reading.connectorId }
        readings.append(reading)
        return write()
    }

    /// Puts what was seen of an EV in place of what was seen at the same connector before.
    /// - Returns: What to log: a problem is said once, until there is none.
    public mutating func remember(_ vehicle: VehicleSight) -> LogRecord? {
        vehicles.removeAll { $0.connectorId == vehicle.connectorId }
        vehicles.append(vehicle)
        return write()
    }

    /// Puts what is latched at a connector in place of what was latched there before.
    /// - Returns: What to log: a problem is said once, until there is none.
    public mutating func remember(_ outlet: OutletLatches) -> LogRecord? {
        latches.removeAll { $0.connectorId == outlet.connectorId }
        latches.append(outlet)
        return write()
    }

    private mutating func write() -> LogRecord? {
        do {
            let bytes = try JSON.encode(Content(boot: boot, readings: readings, vehicles: vehicles, latches: latches))
            try file.replace(with: bytes, access: .init(mode: 0o600), folder: .init(mode: 0o700))
            isFailing = false
            return nil
        } catch {
            defer { isFailing = true }
            let words =
                "readings, EVs and latched faults are not remembered: a restart would miss a register that jumps, take an EV for another one, and know of a fault only what the disk has"
            return isFailing ? nil : LogRecord(.error, words, .init("problem", "\(error)"))
        }
    }
}
