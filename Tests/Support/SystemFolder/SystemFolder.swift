import Foundation
import Glibc
import TemporaryFolder

/// A folder that looks like sysfs, as far as PWM and converters are concerned. What the kernel does with a write is not in it.
public final class SystemFolder {
    let folder: TemporaryFolder
    public var path: String { folder.path }

    public init() throws {
        folder = try TemporaryFolder()
        for name in ["class/pwm", "bus/iio/devices", "devices"] { try makeFolder(name) }
    }

    /// With the folders that it is in.
    public func makeFolder(_ name: String) throws {
        try FileManager.default.createDirectory(atPath: folder.file(name), withIntermediateDirectories: true)
    }

    /// Replaces what a file says, in place and at once: whoever has it open reads it anew, and never finds it empty, as no attribute of the
    /// kernel is.
    public func write(_ text: String, to name: String) throws {
        let path = folder.file(name)
        let before = (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
        let bytes = Array(text.utf8) + Array(repeating: UInt8(ascii: "\n"), count: max(0, before - text.utf8.count))
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw CocoaError(.fileNoSuchFile) }
        defer { close(descriptor) }
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count else { throw CocoaError(.fileWriteUnknown) }
    }

    /// What a file says, without the ends of its lines.
    public func text(_ name: String) throws -> String {
        String(decoding: try folder.read(name), as: UTF8.self).trimmingCharacters(in: .newlines)
    }

    private func link(_ name: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(
            atPath: folder.file(name),
            withDestinationPath: folder.file(target)
        )
    }

    /// Puts in the place of a file one that keeps who opens it to write waiting, until somebody reads it.
    public func makePipe(_ name: String) throws {
        try folder.remove(name)
        guard mkfifo(folder.file(name), 0o644) == 0 else { throw CocoaError(.fileWriteUnknown) }
    }

    /// Takes a file or a folder away.
    public func remove(_ name: String) throws { try folder.remove(name) }

    /// A chip with one output that is in use already.
    public func addChip(_ number: Int, device: String) throws {
        let chip = "devices/\(device)/pwm/pwmchip\(number)"
        try makeFolder("\(chip)/pwm0")
        for name in ["export", "pwm0/enable", "pwm0/period", "pwm0/duty_cycle", "pwm0/polarity"] {
            try write(name == "export" ? "" : "0", to: "\(chip)/\(name)")
        }
        try link("\(chip)/device", to: "devices/\(device)")
        try link("class/pwm/pwmchip\(number)", to: chip)
    }

    /// A converter with these attributes.
    public func addConverter(_ number: Int, name: String, device: String, _ attributes: [String: String]) throws {
        let converter = "devices/\(device)/iio:device\(number)"
        try makeFolder(converter)
        try write("\(name)\n", to: "\(converter)/name")
        for (attribute, text) in attributes { try write("\(text)\n", to: "\(converter)/\(attribute)") }
        try link("bus/iio/devices/iio:device\(number)", to: converter)
    }
}
