public import EventLoop
internal import Glibc
internal import Primitives

/// One voltage of a converter that the kernel reads (IIO). See the README of this module: its calls wait for the converter.
public final class AnalogInput {
    /// Added to a raw value.
    public let rawOffset: Int
    /// Nanovolts for each step, above 0: the kernel's scale, which is in millivolts, times a million.
    public let nanovoltsPerStep: Int

    private let descriptor: Int32
    private let path: String

    /// Finds the converter, and learns what its values mean.
    /// - Parameters:
    ///   - device: Its name in IIO (`ads1015`) or that of the device that it belongs to (`0-0048`).
    ///   - channel: Number of the voltage.
    ///   - system: Where sysfs is.
    /// - Throws: `SystemError`: `ENOENT` when there is no such converter or no such voltage, `ERANGE` when its scale is none.
    public init(device: String, channel: Int, system: String = "/sys") throws(SystemError) {
        let folder = try Self.find(device, system)
        let offset = try Self.value(folder, channel, "offset")
        let scale = try Self.value(folder, channel, "scale") ?? 1_000_000
        guard scale > 0 else { throw SystemError(code: ERANGE, operation: "learn the scale of \(folder)") }
        rawOffset = (offset ?? 0) / 1_000_000
        nanovoltsPerStep = scale
        path = "\(folder)/in_voltage\(channel)_raw"
        descriptor = try Attribute(path: path).open(O_RDONLY)
    }

    deinit { close(descriptor) }

    /// One sample, in steps of the converter.
    /// - Throws: `SystemError` when the converter does not answer.
    public func read() throws(SystemError) -> Int {
        let text = try Attribute.read(descriptor, path)
        guard let value = Int(text) else { throw SystemError(code: EIO, operation: "read \(path)") }
        return value
    }

    /// Millivolts of a raw value; the nearest of ±1000 V.
    public func millivolts(raw: Int) -> Int {
        let steps = Int128(raw) + Int128(rawOffset)
        let millivolts = steps * Int128(nanovoltsPerStep) / 1_000_000
        return Int(millivolts.clamped(to: -1_000_000...1_000_000))
    }

    private static func find(_ device: String, _ system: String) throws(SystemError) -> String {
        let root = system + "/bus/iio/devices"
        for name in AttributeFolder(path: root).names(beginningWith: "iio:device") {
            let path = "\(root)/\(name)"
            // One that goes while it is looked at is none.
            let label = (try? Attribute(path: path + "/name").read()) ?? ""
            if label == device || AttributeFolder(path: path).resolved?.parent.lastPart == device { return path }
        }
        throw SystemError(code: ENOENT, operation: "find the converter \(device)")
    }

    /// Of the voltage itself, or of all of the converter, in millionths; nil where neither is told.
    private static func value(_ folder: String, _ channel: Int, _ kind: String) throws(SystemError) -> Int? {
        for name in ["in_voltage\(channel)_\(kind)", "in_voltage_\(kind)"] {
            let attribute = Attribute(path: "\(folder)/\(name)")
            guard attribute.isThere else { continue }
            guard let millionths = millionths(try attribute.read()) else {
                throw SystemError(code: ERANGE, operation: "understand \(attribute.path)")
            }
            return millionths
        }
        return nil
    }

    /// `0.439453125` as 439453.
    static func millionths(_ text: String) -> Int? {
        let isNegative = text.hasPrefix("-")
        let parts = text.drop { $0 == "-" }.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let whole = Int(parts[0]), (0...1_000_000_000).contains(whole) else {
            return nil
        }
        let digits = parts.count == 2 ? parts[1].prefix(6) : ""
        guard digits.allSatisfy({ $0.isASCII && $0.isNumber }) else { return nil }
        let fraction = Int(digits + String(repeating: "0", count: 6 - digits.count)) ?? 0
        return (whole * 1_000_000 + fraction) * (isNegative ? -1 : 1)
    }
}
