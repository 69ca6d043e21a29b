internal import Primitives

/// Cuts what a modem sends into lines (ITU-T V.250 §5.7: CR LF before and after each), and recognizes the prompt, which ends with neither.
struct ATLineReader: Equatable, Sendable {
    enum Item: Equatable, Sendable {
        /// Not empty, without control characters, without blanks around it.
        case line(String)
        /// `> ` at the start of a line (3GPP TS 27.005 §3.5.1): the modem waits for a text.
        case prompt
        /// A line above the limit, which is thrown away: noise, or data of a call on the port for commands.
        case overlong
    }

    /// The longest line that any answer of interest has is a tenth of this.
    static let maximumBytes = 1024

    private var bytes: [UInt8] = []
    private var isOverlong = false

    mutating func take(_ received: [UInt8]) -> [Item] {
        var items: [Item] = []
        for byte in received {
            switch byte {
            case 0x0D, 0x0A: finish(into: &items)
            // Control characters come from break conditions and power-up; they mean nothing anywhere in an answer.
            case 0x00..<0x20, 0x7F: continue
            default:
                guard bytes.count < Self.maximumBytes else {
                    isOverlong = true
                    continue
                }
                bytes.append(byte)
                if bytes == [0x3E, 0x20] {
                    bytes.removeAll(keepingCapacity: true)
                    items.append(.prompt)
                }
            }
        }
        return items
    }

    mutating func clear() {
        bytes.removeAll(keepingCapacity: true)
        isOverlong = false
    }

    private mutating func finish(into items: inout [Item]) {
        defer { clear() }
        guard !isOverlong else {
            items.append(.overlong)
            return
        }
        let text = bytes.drop { $0 == 0x20 }
        guard let last = text.lastIndex(where: { $0 != 0x20 }) else { return }
        // Names that a network gives itself may hold anything.
        items.append(.line(String(decoding: text[...last], as: UTF8.self).withoutSteering))
    }
}
