/// Frames as they are written (ZMTP 3.0, "Framing").
public enum ZMTPFrame {
    static let more: UInt8 = 1
    static let long: UInt8 = 2
    static let command: UInt8 = 4
    /// Longest body whose size takes one byte.
    static let longestShort = 255

    /// A whole message as it goes over the wire, for any number of connections.
    /// - Parameter parts: At least one.
    /// - Returns: Its frames, one after the other.
    public static func message(_ parts: [[UInt8]]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(parts.reduce(0) { $0 + $1.count + 9 })
        for (index, part) in parts.enumerated() {
            append(part, flags: index + 1 < parts.count ? more : 0, to: &bytes)
        }
        return bytes
    }

    /// A command: its name with a size before it, and its data.
    static func command(_ name: String, _ data: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        append([UInt8(truncatingIfNeeded: name.utf8.count)] + Array(name.utf8) + data, flags: command, to: &bytes)
        return bytes
    }

    private static func append(_ body: [UInt8], flags: UInt8, to bytes: inout [UInt8]) {
        if body.count <= longestShort {
            bytes += [flags, UInt8(body.count)]
        } else {
            bytes.append(flags | long)
            for shift in stride(from: 56, through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: body.count >> shift))
            }
        }
        bytes += body
    }
}
